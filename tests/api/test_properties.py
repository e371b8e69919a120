"""Whatever is typed: an answer of the contract, never a bug."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api_client import Api
from tests.factories import person

BOOKABLE = {f"2026-03-{day:02d}" for day in range(1, 32, 2)}
# Everything JSON can carry: lone surrogates too.
ANYTHING = st.text(st.characters(), max_size=90)
NEARLY_DATES = st.from_regex(r"\A2026-0?3-[0-9]{1,2}[ T.Z]?[0-9]{0,2}\Z")
NEARLY_PHONES = st.from_regex(r"\A\+?[0-9 ()-]{0,18}\Z")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANYTHING,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANYTHING, inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from(["fullName", "email", "phone", "country", "city", "message", "date", "slotId"])

quickly = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def post(api: Api, **changes: Any) -> tuple[int, Any]:
    """Send a form that is valid but for `changes`; return status and body."""
    slot = api.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"], **changes}
    answer = api.send("POST", "/api/bookings", data=json.dumps(form), content_type="application/json")
    return answer.status, answer.json


@given(date=st.text(max_size=60) | NEARLY_DATES | st.dates().map(str))
@quickly
def test_any_text_as_a_date_is_refused_unless_it_is_one_of_the_sixteen(quiet: Api, date: str) -> None:
    answer = quiet.get("/api/slots", query={"date": date})

    assert answer.status == (200 if date in BOOKABLE else 400)
    if answer.status == 400:
        assert answer.code == "date_not_bookable"


@given(name=ANYTHING)
@quickly
def test_any_text_as_a_name_is_booked_or_refused(roomy: Api, name: str) -> None:
    status, body = post(roomy, fullName=name)

    assert status in (201, 400)
    if status == 201:
        assert 2 <= len(body["booking"]["fullName"]) <= 80
    else:
        assert set(body["errors"]) == {"fullName"}


@given(phone=ANYTHING | NEARLY_PHONES)
@quickly
def test_any_text_as_a_phone_number_is_booked_or_refused(roomy: Api, phone: str) -> None:
    status, body = post(roomy, phone=phone)

    assert status in (201, 400)
    if status == 201:
        assert body["booking"]["phone"] == phone
    else:
        assert set(body["errors"]) <= {"phone", "country"}


@given(message=st.text(st.characters(), max_size=1300))
@quickly
def test_any_text_as_a_message_is_booked_or_refused(roomy: Api, message: str) -> None:
    status, body = post(roomy, message=message)

    assert status in (201, 400)
    if status == 201:
        assert len(body["booking"]["message"]) <= 1200
    else:
        assert set(body["errors"]) == {"message"}


@given(email=ANYTHING | st.emails())
@quickly
def test_any_text_as_an_e_mail_address_is_booked_or_refused(roomy: Api, email: str) -> None:
    status, body = post(roomy, email=email)

    assert status in (201, 400, 409)
    if status == 201:
        assert body["booking"]["email"] == body["booking"]["email"].lower()


@given(member=MEMBERS, value=JSON)
@quickly
def test_anything_at_all_in_any_member_is_an_answer_of_the_contract(roomy: Api, member: str, value: Any) -> None:
    status, body = post(roomy, **{member: value})

    assert status in (201, 400, 404)
    if status == 400:
        assert body["errors"]


@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@quickly
def test_any_bytes_as_a_body_are_refused(quiet: Api, body: bytes) -> None:
    answer = quiet.send("POST", "/api/bookings", data=body, content_type="application/json")

    assert (answer.status, answer.code) == (400, "validation_failed")


@given(
    query=st.dictionaries(
        st.sampled_from(["name", "phone", "date", "country", "status", "page", "limit", "after"]),
        st.text(max_size=90),
        max_size=3,
    )
)
@quickly
def test_any_search_of_the_back_office_finds_or_refuses(roomy: Api, query: dict[str, str]) -> None:
    answer = roomy.admin("GET", "/bookings", query=query)

    assert answer.status in (200, 400)
    if answer.status == 400:
        assert set(answer.json["errors"]) <= set(query)


@given(name=st.text(min_size=1, max_size=80))
@quickly
def test_any_name_to_search_for_is_searched_or_refused(roomy: Api, name: str) -> None:
    assert roomy.admin("GET", "/bookings", query={"name": name}).status in (200, 400)


@given(path=st.text(max_size=60), token=st.text(max_size=60))
@quickly
def test_any_id_and_token_are_404(quiet: Api, path: str, token: str) -> None:
    answer = quiet.get(f"/api/bookings/{quote(path, safe='')}x", data={"token": token})

    assert answer.status == 404
