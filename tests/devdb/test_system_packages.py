"""Debian packages: what is missing, who installs it, and the command to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from devdb.errors import SetupError
from devdb.system_packages import Missing, install_packages, missing_libraries, missing_program

CURL = Missing("mongod", "libcurl.so.4", "libcurl4")
CHROMIUM = Missing("a browser test", "chromium", "chromium")
UNKNOWN = Missing("mongod", "libfoo.so.1", "")
COMMAND = "Type as root: apt-get update && apt-get install -y"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(file: Path, script: str = "") -> None:
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_missing_libraries_are_those_that_ldd_does_not_find(tools: Path) -> None:
    lines = ("libcurl.so.4 => not found", "libc.so.6 => /lib/libc.so.6 (0x7)", "libfoo.so.1 => not found")
    program(tools / "ldd", "\n".join(f"echo '\t{line}'" for line in lines))

    assert missing_libraries("mongod", Path("/bin/true")) == [CURL, UNKNOWN]


def test_missing_libraries_of_a_whole_program_are_none() -> None:
    assert missing_libraries("sh", Path("/bin/sh")) == []


def test_machine_without_ldd_lacks_no_library(tools: Path) -> None:
    assert missing_libraries("mongod", tools / "mongod") == []


def test_missing_program_is_one_that_is_not_on_the_path(tools: Path) -> None:
    assert missing_program("a browser test", "chromium") == [CHROMIUM]
    program(tools / "chromium")
    assert missing_program("a browser test", "chromium") == []


@pytest.mark.parametrize(
    ("user", "has_apt", "missing", "sentence"),
    [
        (1000, True, [CURL], f"mongod needs libcurl.so.4, which this machine lacks. {COMMAND} libcurl4"),
        (0, False, [CURL], f"mongod needs libcurl.so.4, which this machine lacks. {COMMAND} libcurl4"),
        (
            1000,
            True,
            [CURL, CHROMIUM],
            "mongod needs libcurl.so.4, a browser test needs chromium, which this machine lacks. "
            f"{COMMAND} chromium libcurl4",
        ),
        (
            0,
            True,
            [UNKNOWN],
            "mongod needs libfoo.so.1, which this machine lacks; no Debian package with it is known.",
        ),
    ],
)
def test_packages_without_root_or_apt_are_refused_with_the_command(
    tools: Path, monkeypatch: pytest.MonkeyPatch, user: int, has_apt: bool, missing: list[Missing], sentence: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    if has_apt:
        program(tools / "apt-get", f"echo called >{tools}/called")

    with pytest.raises(SetupError) as refusal:
        install_packages(missing)

    assert str(refusal.value) == sentence
    assert not (tools / "called").exists()


def test_packages_are_installed_by_root_with_one_line(
    tools: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    program(tools / "apt-get", f'echo "$DEBIAN_FRONTEND $@" >>{tools}/calls; echo noise; echo noise >&2')

    install_packages([CHROMIUM, CURL])

    assert (tools / "calls").read_text().splitlines() == [
        "noninteractive -qq update",
        "noninteractive -qq install -y chromium libcurl4",
    ]
    line = "Installing Debian packages: chromium libcurl4 (a browser test needs chromium, mongod needs libcurl.so.4).\n"
    assert capsys.readouterr() == (line, "")


def test_packages_that_apt_cannot_install_are_refused_with_its_words(
    tools: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    program(tools / "apt-get", 'test "$2" = update || { echo "E: no space" >&2; exit 100; }')

    with pytest.raises(SetupError, match=f"^apt-get install failed. mongod needs .* {COMMAND} libcurl4$"):
        install_packages([CURL])

    assert "E: no space" in capsys.readouterr().err


def test_no_missing_package_asks_no_one(tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install_packages([])

    assert capsys.readouterr() == ("", "")
