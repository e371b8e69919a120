"""Temporary folders of databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from devdb import data_folder


@pytest.mark.parametrize(("needed", "is_in_memory"), [(0, True), (2**60, False)])
def test_temporary_folder_is_in_memory_if_enough_is_free(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, needed: int, is_in_memory: bool
) -> None:
    monkeypatch.setattr(data_folder, "MEMORY_FOLDER", tmp_path)
    monkeypatch.setattr(data_folder, "MEMORY_NEEDED", needed)

    folders = [data_folder.temporary_folder(in_memory=in_memory) for in_memory in (True, False)]

    assert [folder.parent == tmp_path for folder in folders] == [is_in_memory, False]
    for folder in folders:
        folder.rmdir()
