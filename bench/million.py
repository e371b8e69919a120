"""The scenes with a million bookings: the back office's export and listing, then the letters."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import requests
from pymongo import MongoClient

import wiring
from bench import contenders, loads, table
from bench.contenders import ENDLESS, Contender, Place, planned_in
from bench.people import COUNTRIES, FIRST_NAMES, LAST_NAMES, Crowd
from bench.scenes import Result
from bench.stock import slot_documents
from bench.targets import BARE_CURSOR, OURS
from booking import mapping
from core.config.settings import ROOT
from core.mongo.client import Client, Db
from devdb.replica_set import start_replica_set

BOOKINGS = 1_000_000
# Part of the kept folder's name: raise it when the people, or the shape of a booking, change.
VERSION = 1
KEPT = ROOT / f"var/bench/million-{VERSION}"
DATABASE = "bench_million"
EXPORTS = 3
REQUESTS = 24  # for each filter and page
PAGES = (1, 1000)
FILTERS = ("none", "name", "phone", "date", "country", "status", "name and date", "reference", "email")
BATCH = 5000
LETTERS_SECONDS = 180


def million(scenes: Collection[str], results: list[Result], facts: dict[str, Any]) -> None:
    """Play those of the scenes that were asked for, adding to `results` and `facts`."""
    if {"export", "listing"}.intersection(scenes):
        _back_office(scenes, results, facts)
    if "letters" in scenes:
        results.extend(_letters())


def _back_office(scenes: Collection[str], results: list[Result], facts: dict[str, Any]) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        database = stack.enter_context(start_replica_set(nodes=1, data=KEPT))
        # Without the product's time-outs: building an index over a million rows takes longer.
        client: Client = stack.enter_context(MongoClient(database.uri, tz_aware=True))
        place = Place(database.uri, client, folder)
        facts.update({**table.machine(place), **facts})
        _seed(client[DATABASE])
        service = contenders.product(place, "million", ENDLESS, workers=1)
        stack.callback(service.stop)
        if "export" in scenes:
            results.extend(_exports(service, client[DATABASE]))
        if "listing" in scenes:
            figures = _listing(service)
            facts["listing"] = figures
            worst = max(row["p95"] for row in figures)
            results.append(Result("listing", OURS, worst, problem=_listing_problem(figures)))


def _seed(db: Db) -> None:
    """Make the bookings, once: rows first, indexes afterwards, which is quicker."""
    if db.seeded.find_one({"_id": BOOKINGS}):
        return
    print(f"making {BOOKINGS:,} bookings, once: a few minutes", flush=True)
    db.client.drop_database(db.name)
    planned, counted = planned_in(ENDLESS), Counter[str]()
    people = Crowd(BOOKINGS, planned).bookings()
    while batch := list(islice(people, BATCH)):
        counted.update(booking.slot_id for booking in batch if booking.status == "confirmed")
        db.bookings.insert_many([mapping.to_document(booking) for booking in batch], ordered=False)
    slots = slot_documents(planned, contenders.ENDLESSLY, product=True)
    db.slots.insert_many([slot | {"bookedCount": counted[slot["_id"]]} for slot in slots])
    wiring.prepare_database(db)
    db.seeded.insert_one({"_id": BOOKINGS})
    db.client.admin.command("fsync")


def _exports(service: Contender, db: Db) -> Iterator[Result]:
    """Yield the export's rounds in turn with a bare cursor's over the same documents."""
    for _ in range(EXPORTS):
        began = time.perf_counter()
        rows = sum(1 for _ in db.bookings.find().sort("_id", -1).batch_size(1000))
        yield Result("export", BARE_CURSOR, rows / (time.perf_counter() - began))
        rate, added, problem = _export(service, rows)
        yield Result("export", OURS, rate, problem=problem)
        yield Result("export memory", OURS, added, problem=problem)


def _export(service: Contender, wanted: int) -> tuple[float, float, str]:
    memory = _Memory(service)
    began, lines = time.perf_counter(), 0
    with (
        memory,
        requests.get(
            f"{service.url}/api/admin/bookings/export", headers=_key(service), stream=True, timeout=120
        ) as answer,
    ):
        for piece in answer.iter_content(1 << 20):
            lines += piece.count(b"\r\n")
    rate = (lines - 1) / (time.perf_counter() - began)
    good = answer.status_code == 200 and lines - 1 == wanted
    return rate, memory.added_mib, "" if good else f"{answer.status_code} with {lines - 1} rows instead of {wanted}"


class _Memory:
    """The most memory that a service's only worker holds in a `with` block, beyond what it held before."""

    def __init__(self, service: Contender) -> None:
        self._statm = Path(f"/proc/{worker_of(service.port)}/statm")
        self._over = threading.Event()
        self._before = self._most = self._resident()
        self._watch = threading.Thread(target=self._look, daemon=True)

    @property
    def added_mib(self) -> float:
        return (self._most - self._before) / 256  # pages of 4 KiB

    def __enter__(self) -> None:
        self._watch.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self._most = max(self._most, self._resident())

    def _resident(self) -> int:
        return int(self._statm.read_text().split()[1])


def worker_of(port: int) -> int:
    """Return the process id of the one worker of the service on `port`: of those with its address, the last child."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, status = (folder / "cmdline").read_bytes(), (folder / "stat").read_text()
        except OSError:
            continue
        if f"127.0.0.1:{port}".encode() in command.split(b"\0"):
            parents[int(folder.name)] = int(status.rpartition(")")[2].split()[1])
    (worker,) = set(parents) - set(parents.values())
    return worker


def _listing(service: Contender) -> list[dict[str, Any]]:
    """Return the latencies in milliseconds for each filter and page; each request asks for something else."""
    with requests.Session() as session:
        session.headers.update(_key(service))
        url = f"{service.url}/api/admin/bookings"
        known = session.get(url, params={"page": "400", "limit": "100"}, timeout=60).json()["items"]
        return [
            {"filter": name, "page": page, **_pages(session, url, name, page, known)}
            for name in FILTERS
            for page in PAGES
        ]


def _pages(session: requests.Session, url: str, name: str, page: int, known: Sequence[Any]) -> dict[str, Any]:
    random, times, refused = Random(f"{name} {page}"), [], 0
    for _ in range(REQUESTS):
        query = {**_question(name, random, known), "page": str(page), "limit": "15"}
        began = time.perf_counter()
        answer = session.get(url, params=query, timeout=60)
        times.append((time.perf_counter() - began) * 1000)
        refused += answer.status_code != 200
    times.sort()
    return {"p50": times[len(times) // 2], "p95": times[math.ceil(0.95 * len(times)) - 1], "refused": refused}


def _question(name: str, random: Random, known: Sequence[Any]) -> dict[str, str]:
    if name in ("reference", "email"):
        return {name: random.choice(known)[name]}
    asked: dict[str, str] = {}
    if "name" in name:
        asked["name"] = _part_of_name(random)
    if name == "phone":
        asked["phone"] = str(random.randrange(10 ** random.choice((3, 4, 6)))).zfill(3)
    if "date" in name:
        asked["date"] = f"2026-03-{random.randrange(1, 32, 2):02d}"
    if name == "country":
        asked["country"] = random.choice(COUNTRIES)[0]
    if name == "status":
        asked["status"] = random.choice(("confirmed", "cancelled"))
    return asked


def _part_of_name(random: Random) -> str:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    return random.choice((first, last, f"{first} {last}", last[2:8], first[:3].upper(), last[:4].lower()))


def _listing_problem(figures: Sequence[dict[str, Any]]) -> str:
    refused = sum(row["refused"] for row in figures)
    return f"{refused} requests were refused" if refused else ""


def _letters() -> Iterator[Result]:
    if importlib.util.find_spec("bench.letters") is None:
        return
    done = subprocess.run(
        [sys.executable, "-m", "bench.letters"],
        check=False, capture_output=True, text=True, cwd=ROOT, timeout=LETTERS_SECONDS,
    )  # fmt: skip
    try:
        told = json.loads(done.stdout.strip().splitlines()[-1])
        once = told["calls"] == told["distinct"] == told["letters"]
        yield Result("letters", OURS, float(told["perSecond"]), problem="" if once else f"not each just once: {told}")
    except (ValueError, LookupError, TypeError) as error:
        raise loads.CannotLoad(f"bench.letters: {error}: {done.stderr[-300:]}") from error


def _key(service: Contender) -> dict[str, str]:
    return {"X-Admin-Key": service.environment["ADMIN_KEY"]}
