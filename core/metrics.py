"""Prometheus metrics over all workers. No label contains an id or personal data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector
from prometheus_client.values import ValueClass

REQUESTS = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "http_request_seconds",
    "Time from the first byte read to the answer made.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BOOKINGS = Counter("bookings", "Booking requests by what became of them.", ["outcome"])
ORDERS = Counter("orders", "Orders by what became of them.", ["outcome"])
CHECK_INS = Counter("check_ins", "Scans of tickets by what became of them.", ["outcome"])
PAYMENT_SECONDS = Histogram(
    "payment_seconds",
    "Time until the payment provider answered.",
    ["result"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
PAYMENT_DIFFERENCES = Counter(
    "payment_differences", "Differences between an order and its payment at the provider.", ["kind"]
)
TRANSACTION_ATTEMPTS = Counter("transaction_attempts", "Transactions by how each attempt ended.", ["result"])
LETTERS_SENT = Counter("letters_sent", "Attempts to send an e-mail by result.", ["result"])
LETTER_DELIVERIES = Counter("letter_deliveries", "E-mails by the provider's delivery report.", ["delivery"])
LIVE_STREAMS = Counter("live_streams", "Live streams by what became of them.", ["event"])
LIVE_SNAPSHOTS = Counter("live_snapshots", "Snapshots told to live streams by reason.", ["reason"])

StateCounts = Callable[[], Mapping[str, int]]


class OutboxSizeCollector(Collector):
    """Collects the number of e-mails in the outbox by state when the metrics are read."""

    def __init__(self, counts: StateCounts) -> None:
        self.counts = counts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the family `letters{state=...}`."""
        family = GaugeMetricFamily("letters", "E-mails in the outbox by state.", labels=["state"])
        try:
            for state, count in self.counts().items():
                family.add_metric([state], count)
        except Exception:  # boundary: the other metrics are needed also while the database is unavailable
            return
        yield family


def render_metrics(letter_states: StateCounts) -> bytes:
    """Return the metrics of all workers in Prometheus' text format."""
    text = generate_latest(_all_workers())
    states = CollectorRegistry(auto_describe=False)
    states.register(OutboxSizeCollector(letter_states))
    return text + generate_latest(states)


def mark_worker_dead(pid: int) -> None:
    """Drop the live gauges of an ended worker; its counters stay."""
    if _multiprocess():
        multiprocess.mark_process_dead(pid)


def _multiprocess() -> bool:
    return bool(ValueClass.__name__ == "MmapedValue")


def _all_workers() -> CollectorRegistry:
    if not _multiprocess():
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return registry
