"""Calendar files: one booking in the guest's calendar, at the right hour, whatever people typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from booking import calendar_invite
from booking.calendar_invite import Publisher
from notifications.outbox.model import Attachment, OutboxEmail

STAMP = datetime(2026, 2, 14, 8, 30, 15, 999_000, tzinfo=UTC)
FACTS: Mapping[str, str] = {
    "event": "Open days; March, 2026",
    "timezone": "Europe/Berlin",
    "date": "2026-03-05",
    "slot": "10:00-11:00",
    "reference": "K7MP-4QXD",
    "fullName": "Ada Lovelace",
    "email": "ada.o'hara+days@example.org",
    "phone": "+14155550123",
    "country": "US",
    "city": "",
    "message": "",
    "manageUrl": "https://book.example.org:8443/bookings/0123#abc&x=1",
    "sequence": "3",
}
INVITING = ["guest_booking", "guest_promoted", "guest_rescheduled", "guest_reminder"]


def letter(template: str = "guest_booking", **facts: str) -> OutboxEmail:
    return OutboxEmail(
        id="0123-guest", template=template, to="ada@example.org", context={**FACTS, **facts}, created_at=STAMP,
        due_at=STAMP, subject="0123",
    )  # fmt: skip


def attached(template: str = "guest_booking", **facts: str) -> Attachment:
    (found,) = calendar_invite.attachments(letter(template, **facts))
    return found


def parsed(content: bytes) -> tuple[Calendar, Any]:
    whole = Calendar.from_ical(content)
    assert isinstance(whole, Calendar)
    (event,) = whole.events
    return whole, event


def lines(content: bytes) -> list[str]:
    """Return the properties of a calendar file, unfolded."""
    return content.decode().replace("\r\n ", "").split("\r\n")


@pytest.mark.parametrize("template", INVITING)
def test_email_of_a_confirmed_booking_has_an_invitation(template: str) -> None:
    file = attached(template)
    whole, event = parsed(file.content)
    assert file.name == "invite.ics"
    assert file.content_type == "text/calendar; charset=utf-8; method=REQUEST"
    assert whole["METHOD"] == "REQUEST"
    assert event["STATUS"] == "CONFIRMED"


def test_cancellation_email_removes_the_booking_from_the_calendar() -> None:
    file = attached("guest_cancellation")
    whole, event = parsed(file.content)
    assert file.content_type == "text/calendar; charset=utf-8; method=CANCEL"
    assert whole["METHOD"] == "CANCEL"
    assert event["STATUS"] == "CANCELLED"


@pytest.mark.parametrize("template", ["admin_booking", "guest_waiting", "anything_else"])
def test_other_emails_have_no_attachment(template: str) -> None:
    assert calendar_invite.attachments(letter(template)) == ()


def test_all_emails_of_a_booking_have_the_same_event_uid() -> None:
    events = [parsed(attached(template).content)[1] for template in [*INVITING, "guest_cancellation"]]
    assert {str(event["UID"]) for event in events} == {"0123@bookings.invalid"}


def test_the_event_says_who_what_and_where_to_change_it() -> None:
    _, event = parsed(attached().content)
    assert event["SUMMARY"] == "Open days; March, 2026"
    assert (
        event["DESCRIPTION"] == f"10:00-11:00, Europe/Berlin\nReference: K7MP-4QXD\nYour booking: {FACTS['manageUrl']}"
    )
    assert event["URL"] == FACTS["manageUrl"]
    assert event["ATTENDEE"] == "mailto:ada.o'hara+days@example.org"
    assert event["ATTENDEE"].params["CN"] == "Ada Lovelace"
    assert event["DTSTAMP"].dt == STAMP.replace(microsecond=0)
    assert "ORGANIZER" not in event


def test_an_organizer_is_named_when_given() -> None:
    (file,) = calendar_invite.attachments(letter(), Publisher("office@example.org"))
    assert parsed(file.content)[1]["ORGANIZER"] == "mailto:office@example.org"


@pytest.mark.parametrize(("sequence", "expected"), [("0", 0), ("1", 1), ("12", 12)])
def test_the_sequence_counts_the_changes(sequence: str, expected: int) -> None:
    assert parsed(attached(sequence=sequence).content)[1]["SEQUENCE"] == expected


def test_older_email_without_a_sequence_has_the_sequence_zero() -> None:
    facts = {name: fact for name, fact in FACTS.items() if name != "sequence"}
    content = calendar_invite.build_ics(facts=facts, about="0123", stamp=STAMP, method="REQUEST")
    assert parsed(content)[1]["SEQUENCE"] == 0


def test_a_published_entry_invites_no_one() -> None:
    whole, event = parsed(calendar_invite.build_ics(facts=FACTS, about="0123", stamp=STAMP, method="PUBLISH"))
    assert whole["METHOD"] == "PUBLISH"
    assert "ATTENDEE" not in event
    assert event["UID"] == "0123@bookings.invalid"


# Zone, date, slot; start and end in UTC, worked out by hand.
HOURS = [
    ("Europe/Berlin", "2026-03-05", "10:00-11:00", "2026-03-05T09:00", "2026-03-05T10:00"),
    ("Europe/Berlin", "2026-03-28", "10:00-11:00", "2026-03-28T09:00", "2026-03-28T10:00"),
    ("Europe/Berlin", "2026-03-29", "01:00-02:00", "2026-03-29T00:00", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-03-29", "03:00-04:00", "2026-03-29T01:00", "2026-03-29T02:00"),
    ("Europe/Berlin", "2026-03-29", "10:00-11:00", "2026-03-29T08:00", "2026-03-29T09:00"),
    ("Europe/Berlin", "2026-03-28", "23:00-00:00", "2026-03-28T22:00", "2026-03-28T23:00"),
    ("Europe/Berlin", "2026-03-28", "23:30-23:30", "2026-03-28T22:30", "2026-03-29T21:30"),
    ("Europe/Berlin", "2026-10-24", "10:00-11:00", "2026-10-24T08:00", "2026-10-24T09:00"),
    ("Europe/Berlin", "2026-10-25", "10:00-11:00", "2026-10-25T09:00", "2026-10-25T10:00"),
    ("Europe/Berlin", "2026-12-31", "23:00-01:00", "2026-12-31T22:00", "2027-01-01T00:00"),
    ("America/New_York", "2026-03-07", "10:00-11:00", "2026-03-07T15:00", "2026-03-07T16:00"),
    ("America/New_York", "2026-03-08", "01:00-02:00", "2026-03-08T06:00", "2026-03-08T07:00"),
    ("America/New_York", "2026-03-08", "10:00-11:00", "2026-03-08T14:00", "2026-03-08T15:00"),
    ("America/New_York", "2026-03-29", "10:00-11:00", "2026-03-29T14:00", "2026-03-29T15:00"),
    ("America/New_York", "2026-11-01", "10:00-11:00", "2026-11-01T15:00", "2026-11-01T16:00"),
    ("America/New_York", "2026-03-07", "22:00-00:30", "2026-03-08T03:00", "2026-03-08T05:30"),
    ("Asia/Kolkata", "2026-03-29", "10:00-11:00", "2026-03-29T04:30", "2026-03-29T05:30"),
    ("UTC", "2026-03-29", "10:00-11:00", "2026-03-29T10:00", "2026-03-29T11:00"),
]


@pytest.mark.parametrize(("zone", "day", "slot", "start", "end"), HOURS)
def test_the_hour_is_right_on_both_sides_of_every_clock_change(
    zone: str, day: str, slot: str, start: str, end: str
) -> None:
    _, event = parsed(attached(timezone=zone, date=day, slot=slot).content)
    assert event["DTSTART"].dt.astimezone(UTC) == datetime.fromisoformat(f"{start}+00:00")
    assert event["DTEND"].dt.astimezone(UTC) == datetime.fromisoformat(f"{end}+00:00")


@pytest.mark.parametrize(("zone", "day", "slot", "start", "end"), HOURS)
def test_invite_times_are_utc_and_need_no_time_zone_definition(
    zone: str, day: str, slot: str, start: str, end: str
) -> None:
    content = attached(timezone=zone, date=day, slot=slot).content
    whole, _ = parsed(content)
    assert not whole.timezones
    for name, expected in (("DTSTART", start), ("DTEND", end)):
        moment = datetime.fromisoformat(expected)
        assert f"{name}:{moment:%Y%m%dT%H%M%SZ}" in lines(content)


def test_an_hour_that_the_clocks_skip_is_the_one_they_show_instead() -> None:
    content = attached(date="2026-03-29", slot="02:30-03:30").content
    assert "DTSTART:20260329T013000Z" in lines(content)


@pytest.mark.parametrize(
    "facts",
    [
        {"date": "soon"},
        {"date": "2026-02-30"},
        {"date": "9999-12-31"},
        {"date": "0001-01-01"},
        {"slot": "10-11"},
        {"slot": "10:00-25:00"},
        {"timezone": ""},
        {"timezone": "Europe"},
        {"timezone": "Mars/Base"},
        {"timezone": "../../etc/passwd"},
        {"sequence": "many"},
    ],
    ids=str,
)
def test_email_without_a_valid_hour_has_no_invitation(facts: dict[str, str]) -> None:
    assert calendar_invite.attachments(letter(**facts)) == ()
    with pytest.raises(ValueError):  # each has a message of its own
        calendar_invite.build_ics(facts={**FACTS, **facts}, about="0123", stamp=STAMP, method="PUBLISH")


@pytest.mark.parametrize("template", [*INVITING, "guest_cancellation"])
def test_same_email_has_the_same_invitation_in_every_process(template: str) -> None:
    once = attached(template)
    assert attached(template) == once


def test_lines_are_folded_and_end_as_mail_does() -> None:
    content = attached(fullName="Ж" * 80).content
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75


def test_calendar_reminds_before_the_start_unless_cancelled() -> None:
    _, event = parsed(attached().content)
    (alarm,) = event.walk("VALARM")

    assert alarm["TRIGGER"].dt == timedelta(hours=-2)
    assert parsed(attached("guest_cancellation").content)[1].walk("VALARM") == []


def test_calendar_file_without_organiser_and_place_names_none() -> None:
    _, event = parsed(attached().content)

    assert not {"ORGANIZER", "LOCATION", "GEO"} & set(event)


PROPERTIES = {line.partition(":")[0].partition(";")[0] for line in lines(attached().content) if line}
hostile = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\x00", ";", ":", ",", '"', "^", "^n", "\\", "\\n", "\\N",
             "ATTENDEE:mailto:victim@example.net", "END:VEVENT", "BEGIN:VALARM", "X-EVIL:1", "%0d%0a", " ", "\t", "é"]
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip


@given(facts=st.fixed_dictionaries(dict.fromkeys(("fullName", "email", "event", "reference"), hostile)))
def test_what_people_typed_stays_inside_its_property(facts: dict[str, str]) -> None:
    content = attached(**facts).content
    whole, event = parsed(content)
    recorded = lines(content)
    assert {line.partition(":")[0].partition(";")[0] for line in recorded if line} == PROPERTIES
    assert [line for line in recorded if line.startswith("BEGIN:VE")] == ["BEGIN:VEVENT"]
    assert len(whole.walk("VEVENT")) == 1
    assert event["DTSTART"].dt.astimezone(UTC) == datetime(2026, 3, 5, 9, tzinfo=UTC)
    assert set(event["ATTENDEE"].params) == {"CN", "PARTSTAT", "ROLE", "RSVP"}
    assert content == attached(**facts).content


def test_a_hostile_link_stays_inside_its_property() -> None:
    recorded = lines(attached(manageUrl="https://book.example.org/\r\nATTENDEE:mailto:victim@example.net").content)
    assert len([line for line in recorded if line.startswith("ATTENDEE")]) == 1
