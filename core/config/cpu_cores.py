"""CPU cores that this process may use: its affinity mask and the CPU quotas of its cgroups, versions 1 and 2."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

NO_QUOTA = ("max", "-1")


def available_cores(root: Path = Path("/")) -> int:
    """Return the number of cores, at least 1; a fraction of a core in a quota counts as a whole one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([cores, *(math.ceil(quota) for quota in _quotas(root))])


def _quotas(root: Path) -> Iterator[float]:
    """Yield every CPU quota, in cores, of this process's cgroups and their parents."""
    for folder in _cgroup_folders(root):
        words = _words(folder / "cpu.max")  # version 2
        if not words:
            words = _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")  # version 1
        if len(words) == 2 and words[0] not in NO_QUOTA:
            yield int(words[0]) / int(words[1])


def _cgroup_folders(root: Path) -> Iterator[Path]:
    """Yield the folders of the cgroups that may limit the CPU; in a container some of them do not exist."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / controllers
        folder = mount / path.strip("/")
        yield from (each for each in (folder, *folder.parents) if each.is_relative_to(mount))


def _words(file: Path) -> list[str]:
    return [word for line in _lines(file) for word in line.split()]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
