"""Operator's commands: `flask init-db`, `letters send`, `verify`, `erase`, `retain`, `make-admin`, `demo`.

A command that the database does not serve ends with one sentence on stderr and exit code 2.
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
from accounts.errors import AccountNotFound
from accounts.model import AccountChange, Role
from booking.model import ErasureResult
from core.errors import Unavailable
from core.mongo.client import NotReplicaSet, connect, require_replica_set
from core.mongo.failures import DatabaseError, is_unavailable
from events.demo.catalogue import PASSWORD
from events.demo.load import DemoOptions, DemoRefused
from orders.errors import OrderNotFound
from orders.reconciliation import COMMAND_WINDOW


def install(app: Flask, services: wiring.Services) -> None:
    """Add the commands to `app`'s command line."""
    commands = (
        _init_db(services),
        _verify(services),
        _emails(services),
        _erase(services),
        _retain(services),
        _make_admin(services),
        _payments(services),
        _demo(services),
    )
    for command in commands:
        _exit_2_on_failure_all(command)
        app.cli.add_command(command)


def _exit_2_on_failure_all(command: click.Command) -> None:
    """Make `command`, or each command of a group, exit with 2 if the database does not serve it."""
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
            reason = f"Not finished: the database {_failure(error)} ({type(error).__name__}). Please repeat."
        else:
            return
        click.echo(reason, err=True)
        sys.exit(2)

    return guarded


def _failure(error: Exception) -> str:
    if isinstance(error, DatabaseError) and not is_unavailable(error):
        return "refused"
    return "did not answer"


def _init_db(services: wiring.Services) -> click.Command:
    @click.command("init-db")
    def init_db() -> None:
        """Create collections, validators and indexes. Idempotent."""
        client = connect(services.settings.mongodb_uri, no_socket_timeout=True)
        require_replica_set(client)
        wiring.prepare_database(client[services.db.name])
        client.close()
        click.echo(f"Database {services.db.name} is ready.")

    return init_db


def _verify(services: wiring.Services) -> click.Command:
    @click.command("verify")
    def verify() -> None:
        """Recount slots and tickets; exit with 1 and name each drift, or with 2 if nothing was counted."""
        drift = services.booking.find_mismatches.execute()
        of_tickets = services.orders.find_mismatches.execute()
        of_orders = services.orders.purchases.find_mismatches.execute()
        orphans = services.schedules.orphaned_slots()
        for row in (*drift, *of_tickets, *of_orders):
            click.echo(f"drift: {_format_row(row)}")
        for slot in orphans:
            click.echo(
                f"note: slot {slot.id} on {slot.date}, {slot.label}, has bookings ({slot.booked_count}), "
                "and the schedule file has no such slot."
            )
        of_events = services.catalogue.find_mismatches.execute()
        for sentence in of_events:
            click.echo(f"drift: {sentence}")
        without_account = services.accounts.count_orphans.execute()
        for collection, count in without_account.items():
            click.echo(f"drift: {count} rows of {collection} belong to no account.")
        if drift:
            click.echo(f"{len(drift)} of the slots disagree with their bookings.")
        else:
            click.echo("Every slot agrees with its bookings.")
        if of_tickets:
            click.echo(f"{len(of_tickets)} of the tiers and pools disagree with their tickets.")
        if of_orders:
            click.echo(f"{len(of_orders)} of the orders disagree with their tickets or their money.")
        if drift or of_tickets or of_events or of_orders or without_account:
            sys.exit(1)

    return verify


def _emails(services: wiring.Services) -> AppGroup:
    group = AppGroup("letters", help="The outbox.")

    @group.command("send")
    @click.option("--once", is_flag=True, help="Send what is due now, then end.")
    def send(*, once: bool) -> None:
        """Send e-mails until stopped, alone or beside the service."""
        worker = services.worker
        scheduler = services.scheduler

        def shut_down() -> None:
            scheduler.shut_down()
            worker.shut_down()

        for stop in (signal.SIGINT, signal.SIGTERM):
            # A thread sets the events: the handler may interrupt the wait on one of them, which holds its lock.
            signal.signal(stop, lambda *_: threading.Thread(target=shut_down).start())
        if once:
            scheduler.run_once()
            click.echo(f"{worker.send_all_due()} e-mails tried; another process may be sending too.")
        else:
            threading.Thread(target=scheduler.run, name="scheduler", daemon=True).start()
            worker.run()
            scheduler.shut_down(patience=15)

    return group


def _erase(services: wiring.Services) -> click.Command:
    @click.command("erase")
    @click.option("--email", required=True, help="The e-mail address of the bookings.")
    def erase(email: str) -> None:
        """Erase a person: the account is deleted, future bookings are cancelled, no stored data names the person."""
        try:
            orders = services.orders.purchases.anonymise.by_email(email)
            accounts = services.accounts.erase_accounts.by_email(email)
            _print_erasure(services.booking.erase_person.execute(email), accounts, orders)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--email") from None

    return erase


def _retain(services: wiring.Services) -> click.Command:
    @click.command("retain")
    @click.option("--days", required=True, type=click.IntRange(0, 36_500), help="The number of days after the slot.")
    def retain(days: int) -> None:
        """Erase the guests whose slot or event was so many days ago, and the accounts of that age never verified."""
        accounts = services.accounts.erase_accounts.never_verified(days)
        orders = services.orders.purchases.anonymise.before(days)
        _print_erasure(services.booking.apply_retention.execute(days), accounts, orders)

    return retain


def _make_admin(services: wiring.Services) -> click.Command:
    @click.command("make-admin")
    @click.argument("email")
    def make_admin(email: str) -> None:
        """Give the account with this e-mail address the role of an administrator."""
        try:
            account = services.accounts.accounts.get_by_email(email)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="EMAIL") from None
        except AccountNotFound:
            raise click.ClickException("No account has this e-mail address.") from None
        services.accounts.administer.execute("operator", account.id, AccountChange(role=Role.ADMIN))
        click.echo("The account is an administrator's.")
        if not account.email_verified:
            click.echo("Its e-mail address is not verified yet.")

    return make_admin


def _payments(services: wiring.Services) -> AppGroup:
    group = AppGroup("payments", help="Payments of orders.")

    @group.command("reconcile")
    def reconcile() -> None:
        """Compare the orders of a week with the payments at the provider; settle or flag each difference."""
        purchases = services.orders.purchases
        count = purchases.reconcile.execute(COMMAND_WINDOW)
        purchases.refunds.execute()
        click.echo(f"{count} differences found.")

    @group.command("clear-flag")
    @click.argument("order_id", metavar="ORDER")
    def clear_flag(order_id: str) -> None:
        """Remove the flag of an order whose difference to its payment is explained."""
        try:
            flag = services.orders.purchases.clear_flag.execute("operator", order_id)
        except (OrderNotFound, UnicodeError):
            raise click.ClickException("There is no such order.") from None
        if flag:
            click.echo(f"The flag {flag} was removed.")
        else:
            click.echo("The order has no flag.")

    return group


def _demo(services: wiring.Services) -> click.Command:
    @click.command("demo")
    @click.option("--many", is_flag=True, help="Add 120 more events.")
    @click.option("--reset", is_flag=True, help="Put the demo's tickets back and remove its orders.")
    @click.option("--force", is_flag=True, help="Load it into a database with other data.")
    @click.option("--if-empty", is_flag=True, help="Do nothing if the database has data.")
    def demo(*, many: bool, reset: bool, force: bool, if_empty: bool) -> None:
        """Load the demo: three accounts and six events. Idempotent."""
        wiring.prepare_database(services.db)
        load = services.catalogue.load_demo
        if if_empty and not load.target.store.is_empty():
            return
        missing = len(load.missing(many=many))
        try:
            with click.progressbar(length=missing, label="Events") as bar:
                options = DemoOptions(many=many, reset=reset, force=force, progress=lambda: bar.update(1))
                result = load.execute(options)
        except DemoRefused as reason:
            raise click.ClickException(str(reason)) from None
        if reset:
            click.echo(f"The tickets of {result.reset} events were put back.")
        click.echo(f"Demo: {result.accounts} accounts and {result.events} events added; password {PASSWORD}.")

    return demo


def _print_erasure(result: ErasureResult, accounts: int, orders: int) -> None:
    if accounts:
        click.echo(f"{accounts} accounts deleted, with their sessions.")
    if orders:
        click.echo(f"{orders} orders anonymised, with their tickets.")
    click.echo(
        f"{result.bookings} bookings anonymised, {result.emails} e-mails and {result.entries} waiting entries deleted."
    )
    if result.pending:
        click.echo(
            f"Left: {result.pending} e-mail(s) in a batch that the mail provider may have accepted. They are deleted "
            "once that is known, within a day."
        )


def _format_row(row: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items())
