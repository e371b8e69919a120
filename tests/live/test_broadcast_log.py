"""Broadcast log: order, gaps and bounds."""

from __future__ import annotations

import threading

import pytest

from live.broadcast_log import ALL_TOPICS, BroadcastLog, ReadCursor, advance, compact
from live.model import END, Position, decode
from tests.live.log_changes import DATE, OTHER, START, change


def new_log(max_changes: int = 100, retention: int = 600) -> BroadcastLog:
    log = BroadcastLog(max_changes, retention)
    log.demand.open()
    log.begin(START)
    return log


def messages_after(log: BroadcastLog, cursor: ReadCursor) -> list[bytes]:
    found = log.since(DATE, cursor)
    assert found is not None
    return [change.message for change in found]


def start_cursor(log: BroadcastLog) -> ReadCursor:
    cursor = log.resume(DATE, START)
    assert cursor is not None
    return cursor


def test_subscriber_gets_changes_of_its_topic_after_its_cursor() -> None:
    log = new_log()
    cursor = start_cursor(log)
    for seconds in (101, 102, 103):
        log.publish(change(seconds))
        log.publish(change(seconds, nth=2, topic=OTHER))

    first = log.since(DATE, cursor)

    assert messages_after(log, cursor) == [b"101.1", b"102.1", b"103.1"]
    assert first is not None
    assert messages_after(log, advance(cursor, first)) == []


def test_positions_of_one_transaction_are_distinct() -> None:
    log = new_log()
    for nth in (1, 2, 3):
        log.publish(change(101, nth=nth))

    cursor = log.resume(DATE, Position(101, 1, 2))

    assert cursor is not None
    assert messages_after(log, cursor) == [b"101.3"]


def test_slow_subscriber_gets_a_gap_and_others_do_not() -> None:
    log = new_log(max_changes=3)
    slow = start_cursor(log)
    for seconds in (101, 102, 103, 104):
        log.publish(change(seconds))

    assert log.since(DATE, slow) is None
    assert messages_after(log, ReadCursor(log.epoch, Position(101, 1, 1))) == [b"102.1", b"103.1", b"104.1"]
    assert log.resume(DATE, START) is None
    assert log.resume(OTHER, START) is not None, "nothing of the other topic was evicted"


def test_control_slow_subscriber_of_a_larger_log_gets_everything() -> None:
    log = new_log(max_changes=4)
    slow = start_cursor(log)
    for seconds in (101, 102, 103, 104):
        log.publish(change(seconds))

    assert len(messages_after(log, slow)) == 4


def test_old_changes_are_evicted() -> None:
    log = new_log(retention=10)
    slow = start_cursor(log)
    log.publish(change(101))
    log.advance_time((111, 1))
    assert messages_after(log, slow) == [b"101.1"]

    log.advance_time((112, 1))

    assert log.since(DATE, slow) is None


def test_new_epoch_without_a_write_is_a_gap_for_every_subscriber() -> None:
    log = new_log()
    cursor = start_cursor(log)
    changed = log.changed(DATE)

    log.begin(START)

    assert changed.is_set()
    assert log.since(DATE, cursor) is None
    assert not log.is_contiguous_from(DATE, cursor)
    assert messages_after(log, start_cursor(log)) == []


@pytest.mark.parametrize(
    ("position", "known"),
    [
        (Position(99, 9, 1), False),  # before the beginning
        (Position(100, 1, 1), False),  # other changes of that time may be unknown
        (START, True),
        (Position(101, 1, 1), True),
        (Position(101, 1, END), True),
        (Position(101, 2, 1), False),  # not known here yet
        (Position(0xFFFFFFFF, 0, 0), False),
    ],
)
def test_resume_accepts_only_positions_with_retained_history(position: Position, known: bool) -> None:
    log = new_log()
    log.publish(change(101))

    assert (log.resume(DATE, position) is not None) == known


def test_log_before_first_epoch_has_no_resume_and_no_gap() -> None:
    log = BroadcastLog()

    assert log.resume(DATE, START) is None
    assert log.since(DATE, ReadCursor(0, START)) == []
    log.begin(START)
    assert log.since(DATE, ReadCursor(0, START)) is None


def test_change_signal_taken_before_reading_is_never_missed() -> None:
    log = new_log(max_changes=10_000, retention=10_000)
    cursor = start_cursor(log)
    missed: list[ReadCursor] = []

    def read(cursor: ReadCursor) -> None:
        while cursor.position.seconds < 1100:
            changed = log.changed(DATE)
            found = log.since(DATE, cursor) or []
            if found:
                cursor = advance(cursor, found)
            elif not changed.wait(30):
                missed.append(cursor)
                return

    readers = [threading.Thread(target=read, args=(cursor,)) for _ in range(8)]
    for thread in readers:
        thread.start()
    for seconds in range(101, 1101):
        log.publish(change(seconds))
    for thread in readers:
        thread.join(10)

    assert missed == []


def test_compact_returns_the_last_change_of_each_subject() -> None:
    log = new_log()
    for seconds, name in ((101, "a"), (102, "b"), (103, "a")):
        log.publish(change(seconds, name=name))

    found = log.since(DATE, start_cursor(log))

    assert found is not None
    assert [change.message for change in compact(found)] == [b"102.1", b"103.1"]


def test_close_wakes_every_subscriber_and_prevents_reopening() -> None:
    log = new_log()
    changed = log.changed(DATE)

    log.close()
    log.demand.open()

    assert changed.is_set()
    assert not log.demand.running


TAG = "0123abcd"


def test_position_is_decoded_as_it_was_encoded() -> None:
    assert decode(Position(1772668800, 7, 2).encode(TAG), TAG) == Position(1772668800, 7, 2)


@pytest.mark.parametrize(
    "text",
    ["", "x", TAG, f"{TAG}-1-1", f"{TAG}-1-1-1-1", f"{TAG}-01-1-1", f"{TAG}-1-1-G", f"{TAG}-{'f' * 9}-1-1",
     "ffffffff-1-1-1", f"{TAG}-1-1-1, {TAG}-1-1-1", f"{TAG}-\u0661-1-1", f"{TAG}--1-1-1", "0" * 10_000],
)  # fmt: skip
def test_decode_of_an_invalid_id_returns_none(text: str) -> None:
    assert decode(text, TAG) is None


def test_subscriber_of_all_topics_gets_every_later_change_in_order() -> None:
    log = new_log()
    log.publish(change(101))
    cursor = log.tail(ALL_TOPICS)
    for seconds in (102, 103):
        log.publish(change(seconds))
        log.publish(change(seconds, nth=2, topic=OTHER))

    events = log.since(ALL_TOPICS, cursor)

    assert events is not None
    assert [change.message for change in events] == [b"102.1", b"102.2", b"103.1", b"103.2"]
    assert log.since(ALL_TOPICS, advance(cursor, events)) == []
    assert messages_after(log, start_cursor(log)) == [b"101.1", b"102.1", b"103.1"]


def test_subscriber_is_woken_by_its_own_topic_or_all_topics() -> None:
    log = new_log()
    log.tail(ALL_TOPICS)
    every, other = log.changed(ALL_TOPICS), log.changed(OTHER)

    log.publish(change(101))

    assert every.is_set()
    assert not other.is_set()


def test_slow_subscriber_of_all_topics_gets_a_gap() -> None:
    log = new_log(max_changes=3)
    log.publish(change(101))
    slow = log.tail(ALL_TOPICS)
    for seconds in (102, 103, 104):
        log.publish(change(seconds, topic=OTHER))
    assert len(log.since(ALL_TOPICS, slow) or []) == 3

    log.publish(change(105))

    assert log.since(ALL_TOPICS, slow) is None
    fresh = log.tail(ALL_TOPICS)
    assert log.since(ALL_TOPICS, fresh) == []
    log.begin(Position(200, 1, END))
    assert log.since(ALL_TOPICS, fresh) is None
