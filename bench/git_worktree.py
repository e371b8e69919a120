"""Temporary checkout of a commit with `git worktree`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SHORT_ID_LENGTH = 8


class CheckoutFailed(RuntimeError):
    """Git could not check out the commit."""


@dataclass(frozen=True)
class Checkout:
    """A commit's files in a folder of their own, and the interpreter that has its libraries."""

    folder: Path
    commit: str
    python: str = sys.executable

    @property
    def short_id(self) -> str:
        """The first characters of the commit's id."""
        return self.commit[:SHORT_ID_LENGTH]


@contextmanager
def checked_out(repository: Path, ref: str, folder: Path) -> Iterator[Checkout]:
    """Check `ref` out into the new folder `folder`, and remove it at the end.

    The index and the working tree of `repository` do not change. Raises CheckoutFailed.
    """
    commit = _git(repository, "rev-parse", "--verify", f"{ref}^{{commit}}")
    _git(repository, "worktree", "prune")  # An interrupted run may have left the record of a deleted folder.
    _git(repository, "worktree", "add", "--detach", str(folder), commit)
    try:
        yield Checkout(folder, commit)
    finally:
        _git(repository, "worktree", "remove", "--force", str(folder))


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CheckoutFailed(f"`git {arguments[0]}` failed: {error}") from error
    if done.returncode != 0:
        raise CheckoutFailed(f"`git {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()
