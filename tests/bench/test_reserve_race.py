"""The race of ten people for the two tickets of the demo's Limited Concert."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from bench.reserve_race import Send, main, race, report
from core.mongo.client import Db
from events.store import EventStore
from tests.api_client import Api
from tests.event_calls import new_tier, store_event


@pytest.fixture
def send(api: Api) -> Send:
    def over_app(method: str, path: str, body: dict[str, Any] | None, token: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = api.send(method, path, json=body, headers=headers)
        return answer.status, answer.json

    return over_app


def test_ten_people_for_two_tickets_are_two_successes_and_eight_refusals(send: Send, db: Db) -> None:
    event = store_event(db, new_tier(capacity=2), title="Limited Concert")

    sentence, as_it_must = report(race(send))

    assert (sentence, as_it_must) == ("2 successes, 8 refusals (sold_out)", True)
    assert EventStore(db).get(event.id).tiers[0].taken == 2
    assert report(race(send)) == ("0 successes, 10 refusals (sold_out)", False)


def test_race_without_the_demo_data_names_the_command(send: Send) -> None:
    with pytest.raises(SystemExit, match="flask demo"):
        race(send)


@pytest.mark.parametrize(
    ("successes", "code", "exit_code"), [(2, "sold_out", 0), (3, "sold_out", 1), (2, "unavailable", 1)]
)
def test_exit_code_is_one_unless_the_race_ended_exactly(
    successes: int, code: str, exit_code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = Counter({"success": successes, code: 10 - successes})
    monkeypatch.setattr("bench.reserve_race.race", lambda _: outcomes)

    assert main(["http://127.0.0.1:1/"]) == exit_code
    assert capsys.readouterr().out == f"{successes} successes, {10 - successes} refusals ({code})\n"


def test_race_without_a_service_ends_with_a_sentence() -> None:
    with pytest.raises(SystemExit, match="No service answers at"):
        main(["http://127.0.0.1:9"])
