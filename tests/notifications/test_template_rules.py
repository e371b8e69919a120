"""Rules of templates: each e-mail stores its audience, ordering and version, and the outbox knows no template."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import accounts.emails
import booking.emails
import events.notices.emails
import orders.emails
import orders.purchase_emails
import waitlist.emails
import wiring
from booking.emails import CANCELLATION, CONFIRMATION, REMINDER
from core.config.settings import ROOT
from core.mongo.transactions import transaction
from notifications.outbox import migration
from notifications.outbox.model import Audience, EmailStatus, EmailTemplate, OutboxEmail
from notifications.outbox.new_email import NewEmail
from notifications.render import TEMPLATES
from tests.api_client import Api
from tests.deferred import write_deferred
from tests.notifications.conftest import ADMIN, FACTS, OutboxFixture

RULES = ("audience", "ordered", "kind", "version")
INVOICE = EmailTemplate("invoice", subject_kind="order")
NEWSLETTER = EmailTemplate("newsletter", ordered=False)


def enqueue(outbox: OutboxFixture, template: EmailTemplate, to: str = "ada@example.org", **more: str) -> OutboxEmail:
    facts = {**FACTS, **more}
    email = NewEmail(subject="s1", to=to, context=facts, now=outbox.clock(), version="3").build(template)
    outbox.enqueue([email])
    return email


def row(outbox: OutboxFixture, email: OutboxEmail) -> dict[str, Any]:
    found = outbox.db["letters"].find_one({"_id": email.id})
    assert found is not None
    return {name: found.get(name) for name in RULES}


def last_pending(outbox: OutboxFixture) -> str | None:
    recipients = {"s1": "ada@example.org"}
    found = transaction(outbox.client, lambda session: outbox.store.lock_last_pending(session, recipients), 10)
    return found.get("s1")


def test_email_of_an_unknown_feature_stores_its_rules(outbox: OutboxFixture) -> None:
    email = enqueue(outbox, INVOICE)

    assert row(outbox, email) == {"audience": "guest", "ordered": True, "kind": "order", "version": "3"}
    assert outbox.get(email) == email
    assert last_pending(outbox) == email.id


def test_unordered_email_of_an_unknown_feature_blocks_no_other(outbox: OutboxFixture) -> None:
    enqueue(outbox, NEWSLETTER)

    assert last_pending(outbox) is None


def test_erasure_deletes_emails_to_the_guest_and_not_to_the_admin(outbox: OutboxFixture) -> None:
    admin_template = EmailTemplate("report", Audience.ADMIN)
    to_guest = enqueue(outbox, INVOICE, to=ADMIN, email="bob@example.org")
    to_admin = enqueue(outbox, admin_template, to=ADMIN, email="bob@example.org")

    assert outbox.erasure.erase([], ADMIN) == 1

    assert {found.id for found in outbox.store.find(None, 10)} == {to_admin.id}
    assert to_guest.id != to_admin.id


@pytest.mark.parametrize("state", [EmailStatus.QUEUED, EmailStatus.RETRYING, EmailStatus.DEAD])
def test_migration_stores_the_rules_of_older_emails(outbox: OutboxFixture, state: EmailStatus) -> None:
    reminder, cancellation = enqueue(outbox, REMINDER), enqueue(outbox, CANCELLATION, sequence="4")
    forget_rules(outbox)
    outbox.db["letters"].update_many({}, {"$set": {"state": state}})

    migration.store_rules(outbox.db, wiring.EMAIL_TEMPLATES)

    assert row(outbox, reminder)["ordered"] is False
    assert row(outbox, cancellation) == {"audience": "guest", "ordered": True, "kind": "booking", "version": "4"}


def test_migration_does_not_change_emails_with_rules(outbox: OutboxFixture) -> None:
    email = enqueue(outbox, CONFIRMATION, sequence="9")

    migration.store_rules(outbox.db, wiring.EMAIL_TEMPLATES)

    assert row(outbox, email)["version"] == "3"


def test_migration_of_an_email_without_a_sequence_has_no_version(outbox: OutboxFixture) -> None:
    email = enqueue(outbox, CONFIRMATION)
    forget_rules(outbox)
    outbox.db["letters"].update_many({}, {"$unset": {"facts.sequence": ""}})

    migration.store_rules(outbox.db, wiring.EMAIL_TEMPLATES)

    assert row(outbox, email)["version"] == ""


def test_older_email_is_refused_or_retried_after_the_migration(api: Api, services: wiring.Services) -> None:
    moved, unmoved = (api.book(slot).json["booking"] for slot in api.slots()[:2])
    letters = write_deferred(services.db)["letters"]
    target = {"slotId": api.slots()[2]["_id"]}
    assert api.held("POST", moved, "/reschedule", json=target).status == 200
    letters.update_many({}, {"$set": {"state": "dead"}, "$unset": {"dueAt": "", **dict.fromkeys(RULES, "")}})

    migration.store_rules(services.db, wiring.EMAIL_TEMPLATES)

    statuses = [
        api.admin("POST", f"/letters/{booking['id']}-{recipient}/retry").status
        for booking in (moved, unmoved)
        for recipient in ("admin", "guest")
    ]
    assert statuses == [200, 409, 200, 200]


def test_features_declare_the_rules_of_every_template() -> None:
    declared = [template.name for template in wiring.EMAIL_TEMPLATES]

    assert sorted(declared) == sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())
    features = (
        *(booking.emails, waitlist.emails, accounts.emails),
        *(orders.emails, orders.purchase_emails, events.notices.emails),
    )
    assert [template for feature in features for template in feature.TEMPLATES] == list(wiring.EMAIL_TEMPLATES)


@pytest.mark.parametrize("folder", ["outbox", "delivery", "providers"])
def test_outbox_and_delivery_name_no_template(folder: str) -> None:
    files = (ROOT / "notifications" / folder).glob("*.py")

    assert [found for file in files for found in named_templates(file)] == []


def test_planted_template_name_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text('if email.template == "guest_waiting": pass')

    assert named_templates(planted) == ["planted.py: guest_waiting"]


def named_templates(file: Path) -> list[str]:
    names = {template.name for template in wiring.EMAIL_TEMPLATES}
    constants = [node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)]
    return [f"{file.name}: {value}" for value in constants if isinstance(value, str) and value in names]


def forget_rules(outbox: OutboxFixture) -> None:
    outbox.db["letters"].update_many({}, {"$unset": dict.fromkeys(RULES, "")})
