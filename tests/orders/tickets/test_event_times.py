"""Times of events in e-mails and tickets: the local hour that the pages show, on both sides of summer time."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime

import pytest

from notifications.outbox.model import Message
from tests.orders.shop import Buyer, Shop, TierPlan

SEASONS = [(1, 15, "19:30 CET"), (3, 27, "19:30 CET"), (3, 28, "20:30 CEST"), (7, 15, "20:30 CEST")]


def text_of(pdf: bytes) -> str:
    """Return the decompressed contents of the pages of a PDF."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    return b"".join(zlib.decompress(stream) for stream in streams if stream[:1] == b"x").decode("latin-1")


def sent(shop: Shop, template: str) -> Message:
    """Return the only e-mail of a template as it is sent."""
    (email,) = [email for email in shop.services.outbox.store.find(None, 100) if email.template == template]
    return shop.services.worker.dispatcher.planner.render(email)


@pytest.mark.parametrize(("month", "day", "hour"), SEASONS)
def test_email_and_pdf_have_the_hour_of_the_page(shop: Shop, buyer: Buyer, month: int, day: int, hour: str) -> None:
    event = shop.event(date=datetime(2027, month, day, 18, 30, tzinfo=UTC))
    order = buyer.order((event.tiers[0], 1)).json

    email = sent(shop, "order_paid")
    page = shop.app.test_client().get(f"/events/{event.id}").text
    downloaded = shop.services.orders.purchases.documents.tickets_of_order(buyer.id, order["id"], "en")

    for shown in (page, email.text, email.html, text_of(email.attachments[0].content), text_of(downloaded)):
        assert hour in shown
        assert "18:30 UTC" not in shown


def test_event_after_local_midnight_has_the_local_date(shop: Shop, buyer: Buyer) -> None:
    event = shop.event(date=datetime(2027, 7, 15, 22, 30, tzinfo=UTC))
    buyer.order((event.tiers[0], 1))

    email = sent(shop, "order_paid")

    for shown in (email.text, email.html, text_of(email.attachments[0].content)):
        assert "Friday 16 July 2027" in shown
        assert "Thursday 15 July 2027" not in shown


def test_email_of_an_order_has_its_page_seats_and_amount(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event(TierPlan("VIP", price=16000, capacity=2, seats=["A1", "A2"])).tiers
    order = buyer.order((tier, ["A1", "A2"])).json

    email = sent(shop, "order_paid")

    link = f"{shop.services.settings.public_url}/orders/{order['id']}"
    assert "Amount: US$320.00\n" in email.text
    assert f"Order {order['id'][-8:]}\n{link}\n" in email.text
    assert f'href="{link}"' in email.html
    assert email.html.count(">Tickets<") == 1
    for ticket in order["tickets"]:
        assert f"{ticket['code']}  {tier.name}, {ticket['seat']}\n" in email.text


def test_email_of_a_transferred_ticket_has_the_page_of_tickets(shop: Shop, buyer: Buyer) -> None:
    code = buyer.order((shop.event().tiers[0], 1)).json["tickets"][0]["code"]
    buyer.send("POST", f"/api/tickets/{code}/transfer", json={"email": "grace@example.org"})

    email = sent(shop, "ticket_transferred")

    link = f"{shop.services.settings.public_url}/my/tickets"
    assert f"\n{link}\n" in email.text
    assert f'href="{link}"' in email.html
