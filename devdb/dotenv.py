"""Reader of `.env` for the time before python-dotenv is installed."""

from __future__ import annotations

import os
import re
from pathlib import Path

LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*['\"]?([^'\"#\s]*)", re.MULTILINE)


def read_settings(file: Path) -> dict[str, str]:
    """Return the process environment over the simple values of a `.env` file, if it exists."""
    values = dict(LINE.findall(file.read_text(encoding="utf-8"))) if file.exists() else {}
    return values | dict(os.environ)
