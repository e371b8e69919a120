"""The printed report in Markdown, the line of a round, and the results file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.report import Report, progress_line, table
from bench.results import CANCEL, EVENT_SLOTS, EXPRESS, MANY_SLOTS, SERVICE, RoundResult

COMMIT = "service @ abc12345"


def many_slots(system: str, value: float, **members: Any) -> RoundResult:
    return RoundResult(MANY_SLOTS, system, value, **members)


def report() -> Report:
    results = [
        many_slots(
            SERVICE,
            1234.5,
            p50=50,
            p99=160.2,
            service_cpu_ms=0.95,
            mongod_cpu_ms=0.31,
            later_cpu_ms=0.15,
            later_mongod_cpu_ms=0.12,
            statuses={201: 4938},
        ),
        many_slots(COMMIT, 1000, p50=60, p99=170, service_cpu_ms=1.0, mongod_cpu_ms=0.31, statuses={201: 4000}),
        many_slots(EXPRESS, 300, statuses={201: 1200}, problem="1200 bookings, but 3 e-mails"),
    ]
    return Report(results, {"at": "2026-11-21"}, COMMIT)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_report_is_markdown_with_values_cpu_and_the_ratio_to_the_commit() -> None:
    lines = report().text().splitlines()

    titles, rule, service, commit, express = map(cells, lines[:5])
    assert titles[-5:] == ["CPU ms", "mongod CPU ms", "later CPU ms", "later mongod CPU ms", f"rate / {COMMIT}"]
    assert set("".join(rule)) == {"-"}
    assert service == [
        *("many-slots", "service", "1,234", "1,234", "1,234", "bookings/s", "50.00", "160", "0.95", "0.31"),
        *("0.15", "0.12", "1.23"),
    ]
    assert (commit[1], *commit[-3:]) == (COMMIT, "-", "-", "")
    assert express[2] == "- (1 of 1 rounds failed)"
    assert lines[-1] == "failed round: many-slots, express: 1200 bookings, but 3 e-mails"


def test_report_compares_the_service_alone_round_by_round() -> None:
    text = Report([many_slots(SERVICE, 20), many_slots(COMMIT, 10), many_slots(EXPRESS, 5)], against=COMMIT).text()

    ratios = text.split(f"service / {COMMIT}:")[1].split("\n\n")[1].splitlines()
    assert [cells(line) for line in ratios[2:]] == [["many-slots", "2.00", "2.00", "2.00", "-", "-", "1"]]
    assert cells(text.splitlines()[4])[-1] == "0.50"


def test_report_prints_a_figure_that_is_not_reached_with_its_target() -> None:
    results = [
        RoundResult(CANCEL, SERVICE, 130.0, p99=499.0, statuses={200: 9, 503: 2}),
        RoundResult(EVENT_SLOTS, SERVICE, 1000.0),
    ]

    rows = [cells(line) for line in Report(results).text().splitlines()]

    assert ["cancel", "cancels/s", "at least 0.7 x event-slots", "0.13", "**not reached**"] in rows
    assert ["cancel", "p99", "at most 500", "499", "reached"] in rows
    assert ["cancel", "responses with 503", "at most 0", "2.00", "**not reached**"] in rows
    assert ["event-slots", "bookings/s", "at least 4 x express", "-", "no value"] in rows


def test_report_evaluates_targets_against_a_commit_with_one_alone() -> None:
    results = [RoundResult(EVENT_SLOTS, SERVICE, 1700.0), RoundResult(EVENT_SLOTS, COMMIT, 1000.0)]

    rows = [cells(line) for line in Report(results, against=COMMIT).text().splitlines()]

    assert ["event-slots", "bookings/s", "at least 1.65 x commit", "1.70", "reached"] in rows
    assert "x commit" not in Report(results).text()


def test_report_without_a_commit_has_no_ratio() -> None:
    text = Report([many_slots(SERVICE, 10)]).text()

    assert "rate" not in text
    assert not Report([many_slots(SERVICE, 10)]).has_problems
    assert report().has_problems


def test_table_columns_are_aligned() -> None:
    lines = table(("a", "long title"), [("a value", "1")]).splitlines()

    assert lines == ["| a       | long title |", "| ------- | ---------- |", "| a value | 1          |"]


def test_report_file_has_all_rounds_and_comparisons(tmp_path: Path) -> None:
    content = json.loads(report().write(tmp_path / "results").read_text())

    assert list(content) == ["at", "summaries", "comparisons", "targets", "rounds"]
    assert content["comparisons"][0]["rate"] == pytest.approx(1.2345)
    assert content["rounds"][0]["statuses"] == {"201": 4938}
    assert content["summaries"][0]["unit"] == "bookings/s"


def test_progress_line_names_the_failure() -> None:
    line = progress_line(many_slots(EXPRESS, 3, statuses={503: 1, 201: 2}, problem="wrong"))

    assert line.split() == ["many-slots", "express", "3.00", "p99", "-", "ms", "201:2", "503:1", "FAILED:", "wrong"]
