"""Watchdog process: runs one program and ends it when the process that started the watchdog dies.

`SupervisedProcess` runs this file as a script. It imports only the standard library, so that it starts
within milliseconds. Standard input is a socket: one byte is the number of a signal for the program, and the
end of the stream means that the parent has died.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

SHUTDOWN_TIMEOUT = 15.0  # seconds between SIGTERM and SIGKILL
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


def main(discard: str, command: Sequence[str]) -> None:
    """Run the program, forward signals to it, and end with its exit code."""
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
    threading.Thread(target=_handle_commands, args=(program, orphaned), daemon=True).start()
    code = program.wait()
    if discard and orphaned.is_set():
        _remove_folder(Path(discard))
    # An ordinary exit would wait forever for the thread that reads commands.
    os._exit(code if code >= 0 else 128 - code)


def _handle_commands(program: "subprocess.Popen[bytes]", orphaned: threading.Event) -> None:
    """Forward signals until the parent dies, and then end the program."""
    with suppress(OSError):
        while command := os.read(0, 1):
            _send(program, command[0])
            os.write(0, b".")
    orphaned.set()
    _send(program, signal.SIGTERM)
    _send(program, signal.SIGCONT)  # A paused program does not receive SIGTERM.
    time.sleep(SHUTDOWN_TIMEOUT)
    _send(program, signal.SIGKILL)


def _send(program: "subprocess.Popen[bytes]", number: int) -> None:
    """Send a signal to the program; SIGKILL goes to its whole process group."""
    with suppress(ProcessLookupError):
        if number == signal.SIGKILL:
            os.killpg(program.pid, number)
        else:
            program.send_signal(number)


def _remove_folder(folder: Path) -> None:
    """Remove a node's folder; the last node of a replica set removes the parent folder too."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # Folders of other nodes may still exist.
        (folder.parent / "lock").unlink(missing_ok=True)
        folder.parent.rmdir()


def _end_with_parent() -> None:
    """Let Linux end the program when the watchdog is killed; other systems have no such signal."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
