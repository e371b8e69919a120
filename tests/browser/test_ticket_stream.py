"""Tickets in Chromium: its own EventSource follows a rush of reservations over a connection that is often cut."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.tcp_proxy import tcp_proxy
from tests.conftest import Served
from tests.live.ticket_rush import prepare_rush

CUTS = 100
FOLLOW_TICKETS = """() => {
  window.tickets = {};
  window.received = { snapshot: 0, ticketUpdate: 0 };
  const source = new EventSource("/api/live?events=1");
  source.addEventListener("snapshot", (message) => {
    received.snapshot += 1;
    window.tickets = {};
    for (const event of JSON.parse(message.data).events) tickets[event.eventId] = event.remainingTickets;
  });
  source.addEventListener("ticketUpdate", (message) => {
    received.ticketUpdate += 1;
    const event = JSON.parse(message.data);
    tickets[event.eventId] = event.remainingTickets;
  });
}"""
SHOWS_TICKETS = """(expected) => Object.entries(expected).every(([id, remaining]) => tickets[id] === remaining)"""


def follow(page: Page) -> None:
    page.goto("/")
    page.evaluate(FOLLOW_TICKETS)
    page.wait_for_function("() => received.snapshot === 1")


def test_event_source_cut_in_a_rush_ends_equal_to_the_database(visit: Visit, site: Served) -> None:
    rush = prepare_rush(site)
    with tcp_proxy(site.url, seed=3) as proxy:
        page = visit(breaks=True, base_url=proxy.url)
        follow(page)

        proxy.cuts_left = CUTS
        proxy.cut_all()
        with rush.running():
            page.wait_for_timeout(500)
        page.wait_for_function(SHOWS_TICKETS, arg=rush.remaining(), timeout=60_000)

        assert len(proxy.stream_requests) > 10
        assert all(b"Last-Event-ID: " in request for request in proxy.stream_requests[2:])
        assert page.evaluate("() => received.ticketUpdate") > 10
        assert page.evaluate("() => tickets") == rush.remaining()
        page.close()
