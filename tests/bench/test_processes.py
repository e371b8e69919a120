"""Process inspection: a /proc of files, and this machine's own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import processes
from bench.cpu_meter import CpuMeter, CpuPerRequest

LISTENING = "0A"
ESTABLISHED = "01"


def add_process(proc: Path, pid: int, parent: int, *, name: str = "python", sockets: tuple[int, ...] = ()) -> None:
    folder = proc / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "stat").write_text(f"{pid} ({name}) S {parent} {pid} 0")
    for number, inode in enumerate(sockets):
        (folder / "fd" / str(number)).symlink_to(f"socket:[{inode}]")


def add_thread(proc: Path, pid: int, thread: int, nanoseconds: int) -> None:
    folder = proc / str(pid) / "task" / str(thread)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schedstat").write_text(f"{nanoseconds} 777 3\n")


def tcp_row(port: int, state: str, inode: int) -> str:
    return f"   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 {inode} 1"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A master (10) on port 8000 with two workers, a client of that port (50), and another service (60)."""
    (tmp_path / "net").mkdir()
    rows = [tcp_row(8000, LISTENING, 111), tcp_row(8000, ESTABLISHED, 222), tcp_row(9000, LISTENING, 333)]
    (tmp_path / "net/tcp").write_text("\n".join(["  sl  local_address rem_address st", *rows]) + "\n")
    add_process(tmp_path, 10, 1, sockets=(111,))
    add_process(tmp_path, 11, 10, sockets=(111,))
    add_process(tmp_path, 12, 10, name="a (strange) name")
    add_process(tmp_path, 50, 1, sockets=(222,))
    add_process(tmp_path, 60, 1, sockets=(333,))
    (tmp_path / "self").mkdir()
    return tmp_path


def test_service_processes_include_workers_without_the_socket(proc: Path) -> None:
    assert processes.listening_processes(8000, proc) == {10, 11}
    assert processes.service_processes(8000, proc) == {10, 11, 12}


def test_worker_processes_exclude_the_master(proc: Path) -> None:
    assert processes.worker_processes(8000, proc) == {11, 12}
    assert processes.worker_processes(9000, proc) == {60}


def test_service_processes_of_an_unused_port_are_none(proc: Path) -> None:
    assert processes.service_processes(8001, proc) == set()


def test_descendants_include_grandchildren_in_any_order() -> None:
    parent_of = {9: 7, 7: 5, 5: 1, 6: 1, 1: 0}

    assert processes.with_descendants({5}, parent_of) == {5, 7, 9}


def test_thread_times_cover_all_threads_of_the_processes(proc: Path) -> None:
    add_thread(proc, 11, 11, 5_000_000)
    add_thread(proc, 11, 13, 7_000_000)
    add_thread(proc, 12, 12, 1_000_000)
    add_thread(proc, 50, 50, 9_000_000)

    times = processes.thread_times({11, 12, 999}, proc)

    assert times == {(11, 11): 5_000_000, (11, 13): 7_000_000, (12, 12): 1_000_000}


def test_cpu_milliseconds_count_new_threads_and_skip_ended_ones() -> None:
    before = {(1, 1): 4_000_000, (1, 2): 9_000_000, (1, 4): 8_000_000}
    after = {(1, 1): 6_500_000, (1, 3): 1_000_000, (1, 4): 500_000}  # 2 ended, 3 began, 4 is another thread by now

    assert processes.cpu_milliseconds(before, after) == pytest.approx(3.5)


def test_resident_mib_is_read_from_the_status(proc: Path) -> None:
    (proc / "10" / "status").write_text("Name:\tpython\nVmHWM:\t  9999 kB\nVmRSS:\t  2560 kB\nThreads:\t1\n")

    assert processes.resident_mib(10, proc) == 2.5


def test_proportional_mib_is_read_from_the_rollup(proc: Path) -> None:
    rollup = "5500-7ff [rollup]\nRss:\t 9999 kB\nPss:\t 1536 kB\nPss_Dirty:\t 1 kB\n"
    (proc / "10" / "smaps_rollup").write_text(rollup)

    assert processes.proportional_mib(10, proc) == 1.5


def test_proportional_mib_of_this_process_is_at_most_the_resident() -> None:
    assert 0 < processes.proportional_mib(os.getpid()) <= processes.resident_mib(os.getpid()) + 1


def test_service_processes_find_a_real_listener() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        assert os.getpid() in processes.service_processes(listener.getsockname()[1])


def test_cpu_meter_measures_a_busy_process_and_not_an_idle_one() -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    idle = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        time.sleep(0.3)
        meter = CpuMeter.start([busy.pid], [idle.pid])
        time.sleep(0.5)
        cpu = meter.per_request(10)
    finally:
        for process in (busy, idle):
            process.kill()
            process.wait()

    assert cpu.service is not None
    assert cpu.service > 2  # at least 20 ms of 500, on a machine with other work
    assert cpu.mongod is not None
    assert cpu.mongod < cpu.service / 2


def test_cpu_meter_without_requests_or_processes_has_no_value() -> None:
    meter = CpuMeter.start([os.getpid()], [])

    assert meter.per_request(0) == CpuPerRequest(None, None)
    assert meter.per_request(5).mongod is None
