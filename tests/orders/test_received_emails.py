"""E-mails to a deleted account about what others gave it: none stays in the outbox."""

from __future__ import annotations

import pytest

from orders.received_emails import EraseReceivedEmails
from tests.orders.shop import Buyer, Shop, TierPlan


@pytest.fixture
def friend(shop: Shop, buyer: Buyer) -> Buyer:
    """An account with a transferred ticket, and an offer of another one."""
    (tier,) = shop.event(TierPlan(capacity=2)).tiers
    kept, cancelled = [buyer.order((tier, 1)).json for _ in range(2)]
    other = shop.buyer("Grace Hopper")
    code = kept["tickets"][0]["code"]
    assert buyer.send("POST", f"/api/tickets/{code}/transfer", json={"email": other.email}).status == 200
    assert other.send("POST", f"/api/tiers/{tier.id}/waitlist", json={"quantity": 1}).status == 202
    assert buyer.send("POST", f"/api/orders/{cancelled['id']}/cancel").status == 200
    templates = shop.db["letters"].distinct("template", {"to": other.email})
    assert {"ticket_transferred", "tier_offer"} <= set(templates)
    return other


def test_deleted_account_has_no_email_of_offers_and_transfers(shop: Shop, buyer: Buyer, friend: Buyer) -> None:
    before = shop.db["letters"].count_documents({"to": buyer.email})

    shop.services.accounts.erase_accounts.deletion.delete(friend.id)

    assert shop.db["letters"].count_documents({"to": friend.email}) == 0
    assert shop.db["letters"].count_documents({"to": buyer.email}) == before


def test_control_without_their_erasure_the_emails_stay(
    shop: Shop, friend: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = list(shop.services.orders.release_accounts.releases)
    kept = [each for each in releases if not isinstance(getattr(each, "__self__", None), EraseReceivedEmails)]
    assert len(kept) == len(releases) - 1
    monkeypatch.setitem(vars(shop.services.orders.release_accounts), "releases", kept)

    shop.services.accounts.erase_accounts.deletion.delete(friend.id)

    assert shop.db["letters"].count_documents({"to": friend.email}) == 2
