"""Tickets that a person holds: pictures, PDF, and transfer."""

from __future__ import annotations

import pytest

from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import BuyingBrowser, shown


@pytest.fixture
def codes(shop: Shop, buyer: BuyingBrowser) -> list[str]:
    """The codes of two tickets that the buyer holds."""
    (tier,) = shop.event(TierPlan("VIP")).tiers
    buyer.buy((tier, 2))
    return [ticket["code"] for ticket in shop.db["tickets"].find().sort("_id", 1)]


def test_tickets_are_shown_with_their_pictures(buyer: BuyingBrowser, codes: list[str]) -> None:
    answer = buyer.get("/my/tickets")

    assert all(f'aria-label="QR code of the ticket {code}"' in answer.text for code in codes)
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_person_without_tickets_is_led_to_the_events(buyer: BuyingBrowser) -> None:
    page = shown(buyer.get("/my/tickets"))

    assert "No tickets yet" in page
    assert 'href="/events"' in page


def test_past_and_void_tickets_are_listed_apart(shop: Shop, buyer: BuyingBrowser, codes: list[str]) -> None:
    shop.db["tickets"].update_one({"code": codes[0]}, {"$set": {"state": "void"}})

    page = shown(buyer.get("/my/tickets"))

    coming, _, past = page.partition("Past and void tickets")
    assert codes[1] in coming
    assert codes[0] in past
    assert codes[0] not in coming


def test_ticket_is_served_as_pdf(buyer: BuyingBrowser, codes: list[str]) -> None:
    answer = buyer.get(f"/my/tickets/{codes[0]}/ticket.pdf")

    assert answer.content_type == "application/pdf"
    assert answer.data.count(b"/Type /Page\n") == 1


@pytest.mark.parametrize("code", ["x", "%00", "0" * 500])
def test_unknown_ticket_is_not_found(buyer: BuyingBrowser, code: str) -> None:
    answer = buyer.get(f"/my/tickets/{code}/ticket.pdf")

    assert answer.status_code == 404
    assert "This ticket is not yours" in shown(answer)


def test_ticket_of_another_person_is_not_found(shop: Shop, codes: list[str]) -> None:
    other = BuyingBrowser.signed_in(shop)

    answer = other.get(f"/my/tickets/{codes[0]}/ticket.pdf")

    assert answer.status_code == 404
    form = {"code": codes[0], "email": "eve@example.org"}
    assert other.post("/my/tickets/transfer", form).status_code == 404


def test_transferred_ticket_belongs_to_the_recipient(shop: Shop, buyer: BuyingBrowser, codes: list[str]) -> None:
    other = BuyingBrowser.signed_in(shop)
    assert other.account

    answer = buyer.post("/my/tickets/transfer", {"code": codes[0], "email": f" {other.account.email.upper()} "})

    assert answer.status_code == 303
    page = shown(buyer.get(answer.location))
    assert "The ticket was passed on" in page
    assert codes[0] not in page
    received = shop.db["tickets"].find_one({"holderId": other.id})
    assert received
    assert received["code"] in shown(other.get("/my/tickets"))
    assert other.get(f"/my/tickets/{received['code']}/ticket.pdf").status_code == 200
    assert buyer.get(f"/my/tickets/{received['code']}/ticket.pdf").status_code == 404


def test_transferred_ticket_cannot_be_passed_on_again(buyer: BuyingBrowser, codes: list[str]) -> None:
    form = {"code": codes[0], "email": "grace@example.org"}
    buyer.post("/my/tickets/transfer", form)

    answer = buyer.post("/my/tickets/transfer", form)

    assert answer.status_code == 404


def test_used_ticket_cannot_be_passed_on(shop: Shop, buyer: BuyingBrowser, codes: list[str]) -> None:
    shop.db["tickets"].update_one({"code": codes[0]}, {"$set": {"state": "checked_in"}})

    answer = buyer.post("/my/tickets/transfer", {"code": codes[0], "email": "grace@example.org"})

    assert answer.status_code == 409
    assert "cannot be passed on" in shown(answer)


@pytest.mark.parametrize("email", ["", "grace", "a@b", "a\0@example.org", "x" * 300 + "@example.org", "{'$gt': ''}"])
def test_invalid_recipient_is_refused(shop: Shop, buyer: BuyingBrowser, codes: list[str], email: str) -> None:
    answer = buyer.post("/my/tickets/transfer", {"code": codes[0], "email": email})

    assert answer.status_code == 400
    assert "Enter the recipient's e-mail address" in shown(answer)
    assert shop.db["tickets"].count_documents({"state": "valid"}) == 2
