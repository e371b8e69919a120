"""Pictures that README.md shows; git has no other screenshots."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parent.parent.parent / "README.md"
PICTURE = re.compile(r"\(docs/screenshots/([\w.-]+\.png)\)")


def readme_pictures() -> list[str]:
    """Return the names of the pictures."""
    return PICTURE.findall(README.read_text())
