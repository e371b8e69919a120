"""The interpreter of another commit: pinned requirements, their differences, and a failed installation."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from pytest import MonkeyPatch

from bench.commit_python import COMPLETE, REQUIREMENTS, differing, pinned, python_for
from bench.git_worktree import CheckoutFailed

FLASK = f"flask=={version('flask')} \\\n    --hash=sha256:0123\n"


def checkout(folder: Path, requirements: str) -> Path:
    file = folder / REQUIREMENTS
    file.parent.mkdir(parents=True)
    file.write_text(requirements)
    return folder


def test_pinned_requirements_are_read_without_hashes_and_markers() -> None:
    text = f"# a comment\n{FLASK}colorama==0.4 ; sys_platform == 'win32'\nzope.event==6.1\n"

    assert pinned(text) == {"flask": version("flask"), "colorama": "0.4", "zope.event": "6.1"}


def test_differing_names_missing_and_other_versions() -> None:
    wanted = {"flask": version("flask"), "pymongo": "0.1", "no-such-library": "2"}

    assert differing(wanted) == [
        f"pymongo 0.1 instead of {version('pymongo')}",
        "no-such-library 2 instead of none",
    ]


@pytest.mark.parametrize("requirements", [FLASK, ""])
def test_commit_with_the_same_libraries_gets_this_interpreter(requirements: str, tmp_path: Path) -> None:
    assert python_for(checkout(tmp_path, requirements), tmp_path / "environments") == sys.executable
    assert not (tmp_path / "environments").exists()


def test_commit_without_pinned_requirements_gets_this_interpreter(tmp_path: Path) -> None:
    assert python_for(tmp_path) == sys.executable


def test_commit_whose_libraries_cannot_be_installed_is_refused(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    folder = checkout(tmp_path / "commit", "no-such-library==2.0\n")

    with pytest.raises(CheckoutFailed, match=r"requirements could not be installed: .*no-such-library==2.0"):
        python_for(folder, tmp_path / "environments")


def test_installed_environment_is_used_again(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    environments = tmp_path / "environments"
    folder = checkout(tmp_path / "commit", "no-such-library==2.0\n")
    with pytest.raises(CheckoutFailed):
        python_for(folder, environments)
    (environment,) = environments.iterdir()
    (environment / COMPLETE).touch()

    assert python_for(folder, environments) == str(environment / "bin/python")
