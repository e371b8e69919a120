"""Back-office listing of a million bookings: latencies of nine filters on two pages."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from random import Random
from typing import Any

import requests

from bench.million_bookings import BOOKINGS
from bench.people import person
from bench.phone_numbers import countries
from bench.results import ADMIN_LISTING, SERVICE, RoundResult
from bench.systems import System

REQUESTS = 24  # for each filter and page
PAGES = (1, 1000)
FILTERS = ("none", "name", "phone", "date", "country", "status", "name and date", "reference", "email")
TIMEOUT_SECONDS = 60

# The members of a query string.
Query = dict[str, str]
Bookings = Sequence[dict[str, Any]]


def listing_latencies(service: System) -> list[dict[str, Any]]:
    """Return the latencies in milliseconds for each filter and page; each request has another query."""
    url = f"{service.url}/api/admin/bookings"
    with requests.Session() as session:
        session.headers["X-Admin-Key"] = service.spec.environment["ADMIN_KEY"]
        sample_page = {"page": "400", "limit": "100"}
        known = session.get(url, params=sample_page, timeout=TIMEOUT_SECONDS).json()["items"]
        latencies: list[dict[str, Any]] = []
        for name in FILTERS:
            for page in PAGES:
                random = Random(f"{name} {page}")
                queries = [_query(name, random, known) | {"page": str(page), "limit": "15"} for _ in range(REQUESTS)]
                latencies.append({"filter": name, "page": page, **_latencies(session, url, queries)})
    return latencies


def listing_result(latencies: Sequence[dict[str, Any]]) -> RoundResult:
    """Return the worst p95 of all filters and pages."""
    refused = sum(row["refused"] for row in latencies)
    problem = f"{refused} requests were refused" if refused else ""
    return RoundResult(ADMIN_LISTING, SERVICE, max(row["p95"] for row in latencies), problem=problem)


def _latencies(session: requests.Session, url: str, queries: Sequence[Query]) -> dict[str, Any]:
    times: list[float] = []
    refused = 0
    for query in queries:
        start = time.perf_counter()
        response = session.get(url, params=query, timeout=TIMEOUT_SECONDS)
        times.append((time.perf_counter() - start) * 1000)
        refused += response.status_code != 200
    times.sort()
    p95 = times[math.ceil(0.95 * len(times)) - 1]
    return {"p50": times[len(times) // 2], "p95": p95, "refused": refused}


def _query(name: str, random: Random, known: Bookings) -> Query:
    """Return a random query of a filter; references and e-mails are those of `known` bookings."""
    if name in ("reference", "email"):
        return {name: random.choice(known)[name]}
    query: Query = {}
    if "name" in name:
        query["name"] = _part_of_name(random)
    if name == "phone":
        query["phone"] = str(random.randrange(10 ** random.choice((3, 4, 6)))).zfill(3)
    if "date" in name:
        query["date"] = f"2026-03-{random.randrange(1, 32, 2):02d}"
    if name == "country":
        query["country"] = random.choice(countries())
    if name == "status":
        query["status"] = random.choice(("confirmed", "cancelled"))
    return query


def _part_of_name(random: Random) -> str:
    """Return a guest's name, one of its words, or a part of a word."""
    full_name = person(random.randrange(BOOKINGS)).full_name
    first, *_, last = full_name.split() if " " in full_name else (full_name, full_name)
    return random.choice((first, last, full_name, last[2:8] or last, first[:3].upper(), last[:4].lower()))
