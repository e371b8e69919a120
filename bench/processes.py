"""Process inspection through Linux's /proc: port owners, process trees, memory and CPU time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"  # the TCP state in /proc/net/tcp
KIB_PER_MIB = 1024

# Nanoseconds on a CPU, by process id and thread id.
ThreadTimes = Mapping[tuple[int, int], int]


def service_processes(port: int, proc: Path = PROC) -> set[int]:
    """Return the ids of the processes that listen on a local TCP port, and of all their descendants."""
    return with_descendants(listening_processes(port, proc), parents(proc))


def worker_processes(port: int, proc: Path = PROC) -> set[int]:
    """Return those processes of the service on `port` that have no child process."""
    parent_of = parents(proc)
    found = with_descendants(listening_processes(port, proc), parent_of)
    return found - {parent_of.get(pid) for pid in found}


def listening_processes(port: int, proc: Path = PROC) -> set[int]:
    """Return the ids of the processes that hold the listening IPv4 socket of `port`."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    return {pid for pid in _process_ids(proc) if sockets.intersection(_open_files(proc / str(pid)))}


def with_descendants(roots: Iterable[int], parent_of: Mapping[int, int]) -> set[int]:
    """Return `roots` with their children, grandchildren and so on."""
    found = set(roots)
    size = -1
    while size != len(found):
        size = len(found)
        found.update(pid for pid, parent in parent_of.items() if parent in found)
    return found


def parents(proc: Path = PROC) -> dict[int, int]:
    """Return the parent's id of every process."""
    parent_of: dict[int, int] = {}
    for pid in _process_ids(proc):
        with suppress(OSError):  # The process may have ended.
            # The command's name, in parentheses, may contain spaces and parentheses itself.
            fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
            parent_of[pid] = int(fields[1])
    return parent_of


def resident_mib(pid: int, proc: Path = PROC) -> float:
    """Return the resident memory of a process in MiB."""
    status = (proc / str(pid) / "status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / KIB_PER_MIB


def proportional_mib(pid: int, proc: Path = PROC) -> float:
    """Return the memory of a process in MiB, where each shared page counts in equal parts for its processes (PSS)."""
    rollup = (proc / str(pid) / "smaps_rollup").read_text()
    return int(rollup.partition("\nPss:")[2].split()[0]) / KIB_PER_MIB


def thread_times(pids: Iterable[int], proc: Path = PROC) -> dict[tuple[int, int], int]:
    """Return the CPU time of every live thread of the processes, in nanoseconds."""
    times: dict[tuple[int, int], int] = {}
    for pid in pids:
        for file in (proc / str(pid) / "task").glob("*/schedstat"):
            with suppress(OSError):  # The thread may have ended.
                times[pid, int(file.parent.name)] = int(file.read_text().split()[0])
    return times


def cpu_milliseconds(before: ThreadTimes, after: ThreadTimes) -> float:
    """Return the CPU time between two samples; a thread that ended before the second one counts nothing."""
    # A new thread may have the id of an ended one, and less time than it.
    nanoseconds = sum(max(time - before.get(thread, 0), 0) for thread, time in after.items())
    return nanoseconds / 1e6


def _listening_inodes(port: int, proc: Path) -> Iterator[str]:
    try:
        lines = (proc / "net/tcp").read_text().splitlines()[1:]
    except OSError:
        return
    for fields in map(str.split, lines):
        if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
            yield fields[9]


def _process_ids(proc: Path) -> Iterator[int]:
    return (int(folder.name) for folder in proc.glob("[0-9]*"))


def _open_files(process: Path) -> set[str]:
    names: set[str] = set()
    with suppress(OSError):  # The process may have ended, or belong to another user.
        for link in (process / "fd").iterdir():
            with suppress(OSError):
                names.add(str(link.readlink()))
    return names
