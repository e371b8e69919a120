"""The operator's commands: `flask init-db`, `letters send`, `verify`, `erase`, `retain`.

Whichever of them the database does not serve ends with one sentence on stderr and with 2: `install` sees to that.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

import wiring
from booking.model import ErasureResult
from core.errors import Unavailable
from core.mongo.client import NotReplicaSet, connect, require_replica_set
from core.mongo.failures import DatabaseError, is_unavailable


def install(app: Flask, services: wiring.Services) -> None:
    """Add the commands to `app`'s command line."""
    commands = (_init_db(services), _verify(services), _letters(services), _erase(services), _retain(services))
    for command in commands:
        _exit_2_on_failure_all(command)
        app.cli.add_command(command)


def _exit_2_on_failure_all(command: click.Command) -> None:
    """Let `command`, or each command of a group, end with a sentence when the database does not serve it."""
    if isinstance(command, click.Group):
        for child in command.commands.values():
            _exit_2_on_failure_all(child)
    elif command.callback:
        command.callback = _exit_2_on_failure(command.callback)


def _exit_2_on_failure(run: Callable[..., None]) -> Callable[..., None]:
    @wraps(run)
    def guarded(*args: Any, **options: Any) -> None:
        try:
            run(*args, **options)
        except NotReplicaSet as error:
            reason = str(error)
        except (DatabaseError, Unavailable) as error:
            refused = isinstance(error, DatabaseError) and not is_unavailable(error)
            did = "refused" if refused else "did not answer"
            reason = f"Not finished: the database {did} ({type(error).__name__}). Please repeat."
        else:
            return
        click.echo(reason, err=True)
        sys.exit(2)

    return guarded


def _init_db(services: wiring.Services) -> click.Command:
    @click.command("init-db")
    def init_db() -> None:
        """Create collections, validators and indexes; doing it again changes nothing."""
        client = connect(services.settings.mongodb_uri, no_socket_timeout=True)
        require_replica_set(client)
        wiring.prepare_database(client[services.db.name])
        client.close()
        click.echo(f"Database {services.db.name} is ready.")

    return init_db


def _verify(services: wiring.Services) -> click.Command:
    @click.command("verify")
    def verify() -> None:
        """Recount every slot from its bookings; end with 1 and name each drift, or with 2 when nothing was counted."""
        drift, orphans = services.booking.find_mismatches.execute(), services.schedules.orphaned_slots()
        for row in drift:
            click.echo(f"drift: {_format_row(row)}")
        for slot in orphans:
            click.echo(
                f"note: slot {slot.id} on {slot.date}, {slot.label}, has bookings ({slot.booked_count}), "
                "and the schedule file has no such slot."
            )
        click.echo(
            f"{len(drift)} of the slots disagree with their bookings."
            if drift
            else "Every slot agrees with its bookings."
        )
        sys.exit(1 if drift else 0)

    return verify


def _letters(services: wiring.Services) -> AppGroup:
    group = AppGroup("letters", help="The outbox.")

    @group.command("send")
    @click.option("--once", is_flag=True, help="Send what is due now, then end.")
    def send(*, once: bool) -> None:
        """Send letters until told to stop, alone or beside the service."""
        worker = services.worker
        scheduler = services.scheduler

        def shut_down() -> None:
            scheduler.shut_down()
            worker.shut_down()

        for stop in (signal.SIGINT, signal.SIGTERM):
            # Not in the handler itself: it may interrupt the very wait that it would wake.
            signal.signal(stop, lambda *_: threading.Thread(target=shut_down).start())
        if once:
            scheduler.run_once()
            click.echo(f"{worker.send_all_due()} letters tried; another process may be sending too.")
        else:
            threading.Thread(target=scheduler.run, name="scheduler", daemon=True).start()
            worker.run()
            scheduler.shut_down(patience=15)

    return group


def _erase(services: wiring.Services) -> click.Command:
    @click.command("erase")
    @click.option("--email", required=True, help="The address the person booked with.")
    def erase(email: str) -> None:
        """Forget a person: bookings to come are cancelled, and nothing that is kept names the person any more."""
        try:
            _print_erasure(lambda: services.booking.erase_person.execute(email))
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--email") from None

    return erase


def _retain(services: wiring.Services) -> click.Command:
    @click.command("retain")
    @click.option("--days", required=True, type=click.IntRange(0, 36_500), help="How many days after their slot.")
    def retain(days: int) -> None:
        """Forget everybody whose slot was more than so many days ago."""
        _print_erasure(lambda: services.booking.apply_retention.execute(days))

    return retain


def _print_erasure(forget: Callable[[], ErasureResult]) -> None:
    done = forget()
    click.echo(
        f"{done.bookings} bookings made nobody's, {done.letters} letters and {done.entries} waiting entries deleted."
    )
    if done.pending:
        click.echo(
            f"Left: {done.pending} letter(s) in a batch that the mail provider may have. They are deleted when that is "
            "known, a day from now at most."
        )


def _format_row(row: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items())
