"""Runs seeds: a number of steps with faults, then everything that is left without faults, and all invariants."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from pymongo import WriteConcern

import wiring
from accounts.model import Account
from accounts.store import AccountStore
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction
from events.editor.new_event import NewEvent, NewTier
from events.model import Event
from events.seat_store import SeatStore
from events.seats import seats_of
from events.store import EventStore
from tests import factories
from tests.simulation.departures import Departures
from tests.simulation.invariants import COLLECTIONS, Invariants, Snapshot
from tests.simulation.patches import Simulation, simulated
from tests.simulation.people import People
from tests.simulation.process import Environment, Process
from tests.simulation.providers import Bank, MailProvider
from tests.simulation.world import START, World

# The seeds of a module of tests, and those of one test: about 0.11 s of CPU each, half of it the database's.
SEEDS = 250
PART = 25
STEPS = 14
PROCESSES = 3
PEOPLE = 4
# So many rounds end everything, or something never ends.
ROUNDS = 40


class Violation(AssertionError):
    """What a seed found, with its steps."""

    def __init__(self, world: World, found: str) -> None:
        steps = "\n".join(world.trace)
        super().__init__(f"seed {world.seed}: {found}\n{steps}")
        self.found = found


@dataclass
class Simulator:
    """Runs seeds on one database, which is emptied between them."""

    environment: Environment
    simulation: Simulation
    accounts: list[Account]
    steps: int = STEPS
    # The rows that the seed before has left, if it came to its end.
    left: Snapshot | None = None
    # The accounts that it has deleted.
    missing: list[Account] = field(default_factory=list)

    def run(self, seed: int) -> World:
        """Run a seed; return its world with the trace. Raises Violation."""
        self._empty()
        world = World(seed, has_faults=False)
        self.simulation.world = world
        event = self._event(world)
        world.has_faults = True
        bank = Bank(world)
        mail = MailProvider(world)

        def build() -> Process:
            return Process(self.environment, world, bank, mail)

        processes = [build() for _ in range(PROCESSES)]
        people = People(self.environment, world, bank, event, list(self.accounts), processes, build)
        world.between = people.interrupt
        self.left = None
        try:
            Run(self.simulation, people, mail).execute(self.steps)
            self.left = people.seen
        finally:
            self.missing = [account for account in self.accounts if account.id in people.rare.deleted]
        return world

    def _empty(self) -> None:
        """Empty the collections that have rows, and bring back the accounts that the seed before has deleted."""
        db = self.environment.db.with_options(write_concern=WriteConcern(1))
        for name in COLLECTIONS:
            if self.left is None or self.left.of(name):
                db[name].delete_many({})
        if self.missing:
            store_accounts(self.environment.client, AccountStore(db), self.missing)

    def _event(self, world: World) -> Event:
        rng = world.rng
        numbered = NewTier(code="A", name="A", price=500, capacity=2, seats=("A1", "A2"))
        priced = NewTier(code="B", name="B", price=1000, capacity=rng.randint(1, 6))
        free = NewTier(code="C", name="C", price=0, capacity=rng.randint(1, 4))
        # Reservations are of the first tier.
        first = rng.choice([(numbered, priced), (priced, numbered)])
        new = NewEvent(
            title="Concert",
            date=START.replace(month=12),
            venue="Hall",
            currency="USD",
            tiers=(*first, free),
            pool=rng.randint(3, 9),
        )
        event = new.build(world.now)

        def store(session: Session) -> None:
            EventStore(self.environment.db).insert(session, event)
            for tier, given in zip(event.tiers, new.tiers, strict=True):
                if given.seats:
                    SeatStore(self.environment.db).insert(session, seats_of(event.id, tier.id, given.seats))

        transaction(self.environment.client, store, 8.0)
        return event


@dataclass
class Run:
    """One seed: its steps, then its end."""

    simulation: Simulation
    people: People
    mail: MailProvider
    checked: int = -1

    def execute(self, steps: int) -> None:
        """Do the steps, then let everything end; raises Violation."""
        world = self.people.world
        try:
            for _ in range(steps):
                self.people.step()
                self._check()
            self._end()
        except Violation:
            raise
        except Exception as error:
            raise Violation(world, f"{type(error).__name__}: {error}") from error

    def _check(self) -> None:
        if self.simulation.commits == self.checked:
            return
        self.checked = self.simulation.commits
        invariants = self._invariants()
        self.people.seen = invariants.snapshot
        self._require(_broken(invariants))

    def _end(self) -> None:
        """Let time pass without faults until nothing happens any more, and check what may not be left."""
        people = self.people
        world = people.world
        world.note("from here on without faults")
        world.has_faults = False
        people.run(0, people.rare.finish_deletions)
        for _ in range(ROUNDS):
            people.bank.progress()
            for _ in range(len(people.bank.undelivered)):
                people.run(0, people.webhook)
            actions = [people.expire, people.reconcile, people.refunds, people.emails]
            if people.rare.deleted:
                actions.append(people.rare.release_accounts)
            for action in actions:
                people.run(0, action)
            invariants = self._invariants()
            people.seen = invariants.snapshot
            self._require(_broken(invariants))
            left = [*invariants.unfinished(), *Departures(invariants).unfinished()]
            if not left:
                return
            world.advance(400)
        self._require(iter(left))

    def _invariants(self) -> Invariants:
        people = self.people
        snapshot = Snapshot.read(people.environment.db)
        return Invariants(snapshot, people.bank, self.mail, people.world.now, people.keys, people.rare.deleted)

    def _require(self, broken: Iterator[str]) -> None:
        found = list(broken)
        if found:
            raise Violation(self.people.world, "; ".join(found))


def _broken(invariants: Invariants) -> Iterator[str]:
    yield from invariants.broken()
    yield from Departures(invariants).broken()


@contextmanager
def quiet() -> Iterator[None]:
    """Write no log: its tracebacks would take most of the time and the memory."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def simulator(mongodb_uri: str, client: Client) -> Iterator[Simulator]:
    """Yield a simulator on a database of its own, which is dropped afterwards."""
    settings = factories.settings(mongodb_uri)
    db = client[settings.mongodb_database]
    wiring.prepare_database(db)
    with quiet(), simulated() as simulation:
        simulation.world.has_faults = False
        services = wiring.build(settings, client=client)
        accounts = _accounts(db.client, AccountStore(db))
        environment = Environment(settings, client, db, services.accounts.accounts)
        yield Simulator(environment, simulation, accounts)
    client.drop_database(db.name)


def _accounts(client: Client, store: AccountStore) -> list[Account]:
    accounts = []
    for number in range(PEOPLE):
        account = Account(
            id=f"{number:032x}",
            email=f"person{number}@example.org",
            name=f"Person {number}",
            created_at=START,
            password_hash="",
            email_verified=True,
        )
        accounts.append(account)
    store_accounts(client, store, accounts)
    return accounts


def store_accounts(client: Client, store: AccountStore, accounts: Sequence[Account]) -> None:
    """Insert accounts, unless they are there."""

    def write(session: Session) -> None:
        for account in accounts:
            store.delete(session, account.id)
            store.insert(session, account)

    transaction(client, write, 8.0)


def seeds(simulator: Simulator, first: int, count: int) -> int:
    """Run `count` seeds from `first`; return the number of the awaits that were noted. Raises Violation."""
    return sum(len(simulator.run(seed).trace) for seed in itertools.islice(itertools.count(first), count))
