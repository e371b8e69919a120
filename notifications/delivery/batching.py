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
from notifications.delivery.sender import Render, SendJob
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.model import GIVE_UP_AFTER, PENDING, Batch, EmailStatus, Message, OutboxEmail
from notifications.providers.base import MAX_BATCH, BatchMailer, Mailer

# Fewer go one by one: a batch is refused as a whole for one bad letter, and saves them little.
MIN_BATCH = 5


@dataclass(frozen=True)
class BatchPlanner:
    """Makes parcels for one mailer."""

    store: LeaseStore
    mailer: Mailer
    render: Render

    @property
    def makes_batches(self) -> bool:
        """Return whether the mailer takes letters together."""
        return isinstance(self.mailer, BatchMailer)

    def plan(self, letters: Sequence[OutboxEmail], now: datetime) -> list[SendJob]:
        """Return the parcels of `letters`, which are in hand under one lease; batches first."""
        batches: list[SendJob] = []
        if self.makes_batches:
            batches = [*self._existing_batches(letters, now), *self._new_batches(letters, now)]
        packed = {letter.id for job in batches for letter in job.letters}
        return batches + [SendJob([letter]) for letter in letters if letter.id not in packed]

    def _existing_batches(self, letters: Sequence[OutboxEmail], now: datetime) -> Iterator[SendJob]:
        known = {each.batch.key: each.batch for each in letters if each.batch and now < each.batch.at + GIVE_UP_AFTER}
        for key, batch in known.items():
            lease = letters[0].lease
            whole = self.store.lease_batch(key, lease, now)
            mine = [letter for letter in whole if letter.lease == lease]
            # A failed batch is not resent when one of its e-mails is retried: the others were not asked for, and may be
            # outdated.
            tried = any(letter.state in PENDING and not letter.never_batched for letter in whole)
            if len(whole) == batch.size and mine and tried:
                yield SendJob(mine, batch, whole)
            # Else that, or somebody was forgotten, or a worker died while it wrote the batch down: one by one.

    def _new_batches(self, letters: Sequence[OutboxEmail], now: datetime) -> Iterator[SendJob]:
        # Those that may have been tried before go on under the key they had then.
        fresh = [
            each
            for each in letters
            if each.previous_status is EmailStatus.QUEUED and not each.never_batched and not each.batch
        ]
        if len(fresh) < MIN_BATCH:
            return
        plain = [(letter, message) for letter in fresh if (message := self._render_batchable(letter))]
        for start in range(0, len(plain), MAX_BATCH):
            part = sorted(plain[start : start + MAX_BATCH], key=lambda each: each[0].id)
            if len(part) < MIN_BATCH:
                return
            together, messages = [letter for letter, _ in part], [message for _, message in part]
            batch = Batch(f"batch-{new_id(now)}", len(part), now)
            if self.store.form_batch(together, batch):
                yield SendJob(together, batch, together, messages)

    def _render_batchable(self, letter: OutboxEmail) -> Message | None:
        """Return `letter` as it is sent if it can go in a batch: the provider takes no attachments there."""
        try:
            message = self.render(letter)
        except Exception:  # what is wrong with it is told where it is sent
            return None
        return None if message.attachments else message
