"""Payment of queued orders by any worker, beside the periodic tasks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from core import log
from orders.payment import PayOrder

LOG = log.get_logger("orders")
# Most threads of a process that pay at once; each waits for the provider, so payments overlap.
MAX_THREADS = 16
# Most orders that a thread tries for its turn; other workers may take the first ones.
CANDIDATES = 20


@dataclass(frozen=True)
class PayQueued:
    """Pays queued orders, each in its turn."""

    pay: PayOrder
    threads: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MAX_THREADS))

    def start(self) -> None:
        """Start one more thread that pays, if any order queues and fewer than MAX_THREADS run."""
        if self.pay.queue.orders.queued(1) and self.threads.acquire(blocking=False):
            threading.Thread(target=self._work, name="queued-payments", daemon=True).start()

    def execute(self) -> int:
        """Pay queued orders until none has its turn; return how many were paid."""
        count = 0
        while self.pay.queue.orders.queued(1) and self.pay.queue.next_turn():
            count += self._pay_first()
        return count

    def _pay_first(self) -> bool:
        """Pay the first order that no other worker takes, so that a turn is not lost to two of them."""
        candidates = self.pay.queue.orders.queued(CANDIDATES)
        return any(map(self.pay.execute_queued, candidates))

    def _work(self) -> None:
        try:
            self.execute()
        except Exception:  # boundary: the next thread goes on
            LOG.exception("queued_payment_failed")
        finally:
            self.threads.release()
