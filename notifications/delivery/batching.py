"""Leased letters to parcels: which go together, so that many that wait cost few calls.

A batch is a fixed unit. Its letters are written down with one key before it is handed over, and from then on all of
them go under that key, in the order of their ids, however often the call must be repeated: also when some of them have
been marked as sent. So the provider recognises it, and no letter arrives twice. Four things end a batch: the provider
refused it and took none; it was given back before anybody tried it; it was given up, all that was not sent of it; or
the provider has forgotten its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.ids import new_id
from notifications.delivery.sender import Parcel, Render
from notifications.mailers import MOST_IN_BATCH, BatchMailer, Mailer
from notifications.outbox.model import GIVE_UP_AFTER, OPEN, Batch, Letter, Message, State
from notifications.outbox.store import LetterStore

# Fewer go one by one: a batch is refused as a whole for one bad letter, and saves them little.
FEWEST_IN_BATCH = 5


@dataclass(frozen=True)
class Packer:
    """Makes parcels for one mailer."""

    store: LetterStore
    mailer: Mailer
    render: Render

    @property
    def makes_batches(self) -> bool:
        """Return whether the mailer takes letters together."""
        return isinstance(self.mailer, BatchMailer)

    def pack(self, letters: Sequence[Letter], now: datetime) -> list[Parcel]:
        """Return the parcels of `letters`, which are in hand under one lease; batches first."""
        batches: list[Parcel] = []
        if self.makes_batches:
            batches = [*self._repeated(letters, now), *self._new(letters, now)]
        packed = {letter.id for parcel in batches for letter in parcel.letters}
        return batches + [Parcel([letter]) for letter in letters if letter.id not in packed]

    def _repeated(self, letters: Sequence[Letter], now: datetime) -> Iterator[Parcel]:
        known = {each.batch.key: each.batch for each in letters if each.batch and now < each.batch.at + GIVE_UP_AFTER}
        for key, batch in known.items():
            lease = letters[0].lease
            whole = self.store.whole_batch(key, lease, now)
            mine = [letter for letter in whole if letter.lease == lease]
            # One that was given up is not repeated for a letter of it that the back office retries: it tells the others
            # what nobody asked to tell them again, and may by now be untrue.
            tried = any(letter.state in OPEN and not letter.alone for letter in whole)
            if len(whole) == batch.size and mine and tried:
                yield Parcel(mine, batch, whole)
            # Else that, or somebody was forgotten, or a worker died while it wrote the batch down: one by one.

    def _new(self, letters: Sequence[Letter], now: datetime) -> Iterator[Parcel]:
        # Those that may have been tried before go on under the key they had then.
        fresh = [each for each in letters if each.was is State.QUEUED and not each.alone and not each.batch]
        if len(fresh) < FEWEST_IN_BATCH:
            return
        plain = [(letter, message) for letter in fresh if (message := self._plain(letter))]
        for start in range(0, len(plain), MOST_IN_BATCH):
            part = sorted(plain[start : start + MOST_IN_BATCH], key=lambda each: each[0].id)
            if len(part) < FEWEST_IN_BATCH:
                return
            together, messages = [letter for letter, _ in part], [message for _, message in part]
            batch = Batch(f"batch-{new_id(now)}", len(part), now)
            if self.store.form_batch(together, batch):
                yield Parcel(together, batch, together, messages)

    def _plain(self, letter: Letter) -> Message | None:
        """Return `letter` as it is sent if it can go in a batch: the provider takes no attachments there."""
        try:
            message = self.render(letter)
        except Exception:  # what is wrong with it is told where it is sent
            return None
        return None if message.attachments else message
