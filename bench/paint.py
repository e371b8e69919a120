"""Paint times of the pages on a slow phone: first and largest paint, layout shift, bytes, DOM nodes and server CPU.

python -m bench.paint [--loads 5] [--pages events,seats]

Chromium at 375 x 812 with a CPU four times slower, 150 ms of latency a request and 1.6 Mbit/s down, set by the DevTools
protocol; each load begins with an empty cache. The service runs with two workers, on the same machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page, sync_playwright

from bench.cpu_meter import CpuMeter
from devdb.replica_set import start_replica_set
from tests.browser.account.actions import new_email, sign_up
from tests.browser.booking_form import DATE
from tests.browser.checkout.tour import CHECKOUT, ORDER, PAY, choose
from tests.browser.chromium import launch_chromium
from tests.browser.events.sample_events import store_arena, store_sample_events
from tests.browser.sample_event import book_sample_event
from tests.conftest import Served, serving
from tests.event_calls import create_event, tier_form

CPU_SLOWDOWN = 4
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SETTLE_MS = 1_500
REQUESTS = 20
OBSERVE = """
window.painted = { largest: 0, shift: 0 };
new PerformanceObserver((list) => list.getEntries().forEach((entry) => painted.largest = entry.startTime))
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((entry) => painted.shift += entry.value))
  .observe({ type: "layout-shift", buffered: true });
"""
READ = """() => ({ ...painted, first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  nodes: document.querySelectorAll("*").length })"""
COLUMNS = (
    "page", "first paint ms", "largest paint ms", "layout shift", "requests", "kB on the wire", "kB", "DOM nodes",
    "server ms",
)  # fmt: skip


@dataclass
class Traffic:
    """What a page loaded: requests, bytes on the wire with their heads, and bytes of the contents."""

    requests: set[str] = field(default_factory=set)
    wire: float = 0.0
    plain: float = 0.0

    def on_data(self, event: Mapping[str, Any]) -> None:
        """Count received contents."""
        self.plain += event["dataLength"]

    def on_finished(self, event: Mapping[str, Any]) -> None:
        """Count a finished request; a live stream never finishes."""
        self.requests.add(event["requestId"])
        self.wire += event["encodedDataLength"]


@dataclass(frozen=True)
class Load:
    """One load of a page; times in milliseconds since its request, sizes in bytes."""

    first: float
    largest: float
    shift: float
    nodes: int
    traffic: Traffic


@dataclass(frozen=True)
class Phone:
    """A slow phone; `cookies` are those of a signed-in person."""

    browser: Browser
    site: Served
    cookies: Sequence[Any]

    def load(self, path: str) -> Load:
        """Load a page with an empty cache."""
        context = self.browser.new_context(
            base_url=self.site.url, viewport={"width": 375, "height": 812}, locale="en", has_touch=True
        )
        context.add_cookies(self.cookies)
        page = context.new_page()
        page.add_init_script(OBSERVE)
        traffic = _throttle(page)
        page.goto(path)
        page.wait_for_timeout(SETTLE_MS)
        read = page.evaluate(READ)
        context.close()
        return Load(read["first"], read["largest"], read["shift"], read["nodes"], traffic)

    def server_ms(self, path: str) -> float:
        """Return the CPU milliseconds of the workers for a request of a page, warm."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.cookies}
        headers = {"Accept": "text/html"}
        meter = CpuMeter.start(self.site.workers(), [])
        for _ in range(REQUESTS):
            requests.get(f"{self.site.url}{path}", headers=headers, cookies=cookies, timeout=30).raise_for_status()
        return meter.per_request(REQUESTS).service or 0.0


def main(arguments: list[str]) -> None:
    """Print a line for each page, with medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--pages", default="")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        site = stack.enter_context(_site())
        browser = launch_chromium(stack.enter_context(sync_playwright()).chromium)
        stack.callback(browser.close)
        pages = prepare(browser, site)
        print(_row(COLUMNS))
        print("|---" * len(COLUMNS) + "|")
        for name in options.pages.split(",") if options.pages else pages:
            path, cookies = pages[name]
            phone = Phone(browser, site, cookies)
            phone.load(path)
            loads = [phone.load(path) for _ in range(options.loads)]
            print(_line(name, loads, phone.server_ms(path)), flush=True)


@contextmanager
def _site() -> Iterator[Served]:
    with (
        start_replica_set() as database,
        tempfile.TemporaryDirectory() as folder,
        serving(database.uri, Path(folder), LOG_FORMAT="json") as served,
    ):
        yield served


def prepare(browser: Browser, site: Served) -> dict[str, tuple[str, Sequence[Any]]]:
    """Store bookings, events and the orders of a person; return path and cookies of each page by its name."""
    book_sample_event(site.api)
    sample = store_sample_events(site.db)
    arena = store_arena(site.db)
    concert = create_event(site.api, title="Summer Concert", tiers=[tier_form("VIP", "100.00", 100)])
    context = browser.new_context(base_url=site.url, locale="en")
    page = context.new_page()
    sign_up(page, new_email())
    choose(page, concert, 0, 4)
    page.locator("[name=continue]").click()
    page.wait_for_url(CHECKOUT)
    page.locator("#terms").check()
    page.locator(PAY).click()
    page.wait_for_url(ORDER)
    order = page.url.removeprefix(site.url)
    choose(page, concert)
    page.wait_for_url("**/cart")
    cookies = context.cookies()
    context.close()
    return {
        "month": ("/", ()),
        "date": (f"/?date={DATE}", ()),
        "events": ("/events", ()),
        "event": (f"/events/{sample.concert.id}", ()),
        "seats": (f"/events/{arena.id}/seats", ()),
        "seats-signed-in": (f"/events/{arena.id}/seats", cookies),
        "cart": ("/cart", cookies),
        "checkout": ("/checkout", cookies),
        "order": (order, cookies),
        "tickets": ("/my/tickets", cookies),
        "sign-in": ("/sign-in", ()),
    }


def _throttle(page: Page) -> Traffic:
    """Slow a page down, and return what it loads from now on."""
    traffic = Traffic()
    devtools = page.context.new_cdp_session(page)
    devtools.on("Network.dataReceived", traffic.on_data)
    devtools.on("Network.loadingFinished", traffic.on_finished)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", NETWORK)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    return traffic


def _line(name: str, loads: Sequence[Load], server_ms: float) -> str:
    last = loads[-1]
    values = (
        name,
        f"{statistics.median(load.first for load in loads):.0f}",
        f"{statistics.median(load.largest for load in loads):.0f}",
        f"{max(load.shift for load in loads):.3f}",
        str(len(last.traffic.requests)),
        f"{last.traffic.wire / 1000:.1f}",
        f"{last.traffic.plain / 1000:.1f}",
        str(last.nodes),
        f"{server_ms:.1f}",
    )
    return _row(values)


def _row(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
