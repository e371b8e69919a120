"""Checkout of a commit: a real repository with two commits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.git_worktree import CheckoutFailed, checked_out

AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


def git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *AUTHOR, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits with different modules, and a change that is not committed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "old.py").write_text("first\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    git(folder, "mv", "old.py", "new.py")
    git(folder, "commit", "-qm", "second")
    (folder / "new.py").write_text("not committed\n")
    return folder


def test_checkout_has_the_files_of_the_commit(repository: Path, tmp_path: Path) -> None:
    with checked_out(repository, "HEAD~1", tmp_path / "commit") as checkout:
        files = sorted(file.name for file in checkout.folder.glob("*.py"))

        assert files == ["old.py"]
        assert checkout.commit == git(repository, "rev-parse", "HEAD~1")
        assert checkout.commit.startswith(checkout.short_id)


def test_checkout_leaves_the_working_tree_and_is_removed(repository: Path, tmp_path: Path) -> None:
    before = git(repository, "status", "--porcelain")

    with checked_out(repository, "HEAD", tmp_path / "commit") as checkout:
        (checkout.folder / "var").mkdir()  # what a service writes does not prevent the removal
        (checkout.folder / "var/file").write_text("x")

    assert git(repository, "status", "--porcelain") == before != ""
    assert (repository / "new.py").read_text() == "not committed\n"
    assert not (tmp_path / "commit").exists()
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_checkout_is_removed_after_an_exception(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), checked_out(repository, "HEAD", tmp_path / "commit"):
        raise KeyboardInterrupt

    assert not (tmp_path / "commit").exists()
    assert len(git(repository, "worktree", "list").splitlines()) == 1


@pytest.mark.parametrize("ref", ["no-such-branch", "HEAD:old.py", ""])
def test_checkout_of_an_unknown_commit_fails(ref: str, repository: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckoutFailed, match="rev-parse"), checked_out(repository, ref, tmp_path / "commit"):
        pass


def test_checkout_outside_a_repository_fails(tmp_path: Path) -> None:
    with pytest.raises(CheckoutFailed, match="not a git repository"), checked_out(tmp_path, "HEAD", tmp_path / "x"):
        pass
