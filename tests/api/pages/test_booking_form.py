"""The booking form: bookings and refusals."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from core.mongo.client import Db
from tests.api.pages.page_browser import DATE, Browser, fill, shown, value, wrong
from tests.api_client import Api
from tests.deferred import write_deferred

# Booking


def test_a_good_form_books_and_leads_to_a_page_that_says_so(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    client = browser.app.test_client()
    form = browser.form(slot, fullName="Ada <b>Lovelace", message="Zwei\r\nLeute")

    browser.clock.pass_by(seconds=3)
    answer = client.post("/", data=form)
    page = client.get(answer.headers["Location"], follow_redirects=True)

    booked = db["bookings"].find_one() or {}
    path = f"/bookings/{booked['_id']}"
    assert (answer.status_code, page.request.path) == (303, f"{path}/done")
    assert "receipt" not in page.request.query_string.decode()
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", f"Path={path}"))
    text = shown(page)
    assert page.status_code == 200
    for fact in (
        "Thursday 5 March 2026",
        "10:00 to 11:00",
        booked["reference"],
        booked["email"],
        f"{path}/calendar.ics",
    ):
        assert fact in text
    assert "<b>Lovelace" not in page.text
    assert client.get(f"{path}/calendar.ics").data.startswith(b"BEGIN:VCALENDAR")
    assert (booked["message"], write_deferred(db)["letters"].count_documents({})) == ("Zwei\nLeute", 2)


def test_link_token_is_in_no_url_and_no_page(browser: Browser, api: Api) -> None:
    client = browser.app.test_client()
    form = browser.form(api.slots(DATE)[0])
    browser.clock.pass_by(seconds=3)
    answer = client.post("/", data=form)
    token = answer.headers["Set-Cookie"].partition("token=")[2].partition(";")[0]

    path = answer.headers["Location"].partition("/done")[0]
    seen = [answer.headers["Location"], answer.text, *(client.get(p).text for p in (path, f"{path}/done"))]

    assert len(token) > 20
    assert not any(token in text for text in seen)


def test_the_confirmation_is_for_the_browser_that_booked_alone(browser: Browser, api: Api) -> None:
    path = browser.send(browser.form(api.slots(DATE)[0])).headers["Location"].partition("?")[0]

    stranger = browser.get(path)
    guesser = browser.get(path, Cookie="token=wrong")

    assert (stranger.status_code, stranger.headers["Location"]) == (303, path.removesuffix("/done"))
    assert guesser.status_code == 404


def test_a_form_sent_twice_books_once(browser: Browser, api: Api, db: Db) -> None:
    form = browser.form(api.slots(DATE)[0])

    first, second = browser.send(form), browser.send(form)

    assert (first.status_code, second.status_code) == (303, 303)
    paths = [answer.headers["Location"].partition("?")[0] for answer in (first, second)]
    assert paths[0] == paths[1]
    assert db["bookings"].count_documents({}) == 1


def test_control_two_forms_of_one_guest_are_two_pendings(browser: Browser, api: Api) -> None:
    form = browser.form(api.slots(DATE)[0])
    browser.send(form)

    again = browser.send({**browser.form(None), **{k: v for k, v in form.items() if k != "form"}})

    assert (again.status_code, "You have booked this hour already" in shown(again)) == (409, True)


def test_a_form_that_has_booked_and_was_changed_says_so_and_may_go_again(browser: Browser, api: Api) -> None:
    slots = api.slots(DATE)
    form = browser.form(slots[0])
    browser.send(form)

    refused = browser.send({**form, "slotId": slots[1]["_id"]})
    renewed = browser.send(browser.form(slots[1], refused.text))

    assert (refused.status_code, "has booked a place already" in shown(refused)) == (422, True)
    assert renewed.status_code == 303


# Refusals


TYPED = {
    "fullName": "A",
    "email": "ada@",
    "phone": "12",
    "country": "DE",
    "city": 'Bonn & "Köln"',
    "message": "<b>Line one\nline two",
}


def test_every_wrong_field_is_recorded_beside_it_and_above_and_all_is_kept(browser: Browser, db: Db) -> None:
    answer = browser.send(browser.form(None, **TYPED))

    assert answer.status_code == 400
    assert wrong(answer.text, "slotId") == "Choose an hour."
    assert wrong(answer.text, "fullName").startswith("Enter your full name")
    assert wrong(answer.text, "email").startswith("Enter your e-mail address")
    assert wrong(answer.text, "phone") == "Enter a valid phone number (Germany), such as 01512 3456789."
    assert (wrong(answer.text, "city"), wrong(answer.text, "message")) == ("", "")
    above = answer.text[answer.text.index('id="summary"') :].partition("</ul>")[0]
    assert 'role="alert" tabindex="-1">' in above
    assert autofocused(answer.text) == ["hours"]
    assert re.findall(r'href="#(\w+)"', above) == ["hours", "fullName", "email", "phone"]
    assert {name: value(answer.text, name) for name in TYPED if name != "country"} == {
        name: typed for name, typed in TYPED.items() if name != "country"
    }
    assert '<option value="DE" selected>' in answer.text
    assert "<b>Line" not in answer.text
    assert db["bookings"].count_documents({}) == 0


def test_an_empty_form_is_asked_for_what_is_needed_and_no_more(browser: Browser, api: Api) -> None:
    nothing = dict.fromkeys(("fullName", "email", "phone", "country", "city", "message"), "")

    page = browser.send(browser.form(api.slots(DATE)[3], **nothing)).text

    asked = {name: wrong(page, name) for name in ("slotId", *nothing) if wrong(page, name)}
    assert set(asked) == {"fullName", "email", "phone", "country"}
    assert f'value="{api.slots(DATE)[3]["_id"]}" required checked' in page


def test_a_number_of_another_country_is_recorded_beside_the_country(browser: Browser, api: Api) -> None:
    page = browser.send(browser.form(api.slots(DATE)[0], phone="+33612345678", country="DE")).text

    assert wrong(page, "country").startswith("This phone number is not from Germany.")
    assert value(page, "phone") == "+33612345678"


def test_the_longest_message_in_any_script_fits(browser: Browser, api: Api, db: Db) -> None:
    answer = browser.send(browser.form(api.slots(DATE)[0], message="🎉" * 1200))

    assert answer.status_code == 303
    assert (db["bookings"].find_one() or {})["message"] == "🎉" * 1200


def test_what_fills_in_the_hidden_field_is_refused_and_may_try_again(browser: Browser, api: Api, db: Db) -> None:
    form = browser.form(api.slots(DATE)[0], website="https://spam.example")

    refused = browser.send(form)

    assert (refused.status_code, "everything you typed is still here" in shown(refused)) == (400, True)
    assert value(refused.text, "email") == form["email"]
    assert "spam.example" not in refused.text
    assert db["bookings"].count_documents({}) == 0
    assert browser.send({**browser.form(None, refused.text), **form, "website": ""}).status_code == 303


def test_form_sent_too_fast_is_refused_and_accepted_later(browser: Browser, api: Api) -> None:
    form = browser.form(api.slots(DATE)[0])

    too_fast, calm = browser.send(form, after=1.9), browser.send(form, after=0.2)

    assert (too_fast.status_code, calm.status_code) == (400, 303)
    assert value(too_fast.text, "fullName") == form["fullName"]


@pytest.mark.parametrize("action", ["book", "wait"])
@pytest.mark.parametrize("first", [0, 0.5, 1.9])
@pytest.mark.parametrize("second", [0, 0.1, 5])
def test_form_sent_too_fast_is_asked_once_and_then_taken(
    browser: Browser, api: Api, action: str, first: float, second: float
) -> None:
    slot = api.slots(DATE)[0]
    if action == "wait":
        fill(api, slot)
    form = browser.form(slot, action=action)

    refused = browser.send(form, after=first)
    taken = browser.send({**form, "form": browser.form(slot, refused.text)["form"]}, after=second)

    assert (refused.status_code, "Please send it once more" in shown(refused)) == (400, True)
    assert 'data-min-age-ms="0"' in refused.text
    assert taken.status_code == 303


def test_form_asked_once_books_once(browser: Browser, api: Api, db: Db) -> None:
    form = browser.form(api.slots(DATE)[0])
    refused = browser.send(form, after=0)
    again = {**form, "form": browser.form(None, refused.text)["form"]}

    answers = [browser.send(again, after=0) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert db["bookings"].count_documents({}) == 1


def test_form_asked_once_is_still_checked_for_a_robot(browser: Browser, api: Api, db: Db) -> None:
    form = browser.form(api.slots(DATE)[0])
    refused = browser.send(form, after=0)

    answer = browser.send({**form, "form": browser.form(None, refused.text)["form"], "website": "x"}, after=9)

    assert (answer.status_code, db["bookings"].count_documents({})) == (400, 0)


def test_page_names_the_rest_of_the_minimum_age(browser: Browser, api: Api) -> None:
    page = browser.page()
    form = browser.form(api.slots(DATE)[0], page, email="")

    assert 'data-min-age-ms="2000"' in page
    assert 'data-min-age-ms="0"' in browser.send(form, after=3).text


@pytest.mark.parametrize(
    ("wrong_fields", "first"),
    [
        ({"slotId": ""}, "hours"),
        ({"slotId": "", "email": "x"}, "hours"),
        ({"fullName": ""}, "fullName"),
        ({"email": "x", "phone": "1"}, "email"),
        ({"country": "", "phone": "030 123456"}, "country"),
        ({"phone": "1"}, "phone"),
        ({"message": "x" * 1201}, "message"),
        ({"form": ""}, "summary"),
        ({"website": "x"}, "summary"),
    ],
)
def test_first_wrong_field_takes_the_focus(
    browser: Browser, api: Api, wrong_fields: dict[str, str], first: str
) -> None:
    page = browser.send(browser.form(api.slots(DATE)[0], **wrong_fields)).text

    assert autofocused(page) == [first]


def test_full_hour_takes_the_focus(browser: Browser, api: Api) -> None:
    slot = api.slots(DATE)[0]
    form = browser.form(slot)
    fill(api, slot)

    assert autofocused(browser.send(form).text) == ["hours"]


def autofocused(page: str) -> list[str]:
    """Return the ids of the elements that take the focus."""
    return re.findall(r'<[a-z]+[^>]*\bid="([\w-]+)"[^>]* autofocus[ >]', page)


@pytest.mark.parametrize(
    "spoil", [lambda s: "", lambda s: s[:-1], lambda s: "1" + s, lambda s: "é.x", lambda s: "a.b.c"]
)
def test_a_form_token_that_is_not_ours_opens_nothing_and_is_renewed(
    browser: Browser, api: Api, db: Db, spoil: Callable[[str], str]
) -> None:
    form = browser.form(api.slots(DATE)[0])

    refused = browser.send({**form, "form": spoil(form["form"])})

    assert (refused.status_code, "open for very long" in shown(refused)) == (400, True)
    assert browser.send({**form, "form": browser.form(None, refused.text)["form"]}).status_code == 303


def test_expired_form_is_asked_for_again(browser: Browser, api: Api) -> None:
    form = browser.form(api.slots(DATE)[0])

    assert browser.send(form, after=13 * 3600).status_code == 400
