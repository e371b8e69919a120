"""Runs programs that end when we do: mongod for devdb, and for `python -m devdb run` the service beside it.

A watchdog, which is this same file run as a script, starts each program and holds one end of a socket. When
the other end closes, because we died in whatever way, it ends the program. It must be up within milliseconds,
so nothing beyond the standard library is imported at the top.
"""

import argparse
import ctypes
import fcntl
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from devdb import ReplicaSet

GRACE = 15.0  # seconds between asking a program to end and ending it
WATCHDOG = "watchdog"
MEMORY, ROOM = Path("/dev/shm"), 6 * 2**30  # bytes that must be free for all databases of a test run
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


def main(arguments: Sequence[str]) -> int:
    """Do what `python -m devdb` was asked for and return its exit code."""
    import devdb
    from core.config.settings import ConfigError

    parser = argparse.ArgumentParser(prog="python -m devdb", description="MongoDB for development.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    runs = verbs.add_parser("run", usage="python -m devdb run [--data FOLDER] -- COMMAND [ARGUMENT ...]")
    runs.add_argument("--data", type=Path, default=Path("var/mongo"), metavar="FOLDER")
    starts = verbs.add_parser("start", help="run a set until Ctrl-C")
    starts.add_argument("--data", type=Path, metavar="FOLDER")
    starts.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options, command = parser.parse_args(arguments[:split]), arguments[split + 1 :]
    if options.verb == "run" and not command:
        runs.error("a COMMAND is needed after --")
    try:
        return run(command, options.data) if options.verb == "run" else start(options.nodes, options.data)
    except (devdb.MongodMissing, devdb.NotReady, FolderInUse) as reason:
        print(f"devdb: {reason}", file=sys.stderr)
        return 1
    except ConfigError as problems:
        print(problems, file=sys.stderr)
        return 2


def run(command: Sequence[str], data: Path) -> int:
    """Run the service with a database and keys; return its exit code, or 0 when a signal to us ended it."""
    import devdb
    from core.config.settings import environment, from_env

    stops, settings = _Stops(), environment()
    with ExitStack() as stack:
        database = None
        if not settings.get("MONGODB_URI", "").strip():
            database = stack.enter_context(devdb.start(data=data))
            settings["MONGODB_URI"] = database.uri
        settings |= _keys(settings, data.parent)
        from_env(settings)
        _say(f"Service: http://127.0.0.1:{settings.get('PORT') or 8000} (its documentation: /api/docs)")
        _say("Database: " + re.sub("//[^/]*@", "//***@", settings["MONGODB_URI"]))
        stops.child = child = Watched(command, environment=settings)
        stack.callback(child.stop)
        return _supervise(child, database, stops)


def start(nodes: int, data: Path | None) -> int:
    """Run a replica set until a signal comes."""
    import devdb

    for number in STOPS:
        signal.signal(number, _leave)
    with devdb.start(nodes, data) as replica_set:
        _say(f"Database: {replica_set.uri}")
        while replica_set.alive():
            time.sleep(0.1)
        _say("A mongod ended by itself.")
    return 1


class FolderInUse(RuntimeError):
    """Another process runs a database in this folder."""


def temporary_folder(*, in_memory: bool) -> Path:
    """Return a new folder; one `in_memory` waits for no disk, if there is room for it, and else is like the others."""
    import tempfile

    room = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    has_room = os.access(MEMORY, os.W_OK) and min(room, shutil.disk_usage(MEMORY).free) >= ROOM
    return Path(tempfile.mkdtemp(prefix="devdb-", dir=MEMORY if in_memory and has_room else None))


def lock(folder: Path) -> IO[str]:
    """Make the folder ours until the answer is closed, or this process ends; refuse when it is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    held = (folder / "lock").open("a")
    os.register_at_fork(after_in_child=held.close)  # A forked process that lives on would hold it after us.
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        holder = (folder / "lock").read_text()
        raise FolderInUse(f"Process {holder} runs the database in {folder}; stop that one first.") from None
    (folder / "lock").write_text(str(os.getpid()))
    return held


class Watched:
    """A program that runs in a session of its own, out of Ctrl-C's reach, and ends when this process does.

    `output` takes what it prints; `discard` is a folder to delete in case this process dies first.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        output: IO[bytes] | None = None,
        environment: Mapping[str, str] | None = None,
        discard: Path | None = None,
    ) -> None:
        self._line, theirs = socket.socketpair()
        # A forked process that keeps our end open would keep the program alive after us.
        os.register_at_fork(after_in_child=self._line.close)
        script = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), WATCHDOG, str(discard or "")]
        with theirs:
            self._watchdog: subprocess.Popen[bytes] = subprocess.Popen(
                [*script, *command],
                stdin=theirs.fileno(),
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )

    def poll(self) -> int | None:
        """Return None while the program runs, then its exit code, or 128 + the signal that ended it."""
        return self._watchdog.poll()

    def signal(self, number: int) -> None:
        """Send a signal, and return when it has been sent; a program that has ended takes no notice."""
        with suppress(OSError):
            self._line.sendall(bytes([number]))
            self._line.recv(1)

    def end(self, seconds: float = GRACE) -> None:
        """Wait so long for the program to end, then end it."""
        try:
            self._watchdog.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._watchdog.wait()
        self._line.close()

    def stop(self) -> None:
        """Ask the program to end, and see to it that it does."""
        self.signal(signal.SIGTERM)
        self.end()


class _Stops:
    """Passes the wish to stop on to the child as SIGTERM: the first of any kind, then every Ctrl-C."""

    def __init__(self) -> None:
        self.child: Watched | None = None
        self.asked = False
        for number in STOPS:
            signal.signal(number, self._heard)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.child is None:
            raise SystemExit(128 + number)
        if number == signal.SIGINT or not self.asked:
            self.asked = True
            self.child.signal(signal.SIGTERM)


def _supervise(child: Watched, database: "ReplicaSet | None", stops: _Stops) -> int:
    while (code := child.poll()) is None:
        if database is not None and not database.alive():
            _say(f"The database ended by itself, so the service is stopped; see {database.nodes[0].log}.")
            return 1
        time.sleep(0.1)
    return 0 if stops.asked and code == 128 + signal.SIGTERM else code


def _keys(settings: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the keys that are not set, the same for a folder each time; only the admin's may be seen."""
    missing = [name for name in ("ADMIN_KEY", "SECRET_KEY") if not settings.get(name, "").strip()]
    keys = {name: _kept_key(folder / name.lower()) for name in missing}
    if "ADMIN_KEY" in keys:
        _say(f"Admin key (header X-Admin-Key): {keys['ADMIN_KEY']}")
    return keys


def _kept_key(path: Path) -> str:
    if path.exists() and (kept := path.read_text().strip()):
        return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(made := secrets.token_urlsafe(24))
    return made


def _say(line: str) -> None:
    with suppress(OSError):  # The terminal may have been closed.
        print(line, flush=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _watchdog(discard: str, command: Sequence[str]) -> None:
    """Run the program, obey our starter, and end with the program's exit code."""
    try:
        program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - there is no second thread yet
        )
    except OSError as reason:
        print(f"devdb: {command[0]} cannot be run: {reason.strerror}.", file=sys.stderr, flush=True)
        os._exit(127)
    orphaned = threading.Event()
    threading.Thread(target=_obey, args=(program, orphaned), daemon=True).start()
    code = program.wait()
    if discard and orphaned.is_set():
        shutil.rmtree(discard, ignore_errors=True)
        with suppress(OSError):  # Its siblings are not gone yet; the last one takes the folder along.
            (Path(discard).parent / "lock").unlink(missing_ok=True)
            Path(discard).parent.rmdir()
    # The thread that waits for orders would make an ordinary exit wait for ever.
    os._exit(code if code >= 0 else 128 - code)


def _obey(program: "subprocess.Popen[bytes]", orphaned: threading.Event) -> None:
    with suppress(OSError):
        while order := os.read(0, 1):
            _send(program, order[0])
            os.write(0, b".")
    orphaned.set()
    _send(program, signal.SIGTERM)
    _send(program, signal.SIGCONT)  # A paused program does not hear the other one.
    time.sleep(GRACE)
    _send(program, signal.SIGKILL)


def _send(program: "subprocess.Popen[bytes]", number: int) -> None:
    """Send a signal to the program; the last of all signals goes to what it started as well."""
    with suppress(ProcessLookupError):
        if number == signal.SIGKILL:
            os.killpg(program.pid, number)
        else:
            program.send_signal(number)


def _end_with_parent() -> None:
    """Let Linux end the program when the watchdog is killed; elsewhere nothing does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


if __name__ == "__main__":
    _watchdog(sys.argv[2], sys.argv[3:])
