"""Recurrence rules as calendars write them; refusals are this service's own sentences and come within a second."""

from __future__ import annotations

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr

from schedules import recurrence, schedule_file
from schedules.errors import ScheduleError
from tests.schedules.files import with_rule

BERLIN = ZoneInfo("Europe/Berlin")
SATURDAYS = ["2026-03-07", "2026-03-14", "2026-03-21", "2026-03-28"]


def dates(rule: str, first: str = "2026-03-01", zone: ZoneInfo = BERLIN) -> list[str]:
    return [str(day) for day in recurrence.dates_of(rule, date.fromisoformat(first), zone)]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=SA;COUNT=4",
        "RRULE:FREQ=WEEKLY;UNTIL=20260331T215959Z;BYDAY=SA",
        "RRULE:FREQ=WEEKLY;UNTIL=20260328T225959Z;BYDAY=SA",
        "rrule:freq=weekly;until=20260328;byday=sa",
        "FREQ=WEEKLY;UNTIL=20260328T000000;BYDAY=SA",
        "FREQ=WEEKLY;BYDAY=SA;COUNT=4;",
        " FREQ = WEEKLY ; BYDAY = SA ; COUNT = 4 ; ",
        "WKST=MO;FREQ=WEEKLY;BYDAY=SA;COUNT=4;BYHOUR=10;BYMINUTE=0;BYSECOND=0",
        "\ufeffRRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=4\r\n",
        "RRULE:FREQ=WEEKLY;BY\r\n DAY=SA;COUNT=4",
        "RRULE:FREQ=WEEKLY;BY\n\tDAY=SA;COU\n NT=4\n",
        "DTSTART;TZID=Europe/Berlin:20260301T100000\nRRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=4",
        "DTSTART;VALUE=DATE:20260301\n  RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=4",
        "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=5\nEXDATE;TZID=Europe/Berlin:20260404T100000",
        "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=5\nEXDATE;VALUE=DATE:20260404",
        "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=5\nEXDATE:20260403T230000Z",
        'RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=5\nEXDATE;TZID="W. Europe Standard Time":20260404T100000',
        "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=6\nEXDATE:20260404T100000,2026041\n 1T100000",
        "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=5\nEXDATE;TZID=America/New_York:20260403T190000",
        "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=3\nRDATE:20260328",
    ],
)  # fmt: skip
def test_rule_in_a_calendars_notation_gives_its_dates(rule: str) -> None:
    assert dates(rule) == SATURDAYS


def test_until_ends_on_its_day_in_the_zone_of_the_schedule() -> None:
    rule = "FREQ=DAILY;UNTIL=20260303T223000Z"

    assert dates(rule)[-1] == "2026-03-03"
    assert dates(rule, zone=ZoneInfo("Asia/Tokyo"))[-1] == "2026-03-04"
    assert dates(rule, zone=ZoneInfo("America/New_York"))[-1] == "2026-03-03"
    assert dates("FREQ=DAILY;UNTIL=20260303T233000Z")[-1] == "2026-03-04"


@pytest.mark.parametrize(
    "value",
    [
        '"RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=5\\r\\nEXDATE:20260404"',
        '"""\nRRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=5\nEXDATE:20260404\n"""',
        '"""\n  RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=5\n  EXDATE:20260404\n"""',
        "'''\nRRULE:FREQ=WEEKLY;BYDAY=SA;COU\n NT=5\nEXDATE:20260404'''",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_file_with_a_rule_of_several_lines_gives_its_dates(value: str, newline: str, mark: str) -> None:
    text = mark + with_rule(value).replace("\n", newline)

    assert [day.date for day in schedule_file.parse(text, "x.toml").days] == SATURDAYS


# The rule, and the words that say what is wrong with it.
REFUSED = [
    ("", "must be a recurrence rule in quotes"),
    ("nonsense", 'has "nonsense"; each line is a rule, EXDATE, RDATE or DTSTART.'),
    ("FREQ=SOMETIMES;COUNT=1", 'must have FREQ=DAILY, WEEKLY, MONTHLY or YEARLY, not "SOMETIMES".'),
    ("FREQ=HOURLY;COUNT=4", 'not "HOURLY".'),
    ("FREQ=DAILY", "gives more than 1000 dates: end it with COUNT or UNTIL."),
    ("FREQ=YEARLY", "goes on after 2076: end it with COUNT or UNTIL."),
    ("FREQ=DAILY;COUNT=0", "has COUNT=0; it must be a whole number from 1 to 1000."),
    ("FREQ=DAILY;COUNT=1001", "has COUNT=1001; it must be a whole number from 1 to 1000."),
    ("FREQ=DAILY;COUNT=many", "has COUNT=MANY; it must be a whole number from 1 to 1000."),
    ("FREQ=DAILY;COUNT=1,2", "has several numbers after COUNT."),
    ("FREQ=DAILY;COUNT=", "has no value after COUNT."),
    ("FREQ=DAILY;COUNT", "has no value after COUNT."),
    ("FREQ=DAILY;COUNT=2;COUNT=3", "has COUNT twice."),
    ("FREQ=DAILY;INTERVAL=0;COUNT=2", "has INTERVAL=0; it must be a whole number from 1 to 9999."),
    ("FREQ=DAILY;UNTIL=20200101", "matches no date from 2026-03-01 on."),
    ("FREQ=DAILY;UNTIL=2026-03-31", 'has UNTIL "2026-03-31"; it must be written like 20260331 or 20260331T215959Z.'),
    ("FREQ=DAILY;UNTIL=20260230", "has UNTIL 20260230, which is not in the calendar."),
    ("FREQ=DAILY;UNTIL=20260301T256000Z", "has UNTIL 20260301T256000Z, which is not in the calendar."),
    ("FREQ=DAILY;UNTIL=soon", 'has UNTIL "SOON"; it must be written like'),
    ("FREQ=WEEKLY;BYDAY=XX;COUNT=2", "has BYDAY=XX; it must be MO to SU"),
    ("FREQ=WEEKLY;BYDAY=2SA;COUNT=2", "has BYDAY=2SA; a number before the day needs FREQ=MONTHLY or YEARLY."),
    ("FREQ=MONTHLY;BYDAY=0SA;COUNT=2", "has BYDAY=0SA; it must be MO to SU"),
    ("FREQ=MONTHLY;BYMONTHDAY=32;COUNT=2", "has BYMONTHDAY=32; it must be a whole number from 1 to 31, or from"),
    ("FREQ=MONTHLY;BYMONTHDAY=0;COUNT=2", "has BYMONTHDAY=0; it must"),
    ("FREQ=YEARLY;BYMONTH=13;COUNT=2", "has BYMONTH=13; it must be a whole number from 1 to 12."),
    ("FREQ=YEARLY;BYMONTH=\u0663;COUNT=2", "has BYMONTH=\u0663; it must"),
    ("FREQ=WEEKLY;WKST=XX;COUNT=2", "has WKST=XX; it must be MO to SU."),
    ("FREQ=DAILY;BYHOUR=10,11;COUNT=2", "has several hours in BYHOUR"),
    ("FREQ=DAILY;BYHOUR=24;COUNT=2", "has BYHOUR=24; it must be a whole number from 0 to 23."),
    ("FREQ=DAILY;X-NAME=1;COUNT=2", 'has "X-NAME", which is not known; known are FREQ'),
    ("FREQ=DAILY;BYEASTER=1;COUNT=2", 'has "BYEASTER", which is not known'),
    ("RRULE:FREQ=DAILY;COUNT=2\\nRRULE:FREQ=DAILY;COUNT=3", "must be one recurrence rule"),
    ("EXDATE:20260301", "must be one recurrence rule"),
    ("RRULE:COUNT=3", 'must have FREQ=DAILY, WEEKLY, MONTHLY or YEARLY, not "".'),
    ("RRULE:FREQ=DAILY;COUNT=2\\nEXRULE:FREQ=DAILY;COUNT=1", "each line is a rule, EXDATE, RDATE or DTSTART."),
    ("RRULE:FREQ=DAILY;COUNT=2\\nEXDATE:tomorrow", 'has EXDATE "TOMORROW"; it must be written like'),
    ("RRULE:FREQ=DAILY;COUNT=2\\nEXDATE;TZID=Mars/Base:20260301T100000", "has EXDATE;TZID=Mars/Base, which is not in"),
    ("RRULE:FREQ=DAILY;COUNT=1\\nEXDATE:20260301", "must leave 1 to 1000 dates after RDATE and EXDATE, not 0."),
    ("DTSTART:20260302\\nRRULE:FREQ=DAILY;COUNT=2", "has DTSTART 2026-03-02, but first is 2026-03-01."),
    ("RRULE:FREQ=DAILY;COUNT=1\\nRDATE;VALUE=PERIOD:20260302T100000Z/PT1H", "has RDATE"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "reason"), REFUSED)
def test_refused_rule_names_line_key_and_reason(rule: str, reason: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        schedule_file.parse(with_rule(f'"{rule}"'), "winter.toml")

    assert str(refused.value).startswith("winter.toml, line 9: rule ")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
        "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31;UNTIL=99991231",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1;INTERVAL=9999",
    ],
)
def test_rule_that_never_matches_ends_within_a_second(rule: str) -> None:
    started = time.process_time()

    with pytest.raises(ValueError, match=r"^matches no date from 2026-03-01 on\.$"):
        dates(rule)

    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=4",
        "FREQ=DAILY;BYMONTH=2,3;BYDAY=MO,FR",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=3;WKST=WE",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=-1,15",
        "FREQ=MONTHLY;BYDAY=2SA,-1SU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;INTERVAL=5;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=1,6",
        "FREQ=YEARLY;BYDAY=20MO,-1SU",
        "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
        "FREQ=YEARLY;BYWEEKNO=1,20,53,-1;BYDAY=MO,SU",
        "FREQ=YEARLY;BYWEEKNO=1;WKST=SU;BYDAY=SU",
        "FREQ=YEARLY;BYYEARDAY=1,100,-1,366",
        "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=29;BYSETPOS=1",
    ],
)
@pytest.mark.parametrize("first", ["2026-03-01", "2024-02-29", "2025-12-31"])
def test_rule_gives_the_same_dates_as_the_library(rule: str, first: str) -> None:
    bounded = f"{rule};UNTIL=20321231"
    expected = rrulestr(bounded, dtstart=datetime.fromisoformat(first))

    assert dates(bounded, first) == [str(moment.date()) for moment in expected]
