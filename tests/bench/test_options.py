"""The command line, the specifications of the systems, and the order of the rounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from pytest import CaptureFixture

from bench.git_worktree import Checkout
from bench.interleaving import interleaved
from bench.options import parse_options
from bench.results import INTERLEAVED_SCENARIOS, LONG_SCENARIOS, SHORT_SCENARIOS
from bench.sample_bookings import SampleBookings
from bench.scenario_registry import SCENARIOS
from bench.system_specs import EVENT, Deployment, commit_spec, no_database_spec, planned_slots, service_spec
from bench.systems import SystemKind, SystemSpec, Workspace

SECRETS = {"ADMIN_KEY", "SECRET_KEY", "PORT", "MONGODB_DATABASE", "PAYMENT_API_KEY"}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace whose database is not used."""
    return Workspace("mongodb://127.0.0.1:1/?replicaSet=rs0", cast("Any", None), tmp_path)


def test_options_default_to_all_scenarios_without_a_commit() -> None:
    options = parse_options([])

    assert options.scenarios == {*SHORT_SCENARIOS, *LONG_SCENARIOS}
    assert (options.rounds, options.seconds, options.against, options.with_peers) == (4, 4.0, "", True)


def test_quick_option_shortens_the_rounds_and_leaves_out_long_scenarios() -> None:
    options = parse_options(["--quick"])

    assert options.scenarios == set(SHORT_SCENARIOS)
    assert (options.rounds, options.seconds) == (2, 2.0)


def test_options_given_win_over_the_quick_ones() -> None:
    options = parse_options(["--quick", "--rounds", "6", "--seconds", "7", "--only", "emails,hot-slot"])

    assert (options.rounds, options.seconds) == (6, 7)
    assert options.scenarios == {"emails", "hot-slot"}


def test_against_option_names_a_commit_and_is_written_to_the_results() -> None:
    options = parse_options(["--against", "HEAD~1", "--only", "hot-slot", "--no-peers"])

    assert options.to_json()["against"] == "HEAD~1"
    assert options.to_json()["scenarios"] == ["hot-slot"]
    assert not options.with_peers


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "hot-slot,spread"], "unknown scenario: spread"),
        (["--seconds", "61"], "--seconds must be above 0 and at most 60"),
        (["--seconds", "-1"], "--seconds must be above 0"),
        (["--seconds", "1.5"], "invalid int value: '1.5'"),  # wrk refuses it, too
        (["--rounds", "0"], "--rounds must be above 0 and at most 20"),
        (["--stored", "1000001"], "--stored must be above 0 and at most 1000000"),
        (["--only", "export", "--against", "HEAD"], "--against needs one of the scenarios many-slots"),
    ],
)
def test_wrong_options_are_refused(arguments: list[str], message: str, capsys: CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse_options(arguments)

    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_every_interleaved_scenario_has_a_runner() -> None:
    assert tuple(SCENARIOS) == INTERLEAVED_SCENARIOS


def test_commit_is_started_by_its_own_gunicorn_settings_alone(workspace: Workspace, tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "commit", "0123456789abcdef")

    spec = commit_spec(workspace, Deployment("commit_event", EVENT), checkout)

    assert spec.kind is SystemKind.COMMIT
    assert spec.name == "service @ 01234567"
    assert spec.command[:2] == ("env", f"--chdir={tmp_path / 'commit'}")
    assert spec.command[3:] == ("-m", "gunicorn", "-c", "gunicorn.conf.py")
    assert "PYTHONPATH" not in spec.environment


def test_service_and_commit_differ_in_database_port_and_keys_only(workspace: Workspace, tmp_path: Path) -> None:
    def comparable(spec: SystemSpec) -> dict[str, str]:
        return {name: value for name, value in spec.environment.items() if name not in SECRETS}

    service = service_spec(workspace, Deployment("service_event", EVENT, 2))
    commit = commit_spec(workspace, Deployment("commit_event", EVENT, 2), Checkout(tmp_path, "0123456789"))

    assert comparable(service) == comparable(commit)
    assert all(service.environment[name] != commit.environment[name] for name in SECRETS)
    assert service.environment["WEB_CONCURRENCY"] == "2"
    assert tuple(service.command) == tuple(commit.command[2:])


def test_service_without_database_replaces_the_application(workspace: Workspace) -> None:
    spec = no_database_spec(workspace, Deployment("no_database", EVENT))

    assert spec.command[-1] == "bench.baseline:create_app()"
    assert int(spec.environment["WEB_CONCURRENCY"]) >= 1


def test_rounds_begin_with_another_group_and_reverse_every_second_time() -> None:
    groups = ["sc", "e", "f"]

    orders = ["".join(interleaved(groups, number)) for number in range(6)]

    assert orders == ["scef", "efcs", "fsce", "csef", "efsc", "fcse"]


def test_rounds_of_one_group_alternate() -> None:
    assert ["".join(interleaved(["sc"], number)) for number in range(3)] == ["sc", "cs", "sc"]


def test_sample_bookings_are_reproducible_with_unique_references() -> None:
    slots = planned_slots(EVENT)

    bookings = list(SampleBookings(500, slots))

    assert bookings == list(SampleBookings(500, slots))
    assert len({booking.reference for booking in bookings}) == 500
    assert {booking.slot_id for booking in bookings} == {slot.id for slot in slots}
    assert [booking.created_at for booking in bookings] == sorted(booking.created_at for booking in bookings)
