"""The fan-out alone: order, gaps, bounds."""

from __future__ import annotations

import threading

import pytest

from live.broadcast_log import ALL_DATES, BroadcastLog, ReadCursor, latest, moved
from live.model import END, Change, Position, decode
from schedules.model import Slot

DATE, OTHER = "2026-03-05", "2026-03-07"
START = Position(100, 1, END)


def slot(name: str = "a", booked: int = 0, date: str = DATE) -> Slot:
    return Slot(name, date, "A", "10:00", "11:00", "10:00-11:00", 4, booked, closed=False)


def change(seconds: int, booked: int = 0, *, name: str = "a", nth: int = 1, date: str = DATE) -> Change:
    return Change(Position(seconds, 1, nth), slot(name, booked, date))


def new(most: int = 100, seconds: int = 600) -> BroadcastLog:
    feed = BroadcastLog(lambda change: f"{change.position.seconds}.{change.position.nth}".encode(), most, seconds)
    feed.open()
    feed.begin(START)
    return feed


def heard(feed: BroadcastLog, mark: ReadCursor) -> list[bytes]:
    found = feed.since(DATE, mark)
    assert found is not None
    return [kept.message for kept in found]


def begun(feed: BroadcastLog) -> ReadCursor:
    mark = feed.resume(DATE, START)
    assert mark is not None
    return mark


def test_a_reader_gets_the_changes_of_its_date_after_its_mark_in_order() -> None:
    feed = new()
    mark = begun(feed)
    for seconds in (101, 102, 103):
        feed.publish(change(seconds))
        feed.publish(change(seconds, nth=2, date=OTHER))

    first = feed.since(DATE, mark)

    assert heard(feed, mark) == [b"101.1", b"102.1", b"103.1"]
    assert first is not None
    assert heard(feed, moved(mark, first)) == []


def test_changes_of_one_transaction_are_told_apart() -> None:
    feed = new()
    for nth in (1, 2, 3):
        feed.publish(change(101, nth=nth))

    mark = feed.resume(DATE, Position(101, 1, 2))

    assert mark is not None
    assert heard(feed, mark) == [b"101.3"]


def test_a_reader_that_was_too_slow_is_told_of_the_gap_and_the_others_are_not() -> None:
    feed = new(most=3)
    slow = begun(feed)
    for seconds in (101, 102, 103, 104):
        feed.publish(change(seconds))

    assert feed.since(DATE, slow) is None
    assert heard(feed, ReadCursor(feed.epoch, Position(101, 1, 1))) == [b"102.1", b"103.1", b"104.1"]
    assert feed.resume(DATE, START) is None
    assert feed.resume(OTHER, START) is not None, "nothing of the other date was let go"


def test_control_with_room_enough_the_same_reader_gets_everything() -> None:
    feed = new(most=4)
    slow = begun(feed)
    for seconds in (101, 102, 103, 104):
        feed.publish(change(seconds))

    assert len(heard(feed, slow)) == 4


def test_changes_are_let_go_when_they_are_old() -> None:
    feed = new(seconds=10)
    slow = begun(feed)
    feed.publish(change(101))
    feed.advance((111, 1))
    assert heard(feed, slow) == [b"101.1"]

    feed.advance((112, 1))

    assert feed.since(DATE, slow) is None


def test_a_new_era_is_a_gap_for_everybody_though_nothing_was_written() -> None:
    feed = new()
    mark, news = begun(feed), feed.news(DATE)

    feed.begin(START)

    assert news.is_set()
    assert feed.since(DATE, mark) is None
    assert not feed.covers(DATE, mark)
    assert heard(feed, begun(feed)) == []


@pytest.mark.parametrize(
    ("position", "known"),
    [
        (Position(99, 9, 1), False),  # before the beginning
        (Position(100, 1, 1), False),  # perhaps others of that time were not seen
        (START, True),
        (Position(101, 1, 1), True),
        (Position(101, 1, END), True),
        (Position(101, 2, 1), False),  # not known here yet
        (Position(0xFFFFFFFF, 0, 0), False),
    ],
)
def test_only_positions_whose_history_is_known_are_resumed(position: Position, known: bool) -> None:
    feed = new()
    feed.publish(change(101))

    assert (feed.resume(DATE, position) is not None) == known


def test_before_the_first_era_nobody_resumes_and_nobody_is_told_of_a_gap() -> None:
    feed = BroadcastLog(lambda _: b"")

    assert feed.resume(DATE, START) is None
    assert feed.since(DATE, ReadCursor(0, START)) == []
    feed.begin(START)
    assert feed.since(DATE, ReadCursor(0, START)) is None


def test_news_taken_before_looking_are_never_slept_through() -> None:
    feed = new(most=10_000, seconds=10_000)
    mark, missed = begun(feed), []

    def read(mark: ReadCursor) -> None:
        while mark.position.seconds < 1100:
            news = feed.news(DATE)
            found = feed.since(DATE, mark) or []
            if found:
                mark = moved(mark, found)
            elif not news.wait(30):
                missed.append(mark)
                return

    readers = [threading.Thread(target=read, args=(mark,)) for _ in range(8)]
    for thread in readers:
        thread.start()
    for seconds in range(101, 1101):
        feed.publish(change(seconds))
    for thread in readers:
        thread.join(10)

    assert missed == []


def test_of_many_changes_the_latest_of_each_slot_are_enough() -> None:
    feed = new()
    for seconds, name in ((101, "a"), (102, "b"), (103, "a")):
        feed.publish(change(seconds, name=name))

    found = feed.since(DATE, begun(feed))

    assert found is not None
    assert [kept.message for kept in latest(found)] == [b"102.1", b"103.1"]


def test_closing_wakes_everybody_and_nothing_opens_again() -> None:
    feed = new()
    news = feed.news(DATE)

    feed.close()
    feed.open()

    assert news.is_set()
    assert not feed.running


TAG = "0123abcd"


def test_an_id_is_read_as_it_was_written() -> None:
    assert decode(Position(1772668800, 7, 2).encode(TAG), TAG) == Position(1772668800, 7, 2)


@pytest.mark.parametrize(
    "text",
    ["", "x", TAG, f"{TAG}-1-1", f"{TAG}-1-1-1-1", f"{TAG}-01-1-1", f"{TAG}-1-1-G", f"{TAG}-{'f' * 9}-1-1",
     "ffffffff-1-1-1", f"{TAG}-1-1-1, {TAG}-1-1-1", f"{TAG}-\u0661-1-1", f"{TAG}--1-1-1", "0" * 10_000],
)  # fmt: skip
def test_an_id_that_nobody_wrote_is_none(text: str) -> None:
    assert decode(text, TAG) is None


def test_a_reader_of_all_dates_gets_every_change_after_it_began_in_order() -> None:
    feed = new()
    feed.publish(change(101))
    mark = feed.here(ALL_DATES)
    for seconds in (102, 103):
        feed.publish(change(seconds))
        feed.publish(change(seconds, nth=2, date=OTHER))

    told = feed.since(ALL_DATES, mark)

    assert told is not None
    assert [kept.message for kept in told] == [b"102.1", b"102.2", b"103.1", b"103.2"]
    assert feed.since(ALL_DATES, moved(mark, told)) == []
    assert heard(feed, begun(feed)) == [b"101.1", b"102.1", b"103.1"]


def test_a_reader_of_all_dates_is_woken_by_each_date_and_a_reader_of_one_by_its_own() -> None:
    feed = new()
    feed.here(ALL_DATES)
    every, other = feed.news(ALL_DATES), feed.news(OTHER)

    feed.publish(change(101))

    assert every.is_set()
    assert not other.is_set()


def test_a_reader_of_all_dates_that_was_too_slow_is_told_of_the_gap() -> None:
    feed = new(most=3)
    feed.publish(change(101))
    slow = feed.here(ALL_DATES)
    for seconds in (102, 103, 104):
        feed.publish(change(seconds, date=OTHER))
    assert len(feed.since(ALL_DATES, slow) or []) == 3

    feed.publish(change(105))

    assert feed.since(ALL_DATES, slow) is None
    fresh = feed.here(ALL_DATES)
    assert feed.since(ALL_DATES, fresh) == []
    feed.begin(Position(200, 1, END))
    assert feed.since(ALL_DATES, fresh) is None
