"""Notification of holders: batches of e-mails, each in one transaction with the cursor that says how far it is.

A notice is carried on by any process where another one has died: no e-mail is left out or written twice.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from accounts.store import AccountStore
from core import log
from core.errors import Unavailable
from core.mongo.client import Client
from core.mongo.failures import DatabaseError
from core.mongo.transactions import Session, transaction
from events.notices.emails import NoticeEmails
from events.notices.model import Notice, NoticeKind
from events.notices.sales import EventSales
from events.notices.store import NoticeStore
from notifications.outbox.service import Outbox

LOG = log.get_logger("events")
TIMEOUT = 8.0
BATCH_SIZE = 100
MAX_NOTICES = 100


@dataclass(frozen=True)
class NotifyHolders:
    """Writes the e-mails of notices and, for cancelled events, has cancelled what the holders have."""

    client: Client
    notices: NoticeStore
    accounts: AccountStore
    queue: NoticeQueue
    sales: EventSales

    def execute(self) -> None:
        """Carry on all notices; one that fails does not stop the others."""
        for notice in self.notices.oldest(MAX_NOTICES):
            try:
                self._finish(notice)
            except (DatabaseError, Unavailable):
                raise
            except Exception:  # boundary: a holder's refund that fails must not delay the other events
                LOG.exception("event_notice_failed", event_id=notice.event_id)

    def _finish(self, notice: Notice) -> None:
        while account_ids := self.sales.holders(notice.event_id, notice.cursor, BATCH_SIZE):
            if notice.kind is NoticeKind.CANCELLED:
                # The e-mails are written first: those whose tickets are withdrawn are no holders any more.
                self._enqueue(notice, account_ids, notice.cursor)
                for account_id in account_ids:
                    self.sales.withdraw(notice.event_id, account_id)
            if not self._enqueue(notice, account_ids, account_ids[-1]):
                return  # another process carries it on
            notice = replace(notice, cursor=account_ids[-1])
        self.notices.delete(notice)

    def _enqueue(self, notice: Notice, account_ids: Sequence[str], cursor: str) -> bool:
        def write(session: Session) -> bool:
            accounts = self.accounts.get_many(account_ids)
            if not self.notices.advance(session, notice, cursor):
                return False
            for account_id in account_ids:
                if account_id in accounts:
                    email = self.queue.emails.to_holder(notice, accounts[account_id])
                    self.queue.outbox.enqueue_once(session, email)
            return True

        is_ours = transaction(self.client, write, TIMEOUT)
        self.queue.outbox.wake_worker()
        return is_ours


@dataclass(frozen=True)
class NoticeQueue:
    """The outbox with the e-mails of notices."""

    outbox: Outbox
    emails: NoticeEmails


@dataclass(frozen=True)
class NotifySoon:
    """Has the notices carried on by `executor`; the scheduler carries on those of a dead process."""

    notify: NotifyHolders
    executor: Executor
    _unscheduled: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1), repr=False)

    def __call__(self) -> None:
        if self._unscheduled.acquire(blocking=False):
            self.executor.submit(self._run)

    def _run(self) -> None:
        self._unscheduled.release()
        try:
            self.notify.execute()
        except (DatabaseError, Unavailable) as error:
            LOG.warning("event_notices_delayed", error=type(error).__name__)
