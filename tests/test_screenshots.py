"""Pictures of README.md: git has them and no others, and they are small."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.readme_pictures import readme_pictures

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"
MAX_BYTES = 150_000


def test_pictures_of_the_readme_are_those_that_git_keeps() -> None:
    ignored = (FOLDER / ".gitignore").read_text()

    assert ignored.splitlines()[1:3] == ["*", "!.gitignore"]
    assert sorted(readme_pictures()) == sorted(re.findall(r"^!(.+[.]png)$", ignored, re.MULTILINE))


def test_pictures_of_the_readme_are_small() -> None:
    sizes = {name: (FOLDER / name).stat().st_size for name in readme_pictures()}

    assert {name: size for name, size in sizes.items() if size > MAX_BYTES} == {}
