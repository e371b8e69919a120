"""Steps of a seed: actions of buyers, back office and scheduler, each in a process that may crash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pymongo.errors import ExecutionTimeout

from accounts.model import Account
from core.errors import DomainError, OutcomeUnknown
from core.mongo.client import Document
from events.model import Event
from orders.holds.model import CartLine
from orders.model import NewOrder
from orders.offers.errors import AlreadyInLine, NotSoldOut
from tests.simulation.invariants import Snapshot
from tests.simulation.process import Environment, Process
from tests.simulation.providers import TOKENS, Bank
from tests.simulation.rare_steps import RareSteps
from tests.simulation.world import Crash, World

Step = Callable[[Process], object]
PAUSES = (1, 5, 30, 120, 400, 700, 1900)


@dataclass
class People:
    """Buyers of one event, the back office, and the scheduler; requests are repeated after crashes."""

    environment: Environment
    world: World
    bank: Bank
    event: Event
    # Those that are not deleted.
    accounts: list[Account]
    processes: list[Process]
    rebuild: Callable[[], Process]
    unanswered: list[tuple[Account, NewOrder, str]] = field(default_factory=list)
    keys: int = 0
    # The state after the previous step, as people see it.
    seen: Snapshot = field(default_factory=Snapshot)
    # The interrupted steps, each with the state that it saw and the state of the generator.
    running: list[tuple[Step, Snapshot, Any]] = field(default_factory=list)
    # The next step that interrupts another one, if it is not just any.
    rival: Step | None = None

    def __post_init__(self) -> None:
        self.sold = self.event.tiers
        self.rare = RareSteps(self)
        self.weights: dict[Step, int] = {
            self.order: 18,
            self.order_hold: 10,
            self.repeat: 5,
            self.hold: 10,
            self.release: 2,
            self.cancel: 7,
            self.refund_part: 5,
            self.rare.refund_one: 6,
            self.transfer: 4,
            self.check_in: 4,
            self.undo_check_in: 1,
            self.join: 10,
            self.queue_up: 6,
            self.leave: 2,
            self.reserve: 8,
            self.cancel_reservation: 8,
            self.fail_refund: 2,
            self.rare.dispute: 4,
            self.rare.close_dispute: 3,
            self.rare.delete_account: 1,
            self.rare.release_accounts: 2,
            self.wait: 6,
            self.progress: 4,
            self.webhook: 10,
            self.expire: 8,
            self.refunds: 4,
            self.reconcile: 4,
            self.emails: 4,
        }

        # The steps that most often interrupt another one.
        self.rivals: Sequence[Step] = (
            *(self.cancel, self.refund_part, self.webhook, self.webhook, self.expire, self.reconcile, self.repeat),
            *(self.order_hold, self.release, self.hold, self.refunds, self.check_in, self.transfer, self.order),
            *(self.cancel_reservation, self.reserve, self.wait, self.rare.refund_one, self.rare.refund_one),
            *(self.rare.delete_account, self.rare.release_accounts),
        )

    def step(self) -> None:
        """Do one step of any process that is not in the middle of another."""
        free = [index for index, process in enumerate(self.processes) if not process.busy]
        action = self.world.rng.choices(list(self.weights), list(self.weights.values()))[0]
        self.run(self.world.rng.choice(free), action)

    def interrupt(self) -> None:
        """Do a step of another process in the middle of one."""
        free = [index for index, process in enumerate(self.processes) if not process.busy]
        if not free:
            return
        index = self.world.rng.choice(free)
        if self.rival:
            action, self.rival = self.rival, None
            self.run(index, action)
            return
        if self.world.happens(0.4):
            self._double(index)
            return
        self.seen = Snapshot.read(self.environment.db)
        self.run(index, self.pick(self.rivals))

    def _double(self, index: int) -> None:
        """Do in another process what the interrupted one does, with the same choices."""
        action, seen, state = self.running[-1]
        present = self.world.rng.getstate()
        self.world.rng.setstate(state)
        self.seen = seen
        try:
            self.run(index, action)
        finally:
            self.world.rng.setstate(present)

    def run(self, index: int, action: Step) -> object:
        """Do a step in a process; refusals are answers, a crash replaces the process."""
        process = self.processes[index]
        name = getattr(action, "__name__", "step")
        self.world.note(f"{name} in process {index}")
        self.world.depth += 1
        self.running.append((action, self.seen, self.world.rng.getstate()))
        process.busy = True
        try:
            return action(process)
        except DomainError as refusal:
            self.world.note(f"refused: {type(refusal).__name__}")
        except ExecutionTimeout:  # The service answers 503; the deadline of a busy machine is no fault of it.
            self.world.note("refused: the time is up")
        except Crash:
            self.processes[index] = self.rebuild()
        finally:
            process.busy = False
            self.world.depth -= 1
            self.running.pop()
        return None

    def pick(self, rows: Sequence[Any]) -> Any:
        return self.world.rng.choice(rows) if rows else None

    def rows(self, collection: str, *states: str) -> list[Document]:
        return sorted(self.seen.of(collection, *states), key=lambda row: row["_id"])

    def own_rows(self, collection: str, *states: str) -> list[Document]:
        """Return the rows of people who are still there."""
        return [row for row in self.rows(collection, *states) if row["accountId"] not in self.rare.deleted]

    def account_of(self, row: Document, member: str = "accountId") -> Account | None:
        return next((account for account in self.accounts if account.id == row[member]), None)

    def lines(self) -> list[CartLine]:
        chosen = [self.pick(self.sold) for _ in range(self.world.rng.choice((1, 1, 2, 3)))]
        return [CartLine(tier.id, self.world.rng.choice((1, 1, 2))) for tier in chosen]

    # What buyers do.

    def hold(self, process: Process) -> None:
        process.services.holds.create.execute(self.pick(self.accounts).id, self.lines())

    def release(self, process: Process) -> None:
        hold = self.pick(self.own_rows("holds", "active"))
        if hold:
            process.services.holds.release.execute(hold["accountId"], hold["_id"])

    def order(self, process: Process) -> None:
        self._order(process, self.pick(self.accounts), NewOrder(items=self.lines(), payment_token=self.pick(TOKENS)))

    def order_hold(self, process: Process) -> None:
        hold = self.pick(self.rows("holds", "active"))
        account = self.account_of(hold) if hold else None
        if account:
            self._order(process, account, NewOrder(hold_id=hold["_id"], payment_token=self.pick(TOKENS)))

    def repeat(self, process: Process) -> None:
        self.unanswered = [each for each in self.unanswered if each[0] in self.accounts]
        if self.unanswered:
            self._place(process, *self.unanswered.pop())

    def _order(self, process: Process, account: Account, new: NewOrder) -> None:
        self.keys += 1
        self._place(process, account, new, f"key-{self.keys}")

    def _place(self, process: Process, account: Account, new: NewOrder, key: str) -> None:
        try:
            placed = process.services.purchases.place.execute(account, new, key, "en")
        except (OutcomeUnknown, ExecutionTimeout, Crash):
            self.unanswered.append((account, new, key))
            raise
        self.world.note(f"order of {len(placed.order.items)} items is {placed.order.state.value}")
        if self.world.happens(0.1):
            self.unanswered.append((account, new, key))

    def cancel(self, process: Process) -> None:
        order = self.pick(self.own_rows("orders", "paid") or self.own_rows("orders"))
        if order:
            process.services.purchases.cancel.execute(order["accountId"], order["_id"])

    def transfer(self, process: Process) -> None:
        ticket = self.pick(self.rows("tickets"))
        holder = self.account_of(ticket, "holderId") if ticket else None
        if holder:
            email = self.pick([*(account.email for account in self.accounts), "eve@example.org"])
            process.services.purchases.transfer.execute(holder, ticket["code"], email)

    def join(self, process: Process) -> None:
        tier = self.pick(self.event.tiers)
        quantity = self.world.rng.choice((1, 1, 2))
        process.services.offers.join.execute(tier.id, self.pick(self.accounts).id, quantity)

    def queue_up(self, process: Process) -> None:
        """Let everybody join the waiting list of one tier that is sold out."""
        full = [row["_id"] for row in self.rows("event_stock") if row["taken"] >= row["capacity"]]
        tiers = [tier.id for tier in self.event.tiers if tier.id in full]
        tier_id = self.pick(tiers)
        if tier_id is None:
            return
        for account in self.world.rng.sample(self.accounts, len(self.accounts)):
            with suppress(AlreadyInLine, NotSoldOut):
                process.services.offers.join.execute(tier_id, account.id, 1)

    def leave(self, process: Process) -> None:
        entry = self.pick(self.own_rows("tier_waitlist", "waiting"))
        if entry:
            process.services.offers.leave.execute(entry["tierId"], entry["accountId"])

    def reserve(self, process: Process) -> None:
        process.services.reservations.create.execute(self.event.id, self.pick(self.accounts).id)

    def cancel_reservation(self, process: Process) -> None:
        reserved = [row["accountId"] for row in self.own_rows("reservations", "CONFIRMED")]
        account_id = self.pick(reserved or [account.id for account in self.accounts])
        process.services.reservations.cancel.of_event(self.event.id, account_id)

    # What the back office does.

    def refund_part(self, process: Process) -> None:
        order = self.pick(self.rows("orders", "paid"))
        codes = [row["code"] for row in self.rows("tickets") if order and row["orderId"] == order["_id"]]
        if codes:
            chosen = self.world.rng.sample(codes, self.world.rng.randint(1, len(codes)))
            process.services.purchases.refund_tickets.execute("admin", order["_id"], chosen)

    def check_in(self, process: Process) -> None:
        ticket = self.pick(self.rows("tickets"))
        if ticket:
            process.services.purchases.check_in.execute("admin", ticket["code"])

    def undo_check_in(self, process: Process) -> None:
        ticket = self.pick(self.rows("tickets", "checked_in"))
        if ticket:
            process.services.purchases.check_in.undo("admin", ticket["code"])

    # Time, the provider, and the scheduler.

    def wait(self, _: Process) -> None:
        self.world.advance(self.pick(PAUSES))

    def progress(self, _: Process) -> None:
        self.bank.progress()

    def fail_refund(self, _: Process) -> None:
        self.bank.fail_refund()

    def webhook(self, process: Process) -> None:
        """Deliver an event; the provider sends it again until it is answered."""
        if not self.bank.undelivered:
            return
        body = self.bank.undelivered[0]
        purchases = process.services.purchases
        purchases.webhook.execute(body, purchases.simulated_webhooks.events.sign(body))
        if body in self.bank.undelivered:
            self.bank.undelivered.remove(body)

    def expire(self, process: Process) -> None:
        process.services.holds.expire.execute()
        process.services.purchases.expire.execute()

    def refunds(self, process: Process) -> None:
        process.services.purchases.refunds.execute()

    def reconcile(self, process: Process) -> None:
        process.services.purchases.reconcile.execute()

    def emails(self, process: Process) -> int:
        return process.send_emails()
