"""Batch planning: leased e-mails are grouped, so that a long queue takes few calls.

A batch is immutable: its e-mails are stored with one key before the first call, and every repeated call has the same
key and the same e-mails in the order of their ids, also those already recorded as sent. So the provider recognises the
repetition, and no e-mail arrives twice. A batch ends if the provider rejects it, if it was released before the first
call, if its remaining e-mails fail, or if the provider no longer knows its key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from core.ids import new_id
from notifications.delivery.sender import Render, SendJob
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.model import GIVE_UP_AFTER, PENDING, Batch, EmailStatus, Message, OutboxEmail
from notifications.providers.base import MAX_BATCH, BatchMailer, Mailer

# Fewer are sent individually: one bad e-mail would refuse the whole batch, which saves little.
MIN_BATCH = 5


@dataclass(frozen=True)
class BatchPlanner:
    """Plans the calls to one mailer. E-mails of the templates `with_attachments` are in no batch."""

    store: LeaseStore
    mailer: Mailer
    render: Render
    with_attachments: Collection[str] = ()

    @property
    def makes_batches(self) -> bool:
        """Return whether the mailer accepts batches."""
        return isinstance(self.mailer, BatchMailer)

    def plan(self, emails: Sequence[OutboxEmail], now: datetime) -> list[SendJob]:
        """Return the jobs that send `emails`, which share one lease; batches first."""
        batches: list[SendJob] = []
        if self.makes_batches:
            batches = [*self._existing_batches(emails, now), *self._new_batches(emails, now)]
        batched = {email.id for job in batches for email in job.emails}
        return batches + [SendJob([email]) for email in emails if email.id not in batched]

    def _existing_batches(self, emails: Sequence[OutboxEmail], now: datetime) -> Iterator[SendJob]:
        for batch in _known_batches(emails, now):
            lease = emails[0].lease
            batch_emails = self.store.lease_batch(batch.key, lease, now)
            leased = [email for email in batch_emails if email.lease == lease]
            # A failed batch is not resent when one of its e-mails is retried: the others were not asked for, and may be
            # outdated.
            is_retried = any(email.state in PENDING and not email.never_batched for email in batch_emails)
            # A batch is incomplete after an erasure, or if the worker died while storing it; its e-mails are then sent
            # individually.
            if len(batch_emails) == batch.size and leased and is_retried:
                yield SendJob(leased, batch, batch_emails)

    def _new_batches(self, emails: Sequence[OutboxEmail], now: datetime) -> Iterator[SendJob]:
        untried = [email for email in emails if _is_untried(email)]
        if len(untried) < MIN_BATCH:
            return
        batchable = self._render_batchable(untried)
        for start in range(0, len(batchable), MAX_BATCH):
            part = sorted(batchable[start : start + MAX_BATCH], key=lambda pair: pair[0].id)
            if len(part) < MIN_BATCH:
                return
            batch_emails = [email for email, _ in part]
            messages = [message for _, message in part]
            batch = Batch(f"batch-{new_id(now)}", len(part), now)
            if self.store.form_batch(batch_emails, batch):
                yield SendJob(batch_emails, batch, batch_emails, messages)

    def _render_batchable(self, emails: Sequence[OutboxEmail]) -> list[tuple[OutboxEmail, Message]]:
        """Return those of `emails` that can be in a batch, with their messages: batches take no attachments.

        An e-mail that may have one is made when it is sent: an order's PDF takes longer than all else.
        """
        batchable = []
        for email in emails:
            if email.template in self.with_attachments:
                continue
            # An error is reported when the e-mail is sent individually.
            with suppress(Exception):
                message = self.render(email)
                if not message.attachments:
                    batchable.append((email, message))
        return batchable


def _known_batches(emails: Sequence[OutboxEmail], now: datetime) -> list[Batch]:
    """Return the batches of `emails` whose keys the provider still knows."""
    known = {}
    for email in emails:
        if email.batch and now < email.batch.at + GIVE_UP_AFTER:
            known[email.batch.key] = email.batch
    return list(known.values())


def _is_untried(email: OutboxEmail) -> bool:
    """Return whether no call can have had `email`; others keep the key of their first call."""
    return email.previous_status is EmailStatus.QUEUED and not email.never_batched and not email.batch
