"""Preflight checks: port, writable folder and free disk space, before anything is started."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from pathlib import Path

from devdb.errors import SetupError

MEGABYTE = 2**20


def require_free_port(host: str, port: int) -> None:
    """Raise SetupError if the service cannot listen on this port."""
    try:
        _bind(host.strip("[]"), port)
    except (socket.gaierror, UnicodeError):
        raise SetupError(f"HOST is {host}, which is not an address of this machine.") from None
    except OSError as error:
        raise SetupError(_port_sentence(host, port, error)) from None


def require_writable(folder: Path) -> None:
    """Raise SetupError if no file can be written to the folder, or to the one where it would be created."""
    nearest = _nearest_folder(folder)
    try:
        with tempfile.TemporaryFile(dir=nearest) as file:
            file.write(b"\0" * 4096)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SetupError(f"The disk of {nearest} is full.") from None
        raise SetupError(f"{nearest} cannot be written to: {os.strerror(error.errno or 0)}.") from None


def require_space(folder: Path, megabytes: int) -> None:
    """Raise SetupError if the disk of the folder has less free space."""
    nearest = _nearest_folder(folder)
    free = shutil.disk_usage(nearest).free // MEGABYTE
    if free < megabytes:
        raise SetupError(f"The disk of {nearest} is full: {free} MB are free, {megabytes} MB are needed.")


def require_temporary_folder() -> None:
    """Raise SetupError if there is no temporary folder that can be written to."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise SetupError("No temporary folder can be written to. Set TMPDIR to a folder with free space.") from None


def _bind(host: str, port: int) -> None:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family) as probe:
        # gunicorn sets this option too; connections that ended lately do not occupy the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen()


def _port_sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use by another program. Stop it, or set another PORT."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST is {host}, which is not an address of this machine."
    return f"The service cannot listen on port {port} of {host}: {error.strerror}."


def _nearest_folder(folder: Path) -> Path:
    """Return the folder itself, or its nearest parent that exists."""
    folder = folder.absolute()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder
