"""Data folders of replica sets: temporary folders and the lock of a folder in use."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

from devdb.errors import FolderInUse

MEMORY_FOLDER = Path("/dev/shm")
MEMORY_NEEDED = 6 * 2**30  # bytes that must be free for all databases of a test run


def temporary_folder(*, in_memory: bool) -> Path:
    """Return a new folder; `in_memory` puts it into memory if enough memory is free."""
    parent = MEMORY_FOLDER if in_memory and _memory_is_free() else None
    return Path(tempfile.mkdtemp(prefix="devdb-", dir=parent))


def lock_folder(folder: Path) -> IO[str]:
    """Lock the folder until the returned file is closed or this process ends; raise FolderInUse if it is locked."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("a")
    os.register_at_fork(after_in_child=lock.close)  # A forked process that lives on would keep the lock.
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        holder = (folder / "lock").read_text()
        raise FolderInUse(f"Process {holder} runs the database in {folder}; stop that one first.") from None
    (folder / "lock").write_text(str(os.getpid()))
    return lock


def _memory_is_free() -> bool:
    if not os.access(MEMORY_FOLDER, os.W_OK):
        return False
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(free, shutil.disk_usage(MEMORY_FOLDER).free) >= MEMORY_NEEDED
