"""Specifications of the systems under test: commands and environments."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.git_worktree import Checkout
from bench.payment_gateway import api_key, service_settings
from bench.results import EXPRESS, FLASK, NO_DATABASE, SERVICE
from bench.systems import StartupFailed, SystemKind, SystemSpec, Workspace
from core.config.settings import ROOT
from schedules import schedule_file
from schedules.model import PlannedSlot

THOUSAND_SLOTS = ROOT / "bench/schedules/thousand_slots.toml"
EVENT_UNLIMITED = ROOT / "bench/schedules/event_unlimited.toml"
EVENT = ROOT / "schedules/march_2026.toml"
FLASK_FOLDER = ROOT / "bench/peers/flask_peer"
EXPRESS_FOLDER = ROOT / "bench/peers/express_peer"
GUNICORN = ("-m", "gunicorn", "-c", "gunicorn.conf.py")
UNLIMITED_MAIL_RATE = "100000"
UNLIMITED_RATE = "1000000000 per hour"
# A developer's `.env` file must not change how the service sends e-mails. An empty value wins over the file.
UNSET = ("RESEND_API_KEY", "SMTP_URL", "MAIL_FROM", "ADMIN_EMAIL", "PUBLIC_URL", "CORS_ORIGINS")


@dataclass(frozen=True)
class Deployment:
    """A schedule and a number of workers; None: a worker for each core. `key` is unique in a run.

    `mail_api` is the URL of a provider that gets all e-mails without a rate limit.
    """

    key: str
    schedule: Path
    workers: int | None = None
    mail_api: str = ""


def planned_slots(schedule: Path) -> list[PlannedSlot]:
    """Return the slots of a schedule file, in order."""
    return list(schedule_file.load(schedule).slot_by_id.values())


def service_spec(workspace: Workspace, deployment: Deployment) -> SystemSpec:
    """The service of this working tree as it is deployed, with rate limits too high to be reached."""
    environment = _service_environment(workspace, deployment)
    return SystemSpec(deployment.key, SERVICE, SystemKind.SERVICE, (sys.executable, *GUNICORN), environment)


def no_database_spec(workspace: Workspace, deployment: Deployment) -> SystemSpec:
    """The same service with a booking function that writes nothing."""
    environment = _service_environment(workspace, deployment)
    command = (sys.executable, *GUNICORN, "bench.baseline:create_app()")
    return SystemSpec(deployment.key, NO_DATABASE, SystemKind.NO_DATABASE, command, environment)


def commit_spec(workspace: Workspace, deployment: Deployment, checkout: Checkout) -> SystemSpec:
    """The service of another commit, started in its own folder by its own gunicorn.conf.py.

    The benchmark imports nothing of it, so its modules may have any layout.
    """
    environment = _service_environment(workspace, deployment)
    command = ("env", f"--chdir={checkout.folder}", checkout.python, *GUNICORN)
    return SystemSpec(
        deployment.key,
        commit_name(checkout),
        SystemKind.COMMIT,
        command,
        environment,
        checkout.folder,
        checkout.python,
    )


def commit_name(checkout: Checkout) -> str:
    """Return the name of a commit's service in the report."""
    return f"{SERVICE} @ {checkout.short_id}"


def flask_spec(workspace: Workspace) -> SystemSpec:
    """The comparable service in Flask: two processes of eight threads."""
    config = str(FLASK_FOLDER / "gunicorn.conf.py")
    command = (sys.executable, "-m", "gunicorn", "-c", config, "bench.peers.flask_peer.app:create_app()")
    return SystemSpec("flask", FLASK, SystemKind.PEER, command, _base_environment(workspace, "flask"))


def express_spec(workspace: Workspace, workers: int) -> SystemSpec:
    """The comparable service in Express. Installs its libraries if they are missing."""
    if not shutil.which("node"):
        raise StartupFailed("Node is not installed. The Express peer needs Node 20 or newer.")
    if not _has_current_libraries(EXPRESS_FOLDER):
        install = ["npm", "ci", "--omit=dev", "--no-audit", "--no-fund"]
        subprocess.run(install, check=True, cwd=EXPRESS_FOLDER, timeout=300)
    environment = _base_environment(workspace, "express") | {"NODE_ENV": "production", "WORKERS": str(workers)}
    command = ("node", str(EXPRESS_FOLDER / "server.js"))
    return SystemSpec("express", EXPRESS, SystemKind.PEER, command, environment)


def _has_current_libraries(folder: Path) -> bool:
    """Return whether npm has installed the libraries of `folder` since its lock file was changed."""
    installed = folder / "node_modules/.package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime


def _service_environment(workspace: Workspace, deployment: Deployment) -> dict[str, str]:
    return {
        **_base_environment(workspace, deployment.key),
        "HOST": "127.0.0.1",
        "ADMIN_KEY": secrets.token_hex(16),
        "SECRET_KEY": secrets.token_hex(16),
        "RATE_LIMIT_DEFAULT": UNLIMITED_RATE,
        "RATE_LIMIT_BOOKINGS": UNLIMITED_RATE,
        "RATE_LIMIT_LOGIN": UNLIMITED_RATE,
        "RATE_LIMIT_REGISTER": UNLIMITED_RATE,
        "RATE_LIMIT_RESERVE": UNLIMITED_RATE,
        "RATE_LIMIT_ORDERS": UNLIMITED_RATE,
        "RATE_LIMIT_EMAILS": UNLIMITED_RATE,
        "RATE_LIMIT_BOOKING_EMAILS": UNLIMITED_RATE,
        "RATE_LIMIT_STORAGE": "mongodb",
        "TRUSTED_PROXIES": "1",
        "SCHEDULE_FILE": str(deployment.schedule),
        "WEB_CONCURRENCY": str(deployment.workers or os.cpu_count() or 1),
        "MAIL_RATE": "2",
        "LOG_FORMAT": "json",
        **dict.fromkeys(UNSET, ""),
        **(_mail_settings(deployment.mail_api) if deployment.mail_api else {}),
        **(service_settings(workspace.payment_api, api_key(deployment.key)) if workspace.payment_api else {}),
    }


def _mail_settings(url: str) -> dict[str, str]:
    return {
        "RESEND_API_KEY": "re_bench",
        "RESEND_API_URL": url,
        "MAIL_FROM": "bookings@example.org",
        "ADMIN_EMAIL": "admin@example.org",
        "MAIL_RATE": UNLIMITED_MAIL_RATE,
    }


def _base_environment(workspace: Workspace, key: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(workspace.folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MONGODB_URI": workspace.uri,
        "MONGODB_DATABASE": f"bench_{key}",
        "PORT": str(_free_port()),
        "PAYMENT_API": workspace.payment_api,
        "PAYMENT_API_KEY": api_key(key),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
