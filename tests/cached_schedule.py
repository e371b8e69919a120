"""The default schedule, loaded once for all applications of a run: loading it is half of what an application costs."""

from __future__ import annotations

import functools
from pathlib import Path

import app
import wiring
from core.config.settings import ROOT
from schedules import schedule_file
from schedules.model import Schedule

DEFAULT = ROOT / "schedules" / "march_2026.toml"


@functools.cache
def _default() -> Schedule:
    return schedule_file.load(DEFAULT)


def load(path: Path) -> Schedule:
    """Return the schedule at `path`; only that of this repository is cached, as tests write the others."""
    if path == DEFAULT:
        return _default()
    return schedule_file.load(path)


class _CachedFile:
    """Stands for the module `schedule_file` where an application is built."""

    load = staticmethod(load)


def install() -> None:
    """Let applications of this process share the default schedule and the version of the product."""
    vars(wiring)["schedule_file"] = _CachedFile
    vars(app)["_version"] = functools.cache(app._version)
