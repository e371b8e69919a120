"""Who takes part: the service as it is deployed, the same without its database, and the two textbook services."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

import wiring
from bench.stock import Stock, slot_documents
from core.config.settings import ROOT
from core.mongo.client import Client
from devdb.supervisor import SupervisedProcess
from schedules import schedule_file
from schedules.model import PlannedSlot

WIDE = ROOT / "bench/schedules/wide.toml"
ENDLESS = ROOT / "bench/schedules/endless.toml"
EVENT = ROOT / "schedules/march_2026.toml"
FLASK = ROOT / "bench/peers/textbook_flask"
EXPRESS = ROOT / "bench/peers/textbook_express"
ENDLESSLY = 1_000_000_000
START_SECONDS = 30.0


class DidNotStart(RuntimeError):
    """A contender did not come up."""


@dataclass(frozen=True)
class Place:
    """Where everything happens: the database server, and a folder for logs and lists of slots."""

    uri: str
    client: Client
    folder: Path


@dataclass
class Contender:
    """A service that runs. `product` tells whether its documents are the product's and `flask verify` knows them."""

    name: str
    url: str
    environment: Mapping[str, str]
    stock: Stock
    product: bool
    process: SupervisedProcess
    log: Path

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """End it and all its workers."""
        self.process.stop()

    def offer(self, planned: Sequence[PlannedSlot], capacity: int = ENDLESSLY) -> None:
        """Begin anew with empty collections and these slots."""
        self.stock.renew(slot_documents(planned, capacity, product=self.product))

    def verify(self) -> str:
        """Return what `flask verify` complains about, or nothing."""
        # A command counts no requests, and limits counted in the database would keep its process from ending.
        environment = {**self.environment, "RATE_LIMIT_STORAGE": "memory://"}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "flask", "verify"],
                check=False, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            return f"`flask verify` did not end: {error.stdout!r}"
        return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()[-500:]


def planned_in(schedule: Path) -> list[PlannedSlot]:
    """Return the slots a schedule file plans, in order."""
    return list(schedule_file.load(schedule).slot_with.values())


def product(place: Place, name: str, schedule: Path, workers: int | None, app: str = "app:create_app()") -> Contender:
    """Start the service as it is deployed, but for limits that let a rush from one address through."""
    port = free_port()
    database = _database(name)
    environment = {
        **_bare_environment(place.folder),
        "MONGODB_URI": place.uri,
        "MONGODB_DATABASE": database,
        "ADMIN_KEY": secrets.token_hex(16),
        "SECRET_KEY": secrets.token_hex(16),
        "RATE_LIMIT_DEFAULT": "1000000000 per hour",
        "RATE_LIMIT_BOOKINGS": "1000000000 per hour",
        "RATE_LIMIT_STORAGE": "mongodb",
        "TRUSTED_PROXIES": "1",
        "SCHEDULE_FILE": str(schedule),
        "PORT": str(port),
        "WEB_CONCURRENCY": str(workers or os.cpu_count() or 1),
        "MAIL_RATE": "2",
        "LOG_FORMAT": "json",
        # Whatever a `.env` file says about letters is not meant for the bench.
        **dict.fromkeys(("RESEND_API_KEY", "SMTP_URL", "MAIL_FROM", "ADMIN_EMAIL", "PUBLIC_URL", "CORS_ORIGINS"), ""),
    }
    wiring.prepare_database(place.client[database])
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--bind", f"127.0.0.1:{port}", app]
    return _start(place, name, command, environment, is_product=True)


def textbook_flask(place: Place) -> Contender:
    """Start the textbook service in Flask: two processes of eight threads."""
    config = str(FLASK / "gunicorn.conf.py")
    command = [sys.executable, "-m", "gunicorn", "-c", config, "--chdir", str(FLASK), "app:create_app()"]
    return _start(place, "textbook_flask", command, _peer_environment(place, "textbook_flask"), is_product=False)


def textbook_express(place: Place, workers: int) -> Contender:
    """Start the textbook service in Express; installs its libraries when they are not there."""
    if not shutil.which("node"):
        raise DidNotStart("Node is not installed: the bench needs Node 20 or newer for textbook_express.")
    if not (EXPRESS / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--omit=dev", "--no-audit", "--no-fund"], check=True, cwd=EXPRESS, timeout=300)
    environment = {
        **_peer_environment(place, "textbook_express"),
        "NODE_ENV": "production",
        "WORKERS": str(workers),
    }
    command = ["node", str(EXPRESS / "server.js")]
    return _start(place, "textbook_express", command, environment, is_product=False)


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _start(
    place: Place, name: str, command: list[str], environment: Mapping[str, str], *, is_product: bool
) -> Contender:
    log = place.folder / f"{name}.log"
    with log.open("wb") as output:
        process = SupervisedProcess(command, output=output, environment=environment)
    url = f"http://127.0.0.1:{environment['PORT']}"
    stock = Stock(place.client[environment["MONGODB_DATABASE"]])
    contender = Contender(name, url, environment, stock, is_product, process, log)
    try:
        _wait_until_ready(contender)
    except BaseException:
        contender.stop()
        raise
    stock.remember()
    return contender


def _wait_until_ready(contender: Contender) -> None:
    path = "/api/ready" if contender.product else "/api/slots?date=2026-03-01"
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and contender.process.poll() is None:
        try:
            if requests.get(f"{contender.url}{path}", timeout=2).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.1)
    last = "\n".join(contender.log.read_text(errors="replace").splitlines()[-10:])
    raise DidNotStart(f"{contender.name} did not come up. The end of its log:\n{last}")


def _peer_environment(place: Place, name: str) -> dict[str, str]:
    return {
        **_bare_environment(place.folder),
        "MONGODB_URI": place.uri,
        "MONGODB_DATABASE": _database(name),
        "PORT": str(free_port()),
    }


def _bare_environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def _database(name: str) -> str:
    return f"bench_{name}"
