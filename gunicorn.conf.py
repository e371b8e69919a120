"""How the service is served: `gunicorn app:create_app()` reads this file. Nothing else starts threads."""

import gevent
from gevent import monkey

monkey.patch_all()

import contextlib  # noqa: E402  # everything below must be imported after the patch
import gc  # noqa: E402
import importlib  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from core.config import settings as setup  # noqa: E402  # gunicorn takes a global `config` for a setting of its own

# prometheus_client decides at its import whether workers share their counts, so the folder comes first.
METRICS = Path(tempfile.mkdtemp(prefix="booking-metrics-"))
setup.configure_multiprocess_metrics(METRICS)

import wiring  # noqa: E402
from core import log, metrics  # noqa: E402
from core.concurrency.advisory_lock import AdvisoryLock  # noqa: E402
from core.mongo.client import Client, NotReplicaSet, connect, require_replica_set  # noqa: E402
from core.mongo.dead_processes import app_name, kill_orphaned_transactions, kill_transactions  # noqa: E402
from core.mongo.failures import DatabaseError  # noqa: E402
from core.scheduler import Scheduler  # noqa: E402
from core.web.body_limit import BodyReaderMiddleware  # noqa: E402
from core.web.context import runtime_of  # noqa: E402
from core.web.rate_limits.batched_storage import BatchedStorage  # noqa: E402
from core.web.server.logger import ServerLogger, log_unhandled_errors  # noqa: E402
from core.web.worker import BookingWorker  # noqa: E402
from live.socketio.server import SocketBroadcaster  # noqa: E402
from live.streams import LiveStreams  # noqa: E402
from notifications.delivery.worker import OutboxWorker  # noqa: E402
from pages.preload import PreloadPages  # noqa: E402
from schedules import schedule_file, startup_checks  # noqa: E402
from schedules.errors import ScheduleError  # noqa: E402

try:
    SETTINGS = setup.from_env(setup.load_environment())
    SCHEDULE = schedule_file.load(SETTINGS.schedule_file)
except (setup.ConfigError, ScheduleError) as problem:
    print(problem, file=sys.stderr)
    raise SystemExit(2) from None

# Behind a proxy all connections have its address, and it bounds those of its clients.
BookingWorker.behind_proxy = SETTINGS.trusted_proxies > 0

bind = f"{SETTINGS.host}:{SETTINGS.port}"
workers = SETTINGS.web_concurrency
worker_class = BookingWorker
worker_connections = 2000
backlog = 4096
timeout = 30
graceful_timeout = 25
keepalive = 5
wsgi_app = "app:create_app()"
accesslog = None
loglevel = "warning"
logger_class = ServerLogger
proc_name = "booking"
control_socket_disable = True
# Only ProxyFix (TRUSTED_PROXIES) believes what proxies say. gunicorn would believe some headers of a peer on this
# machine, among them SCRIPT_NAME; and whether a peer is one is asked of every request.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
forwarded_allow_ips = "*"


# The workers inherit it; the master releases it when one of them ends.
WORKER_LOCK = AdvisoryLock()

# Pipelined requests are served without waiting, so other connections get a turn after so many.
YIELD_EVERY = 16


def on_starting(_server: Any) -> None:
    """Refuse an unusable database with one sentence; otherwise prepare it before any worker starts."""
    log.configure(SETTINGS.log_format)
    try:
        client = connect(SETTINGS.mongodb_uri, no_socket_timeout=True)
    except DatabaseError as error:
        print(wiring.invalid_uri_message(error), file=sys.stderr)
        raise SystemExit(2) from None
    db = client[SETTINGS.mongodb_database]
    try:
        require_replica_set(client)
        _end_orphaned_transactions(client)
        wiring.prepare_database(db)
        startup_checks.warn_about_orphaned_slots(db, SCHEDULE)
        startup_checks.warn_about_omitted_slots(SCHEDULE)
    except NotReplicaSet as reason:
        print(reason, file=sys.stderr)
        raise SystemExit(2) from None
    finally:
        client.close()
    # Every worker needs the application's code. While it is loaded, the client's monitors end.
    importlib.import_module("app")
    _await_monitors()


def post_worker_init(worker: Any) -> None:
    """Start this worker's outbox worker, which sends in one process at a time, and its live streams."""
    _collect_seldom()
    log_unhandled_errors()
    runtime = runtime_of(worker.wsgi)
    runtime.get(BodyReaderMiddleware).within = _within
    services = runtime.get(wiring.Services)
    services.booking.group_commit.worker_lock = WORKER_LOCK
    services.orders.ticket_group_commit.worker_lock = WORKER_LOCK
    worker.outbox_worker = runtime.get(OutboxWorker)
    threading.Thread(target=worker.outbox_worker.run, name="outbox-worker", daemon=True).start()
    worker.scheduler = runtime.get(Scheduler)
    threading.Thread(target=worker.scheduler.run, name="scheduler", daemon=True).start()
    threading.Thread(target=runtime.get(PreloadPages).execute, name="preload-pages", daemon=True).start()
    live = runtime.get(LiveStreams)
    threading.Thread(target=live.change_stream.run, name="live", daemon=True).start()
    threading.Thread(target=runtime.get(SocketBroadcaster).run, name="live-sockets", daemon=True).start()
    threading.Thread(target=live.supervise, args=(lambda: worker.alive,), name="live-streams", daemon=True).start()


def pre_request(_worker: Any, req: Any) -> None:
    """Yield to other connections between the pipelined requests of one."""
    if req.req_number % YIELD_EVERY == 0:
        time.sleep(0)


def worker_exit(_server: Any, worker: Any) -> None:
    """Release the leases of sender and scheduler, so that another process takes over at once."""
    if hasattr(worker, "outbox_worker"):
        worker.scheduler.shut_down()
        worker.outbox_worker.shut_down(patience=15)
        worker.scheduler.shut_down(patience=5)
    runtime_of(worker.wsgi).get(BatchedStorage).close()


def child_exit(_server: Any, worker: Any) -> None:
    """Free the slots that a killed worker's open transaction would hold for up to a minute."""
    metrics.mark_worker_dead(worker.pid)
    WORKER_LOCK.release()
    client = connect(SETTINGS.mongodb_uri)
    with contextlib.suppress(Exception):  # the server's own limit ends the transaction in any case
        _log_ended(kill_transactions(client, app_name(worker.pid)), worker=worker.pid)
    client.close()
    _await_monitors()


def on_exit(_server: Any) -> None:
    """Remove the files of the metrics."""
    for file in METRICS.glob("*"):
        file.unlink()
    METRICS.rmdir()


def _end_orphaned_transactions(client: Client) -> None:
    """End the transactions of killed processes; a database that refuses that ends them itself within a minute."""
    try:
        _log_ended(kill_orphaned_transactions(client))
    except DatabaseError as error:
        log.get_logger("gunicorn").warning("transactions_not_ended", error=type(error).__name__)


def _log_ended(transactions: int, **of: int) -> None:
    if transactions:
        log.get_logger("gunicorn").warning("transactions_ended", count=transactions, **of)


def _within(seconds: float) -> gevent.Timeout:
    return gevent.Timeout(seconds, TimeoutError)


def _collect_seldom() -> None:
    """Exclude what has been loaded from garbage collection, and collect the rest seldom.

    A request leaves few cycles, and a collection after every 700 objects costs one booking in twelve.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _await_monitors() -> None:
    """Wait until the monitors of closed clients end: none of them may be alive in the next fork."""
    end = time.monotonic() + 2
    # A monitor may start another one just before it ends.
    while monitors := [thread for thread in threading.enumerate() if thread.name.startswith("pymongo_")]:
        if time.monotonic() > end:
            return
        monitors[0].join(0.5)
