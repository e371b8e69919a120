"""Delivery webhook: signatures, repeated reports and precedence of reports."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core import metrics
from core.config.settings import ConfigError, from_env
from core.mongo.client import Db
from tests import factories
from tests.api_client import Answer, Api, over_app
from tests.deferred import write_deferred

KEY = b"only the provider knows this"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
PATH = "/api/webhooks/resend"
PROVIDER_ID = "56761188-7520-42d8-8898-ff6fc54ce618"
RECORDED_AT = "2026-03-05T09:30:00.123Z"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(RESEND_WEBHOOK_SECRET=SECRET)


@pytest.fixture
def email(api: Api, db: Db) -> str:
    """Return the id of a sent e-mail; its sibling is not sent."""
    assert api.book(api.slots()[0]).status == 201
    row = write_deferred(db)["letters"].find_one({"template": "guest_booking"})
    assert row
    db["letters"].update_one(
        {"_id": row["_id"]}, {"$set": {"state": "sent", "providerId": PROVIDER_ID}, "$unset": {"dueAt": ""}}
    )
    return str(row["_id"])


def event(kind: str, provider_id: Any = PROVIDER_ID, **more: Any) -> bytes:
    data = {"email_id": provider_id, "to": ["ada@example.org"], "subject": "Your booking"}
    return json.dumps({"type": kind, "created_at": RECORDED_AT, "data": data, **more}).encode()


def signature(body: bytes, at: str, key: bytes = KEY, name: str = "msg_1") -> str:
    signed = f"{name}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def report(api: Api, body: bytes, *, ago: float = 0, path: str = PATH, **changes: str) -> Answer:
    """Call the webhook with valid headers, except for `changes`."""
    at = str(int(time.time() - ago))
    headers = {"svix-id": "msg_1", "svix-timestamp": at, "svix-signature": signature(body, at)}
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    return api.send("POST", path, data=body, headers={"Content-Type": "application/json", **headers})


def shown(api: Api, email: str) -> dict[str, Any]:
    items = api.admin("GET", "/letters").json["items"]
    return next(item for item in items if item["_id"] == email)


def counted(delivery: str) -> float:
    return float(metrics.LETTER_DELIVERIES.labels(delivery)._value.get())


@pytest.mark.parametrize("delivery", ["delivered", "bounced", "complained"])
def test_delivery_report_is_stored_and_shown(api: Api, email: str, delivery: str) -> None:
    assert shown(api, email)["delivery"] is None
    before = counted(delivery)

    answer = report(api, event(f"email.{delivery}"))

    assert (answer.status, answer.json) == (200, {"success": True})
    seen = shown(api, email)
    assert (seen["delivery"], seen["deliveryAt"], seen["providerId"]) == (delivery, RECORDED_AT, PROVIDER_ID)
    assert seen["state"] == "sent"
    assert counted(delivery) == before + 1
    assert f'letter_deliveries_total{{delivery="{delivery}"}}' in api.get("/metrics").body.decode()


def test_repeated_delivery_report_changes_and_counts_nothing(api: Api, email: str) -> None:
    assert report(api, event("email.bounced")).status == 200
    before, seen = counted("bounced"), shown(api, email)

    again = report(api, event("email.bounced", created_at="2026-03-06T00:00:00Z"))

    assert again.status == 200
    assert shown(api, email) == seen
    assert counted("bounced") == before


@pytest.mark.parametrize(
    ("recorded", "stays"),
    [
        (["delivered", "bounced"], "bounced"),
        (["bounced", "delivered"], "bounced"),
        (["delivered", "complained", "delivered"], "complained"),
        (["complained", "bounced", "delivered"], "complained"),
        (["bounced", "complained"], "complained"),
    ],
)
def test_worse_delivery_report_wins_in_any_order(api: Api, email: str, recorded: list[str], stays: str) -> None:
    for delivery in recorded:
        assert report(api, event(f"email.{delivery}")).status == 200

    assert shown(api, email)["delivery"] == stays


@pytest.mark.parametrize(
    "body",
    [
        event("email.delivered", "somebody-elses"),
        event("email.delivered", ""),
        event("email.delivered", None),
        event("email.delivered", {"$gt": ""}),
        event("email.delivered", ["a"]),
        event("email.opened"),
        event("domain.created"),
        json.dumps({"type": "email.delivered"}).encode(),
        json.dumps({"type": "email.delivered", "data": []}).encode(),
        json.dumps({"type": ["email.delivered"], "data": {"email_id": PROVIDER_ID}}).encode(),
        b"{}",
    ],
)
def test_unknown_emails_and_events_are_accepted_and_change_nothing(api: Api, email: str, db: Db, body: bytes) -> None:
    before = list(db["letters"].find())

    assert report(api, body).status == 200
    assert list(db["letters"].find()) == before


@pytest.mark.parametrize("recorded", ["yesterday", None, 7, "2026-03-05 09:30:00"])
def test_invalid_report_time_is_replaced_by_now(api: Api, email: str, recorded: Any) -> None:
    assert report(api, event("email.delivered", created_at=recorded)).status == 200
    assert shown(api, email)["deliveryAt"]


OTHERS = base64.b64encode(b"somebody else's own key").decode()
REFUSED: dict[str, Callable[[Api], Answer]] = {
    "no signature": lambda api: api.send("POST", PATH, json=json.loads(event("email.bounced"))),
    "another's signature": lambda api: report(api, event("email.bounced"), svix_signature=f"v1,{OTHERS}"),
    "a signature of other words": lambda api: report(
        api, event("email.bounced"), svix_signature=signature(event("email.delivered"), str(int(time.time())))
    ),
    "another id": lambda api: report(api, event("email.bounced"), svix_id="msg_2"),
    "another time": lambda api: report(api, event("email.bounced"), svix_timestamp=str(int(time.time()) - 60)),
    "too old": lambda api: report(api, event("email.bounced"), ago=6 * 60),
    "from the future": lambda api: report(api, event("email.bounced"), ago=-6 * 60),
    "no time": lambda api: report(api, event("email.bounced"), svix_timestamp="now"),
    "odd characters": lambda api: report(api, event("email.bounced"), svix_signature="v1,\xe9\xff"),
    "no JSON": lambda api: report(api, b"{not json"),
    "no object": lambda api: report(api, b"[1]"),
    "no text": lambda api: report(api, b"\xff\xfe"),
    "nothing": lambda api: report(api, b""),
    "nested too deeply": lambda api: report(api, b"[" * 9_000),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED.keys())
def test_unsigned_delivery_report_is_refused_as_a_problem(api: Api, email: str, call: Callable[[Api], Answer]) -> None:
    answer = call(api)

    assert (answer.status, answer.code) == (400, "webhook_refused")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert shown(api, email)["delivery"] is None


def test_control_signed_delivery_report_is_accepted(api: Api, email: str) -> None:
    body = event("email.bounced")
    at = str(int(time.time()))

    assert report(api, body, svix_signature=f"v1,{OTHERS} {signature(body, at)}", svix_timestamp=at).status == 200
    assert shown(api, email)["delivery"] == "bounced"


def test_control_without_the_signature_check_any_report_is_accepted(
    api: Api, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.webhook.verify_webhook", lambda body, *_: json.loads(body))

    assert REFUSED["another's signature"](api).status == 200
    assert shown(api, email)["delivery"] == "bounced"


def test_webhook_without_a_secret_is_404(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app()))

    for answer in (report(api, event("email.bounced")), api.send("POST", PATH)):
        assert (answer.status, answer.code) == (404, "not_found")


def test_webhook_with_a_valid_signature_is_in_no_rate_limit(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RESEND_WEBHOOK_SECRET=SECRET, RATE_LIMIT_DEFAULT="2 per hour")))

    assert [report(api, event("email.delivered")).status for _ in range(5)] == [200] * 5
    assert [api.get("/api/dates").status for _ in range(3)] == [200, 200, 429]
    assert api.get(PATH).status == 429
    assert report(api, event("email.delivered")).status == 200


def test_control_rate_limited_webhook_would_lose_reports(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.UNLIMITED_ENDPOINTS", frozenset())
    api = Api(over_app(make_app(RESEND_WEBHOOK_SECRET=SECRET, RATE_LIMIT_DEFAULT="2 per hour")))

    assert [report(api, event("email.delivered")).status for _ in range(3)] == [200, 200, 429]


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    answer = report(api, event("email.delivered", filler="x" * 40_000))

    assert (answer.status, answer.code) == (413, "body_too_large")


def test_a_query_string_is_refused_as_everywhere(api: Api) -> None:
    assert report(api, event("email.delivered"), path=f"{PATH}?email=1").status == 400


def test_nothing_personal_is_logged(
    api: Api, email: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded: list[tuple[str, dict[str, str]]] = []

    class Listener:
        def info(self, name: str, **more: str) -> None:
            recorded.append((name, more))

        warning = info

    monkeypatch.setattr("notifications.webhook.LOG", Listener())
    report(api, event("email.delivered"))
    report(api, event("email.bounced"))

    assert recorded == [
        ("email_delivered", {"email_id": email}),
        ("email_bounced", {"email_id": email, "delivery": "bounced"}),
    ]


def test_provider_id_index_has_only_emails_with_one(db: Db) -> None:
    (index,) = [index for index in db["letters"].index_information().values() if index["key"][0][0] == "providerId"]
    assert index["partialFilterExpression"] == {"providerId": {"$exists": True}}
    plan = db["letters"].find({"providerId": "x", "delivery": {"$in": [None]}}).explain()["queryPlanner"]
    assert "providerId_1" in json.dumps(plan["winningPlan"], default=str)


@pytest.mark.parametrize(
    "secret", ["secret", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", SECRET.removeprefix("whsec_")]
)
def test_invalid_webhook_secret_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(ConfigError, match="RESEND_WEBHOOK_SECRET"):
        from_env(factories.environment("mongodb://db", RESEND_WEBHOOK_SECRET=secret))


def test_the_secret_is_not_shown(make_settings: Callable[..., Any]) -> None:
    assert SECRET not in repr(make_settings(RESEND_WEBHOOK_SECRET=SECRET))
