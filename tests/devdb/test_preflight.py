"""Refusals of `devdb run` before anything is started: one sentence each, and exit code 2."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from devdb import preflight
from devdb.errors import SetupError
from tests.devdb.processes import SERVICE, Spawn, run_command

# Mounts a small or read-only disk over the folder of the first argument, for the program in the others alone.
ON_A_DISK = ("unshare", "--mount", "--map-root-user", "sh", "-c", 'mount -t tmpfs -o "$0" disk "$1"; shift; exec "$@"')
FULL = "size=1m"
READ_ONLY = "ro"


def refusal(run: subprocess.Popen[str]) -> str:
    """Return the only sentence that a command prints, after checking that it printed and started nothing else."""
    output, sentence = run.communicate(timeout=30)
    assert run.returncode == 2, (output, sentence)
    assert output == ""
    assert sentence.count("\n") == 1
    return sentence


def test_run_on_a_taken_port_is_refused_before_anything_is_started(spawn: Spawn, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        run = spawn(*run_command(tmp_path / "mongo", SERVICE), PORT=str(port))

        assert refusal(run) == f"Port {port} of 127.0.0.1 is in use by another program. Stop it, or set another PORT.\n"
    assert not (tmp_path / "mongo").exists()


@pytest.mark.parametrize(
    ("disk", "sentence"),
    [
        (READ_ONLY, "{folder} cannot be written to: Read-only file system.\n"),
        (FULL, "The disk of {folder} is full: 1 MB are free, 400 MB are needed.\n"),
    ],
)
def test_run_in_an_unusable_folder_is_refused_before_anything_is_started(
    spawn: Spawn, tmp_path: Path, disk: str, sentence: str
) -> None:
    run = spawn(*run_command(tmp_path / "mongo", SERVICE), before=(*ON_A_DISK, disk, str(tmp_path)))

    assert refusal(run) == sentence.format(folder=tmp_path)


def test_run_with_a_wrong_setting_starts_no_database(spawn: Spawn, tmp_path: Path) -> None:
    run = spawn(*run_command(tmp_path / "mongo", SERVICE), PORT="many")
    output, problems = run.communicate()

    assert (run.returncode, output) == (2, "")
    assert "PORT must be a whole number" in problems
    assert not (tmp_path / "mongo").exists()


def test_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**arguments: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "x"))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)

    with pytest.raises(SetupError, match=f"^{tmp_path} cannot be written to: Permission denied.$"):
        preflight.require_writable(tmp_path / "not/there/yet")


def test_host_of_another_machine_is_refused() -> None:
    for host in ("192.0.2.1", "no..host"):
        with pytest.raises(SetupError, match=f"HOST is {host}, which is not an address of this machine."):
            preflight.require_free_port(host, 8000)


def test_missing_temporary_folder_is_refused(spawn: Spawn, tmp_path: Path) -> None:
    script = f"import tempfile; tempfile._candidate_tempdir_list = lambda: ['{tmp_path}/none']\n"
    script += "from pathlib import Path; from devdb.__main__ import main; raise SystemExit(main(['run', '--', 'true']))"
    run = spawn("-c", script)

    assert refusal(run) == "No temporary folder can be written to. Set TMPDIR to a folder with free space.\n"


def test_unreadable_key_is_refused_with_one_sentence(spawn: Spawn, tmp_path: Path) -> None:
    (tmp_path / "admin_key").mkdir()
    run = spawn(*run_command(tmp_path / "mongo", SERVICE))

    assert refusal(run) == f"{tmp_path}/admin_key: Is a directory.\n"
