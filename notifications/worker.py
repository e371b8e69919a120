"""Sends what the outbox promises: one process at a time, at the provider's rate, again and again until it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from pymongo.errors import PyMongoError

from core import log, metrics
from core.clock import Clock
from notifications.errors import TryLater, Undeliverable
from notifications.mailers import Mailer
from notifications.model import Letter, Message, gives_up, pause_after
from notifications.store import LetterStore

LOG = log.get("notifications.worker")
ROLE = "letters"
TERM = timedelta(seconds=15)
RENEW_SECONDS = 4.0
IDLE_SECONDS = 1.0
TROUBLE_SECONDS = 5.0
MOST_AT_ONCE = 40
# Below this rate one sender keeps up; above it, several hide the provider's latency.
SEVERAL_FROM_RATE = 10.0
SENDERS = 4

Render = Callable[[Letter], Message]


class Pace:
    """Lets callers pass at most `rate` times a second, and not at all while the provider asked for quiet."""

    def __init__(self, rate: float) -> None:
        """Begin with nothing used up."""
        self._interval = 1 / rate
        self._next = 0.0
        self._lock = threading.Lock()

    def wait_seconds(self) -> float:
        """Take the next place in time and return how long it is away."""
        with self._lock:
            at = max(self._next, time.monotonic())
            self._next = at + self._interval
            return at - time.monotonic()

    def hold(self, seconds: float) -> None:
        """Let nobody pass for `seconds`."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def held_seconds(self) -> float:
        """Return how long the next caller would wait."""
        with self._lock:
            return max(0.0, self._next - time.monotonic())


@dataclass
class LetterWorker:
    """The sending loop. `owner` names this process among those that may send."""

    store: LetterStore
    mailer: Mailer
    render: Render
    clock: Clock
    rate: float
    owner: str
    stop: threading.Event = field(default_factory=threading.Event)
    wake: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Set the pace."""
        self._pace = Pace(self.rate)
        self._senders = SENDERS if self.rate >= SEVERAL_FROM_RATE else 1
        self._renewed = 0.0

    def run(self) -> None:
        """Send letters until told to stop; trouble is logged and never ends the loop."""
        while not self.stop.is_set():
            try:
                sent = self.send_due() if self._holds_role() else 0
            except PyMongoError as error:
                LOG.warning("letters_database_away", error=type(error).__name__)
                self._sleep(TROUBLE_SECONDS)
            except Exception:  # the edge: a bug in one letter must not silence all the others
                LOG.exception("letters_round_failed")
                self._sleep(TROUBLE_SECONDS)
            else:
                if not sent:
                    self._sleep(IDLE_SECONDS)
        self._leave()

    def send_due(self) -> int:
        """Send one lease of due letters; return how many were tried."""
        if self._pace.held_seconds() > IDLE_SECONDS:
            return 0
        letters = self.store.lease(MOST_AT_ONCE, self.clock())
        if not letters:
            return 0
        with ThreadPoolExecutor(self._senders) as senders:
            tried = list(senders.map(self._send_if_possible, letters))
        left = [letter for letter, done in zip(letters, tried, strict=True) if not done]
        if left:
            self.store.give_back(left, self.clock())
        return len(letters) - len(left)

    def send_all_due(self) -> int:
        """Send until nothing is due, if no other process is sending; return how many letters were tried."""
        tried = 0
        if self._holds_role():
            while count := self.send_due():
                tried += count
            self._leave()
        return tried

    def shut_down(self) -> None:
        """Ask the loop to end after the letter in hand."""
        self.stop.set()
        self.wake.set()

    def _send_if_possible(self, letter: Letter) -> bool:
        if self.stop.is_set() or self._pace.held_seconds() > TROUBLE_SECONDS or not self._holds_role():
            return False
        self.stop.wait(self._pace.wait_seconds())
        if self.stop.is_set():
            return False
        self._send(letter)
        return True

    def _send(self, letter: Letter) -> None:
        try:
            self.mailer.send(self.render(letter))
        except Undeliverable as error:
            self._give_up(letter, str(error))
        except TryLater as error:
            self._later(letter, error)
        else:
            self.store.mark_sent(letter, self.clock())
            metrics.LETTERS_SENT.labels("sent").inc()
            LOG.info("letter_sent", letter=letter.id, template=letter.template, attempts=letter.attempts + 1)

    def _later(self, letter: Letter, error: TryLater) -> None:
        if error.after:
            # The provider limits the account, not the letter.
            self._pace.hold(error.after)
        if gives_up(letter, self.clock()):
            self._give_up(letter, str(error))
            return
        until = self.clock() + pause_after(letter.attempts + 1, error.after)
        self.store.postpone(letter, until, str(error))
        metrics.LETTERS_SENT.labels("postponed").inc()
        LOG.warning("letter_postponed", letter=letter.id, reason=str(error), attempts=letter.attempts + 1)

    def _give_up(self, letter: Letter, reason: str) -> None:
        self.store.mark_failed(letter, reason, self.clock())
        metrics.LETTERS_SENT.labels("failed").inc()
        LOG.error("letter_given_up", letter=letter.id, template=letter.template, reason=reason)

    def _holds_role(self) -> bool:
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return True
        if self.store.hold_role(ROLE, self.owner, self.clock(), TERM):
            self._renewed = time.monotonic()
            return True
        return False

    def _sleep(self, seconds: float) -> None:
        self.wake.wait(seconds)
        self.wake.clear()

    def _leave(self) -> None:
        try:
            self.store.leave_role(ROLE, self.owner)
        except PyMongoError as error:
            LOG.warning("letters_role_kept", error=type(error).__name__)
