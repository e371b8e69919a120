"""Worker of gunicorn: its gevent worker with connection limits, our own answers to broken requests, a prompt stop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gunicorn.http.wsgi import base_environ
from gunicorn.util import close_graceful
from gunicorn.workers.ggevent import GeventWorker

from core import log
from core.clock import monotonic
from core.config.settings import load_environment
from core.web.client_networks import network_of
from core.web.server import plain_connection, refusals
from core.web.server.client_socket import ClientServer, ClientSocket, bound_unread
from core.web.server.connections import ClientConnection, ConnectionLimits, ConnectionTable
from core.web.server.plain_connection import PlainConnection

LOG = log.get_logger("web.worker")
# Of a worker's connections: what one address may have, and from which number on new ones replace idle ones.
ADDRESS_SHARE = 0.6
REPLACE_SHARE = 0.95
# A dead master is noticed so soon: its successor needs the port.
HEARTBEAT_SECONDS = 0.25
SWEEP_SECONDS = 0.5
STOP_POLL_SECONDS = 0.1
# What is read of a client that goes on sending after it was refused, so that it can read the answer.
REFUSED_SECONDS = 1.0


@dataclass(frozen=True)
class BoundAddress:
    """The address of a listener, which connections need also after the listener is closed."""

    address: Any

    def getsockname(self) -> Any:
        """Return the address, as sockets do."""
        return self.address


class BookingWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves the application in one process."""

    # gunicorn.conf.py sets it where a proxy makes all connections, so that they have one address.
    behind_proxy = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limits = ConnectionLimits(
            total=max(1, int(self.worker_connections * REPLACE_SHARE)),
            per_address=None if self.behind_proxy else max(1, int(self.worker_connections * ADDRESS_SHARE)),
            head_seconds=self.cfg.keepalive,
        )
        self._connections = ConnectionTable(limits)
        self._serves_plain = plain_connection.serves_plain(self.cfg, load_environment().get("SCRIPT_NAME", ""))
        self._of_greenlet: dict[Any, ClientConnection] = {}
        self._stopping: Event = Event()

    def run(self) -> None:
        """Serve until the worker is told to stop, then finish the requests that have arrived."""
        servers = [self._serve(listener) for listener in self.sockets]
        sweeping = gevent.spawn(self._sweep)
        while self.alive:
            self.notify()
            self._stopping.wait(HEARTBEAT_SECONDS)
        for server in servers:
            server.close()
        self._drain([server.pool for server in servers])
        sweeping.kill()

    def notify(self) -> None:
        """Tell the master that this worker lives; begin the stop if there is no master any more."""
        self.tmp.notify()
        if self.ppid != os.getppid():
            self.alive = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin the stop; called as a signal handler."""
        super().handle_exit(sig, frame)
        gevent.get_hub().loop.run_callback_threadsafe(self._stopping.set)

    def handle(self, listener: BoundAddress, client: ClientSocket, addr: Any) -> None:
        """Serve one connection to its end."""
        connection = ClientConnection(network_of(_host(addr)), client.abort, client.finish)
        client.connection = connection
        if not self._connections.admit(connection):
            client.abort()
            return
        greenlet = gevent.getcurrent()
        self._of_greenlet[greenlet] = connection
        try:
            is_plain = self._serves_plain and isinstance(addr, tuple)
            if not is_plain or self._serve_plain(listener, client, addr):
                super().handle(listener, client, addr)
        finally:
            del self._of_greenlet[greenlet]
            self._connections.release(connection)

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """Bound the wait for a head; gunicorn's own loop enters it before each request."""
        connection = self._of_greenlet[gevent.getcurrent()]
        connection.begin_waiting()
        with super().timeout_ctx():
            yield
        connection.begin_request()

    def handle_error(self, _req: Any, client: ClientSocket, addr: Any, exc: BaseException) -> None:
        """Answer a request that the parser refuses, or that failed outside the application."""
        if not isinstance(exc, Exception):
            return  # the worker ends
        base = {**base_environ(self.cfg), "gunicorn.socket": client}
        environ = refusals.unparsed_environ(base, BytesIO(), _host(addr))
        try:
            client.sendall(refusals.answer(self.wsgi, environ, exc))
        except OSError:
            return  # the client has left
        except Exception:  # boundary: the connection ends, the worker does not
            LOG.exception("refusal_failed")
            return
        close_graceful(client, REFUSED_SECONDS)

    def _serve_plain(self, listener: BoundAddress, client: ClientSocket, addr: Any) -> bool:
        """Serve plain requests; returns True if gunicorn must read the next one."""
        record = self._of_greenlet[gevent.getcurrent()]
        environ = plain_connection.environ_of(self.cfg, listener, client, addr)
        try:
            return PlainConnection(self, client, record, addr, environ).serve()
        except OSError:
            return False  # the client has left

    def _serve(self, listener: Any) -> ClientServer:
        listener.setblocking(1)
        bound_unread(listener)
        handle = partial(self.handle, BoundAddress(listener.getsockname()))
        server = ClientServer(listener, handle=handle, spawn=Pool(self.worker_connections))
        if self.cfg.workers > 1:
            server.max_accept = 1
        server.start()
        return server

    def _sweep(self) -> None:
        while True:
            gevent.sleep(SWEEP_SECONDS)
            try:
                self._connections.sweep()
            except Exception:  # boundary: one failed sweep must not end the limits of all connections
                with suppress(OSError):
                    LOG.exception("connection_sweep_failed")

    def _drain(self, pools: list[Pool]) -> None:
        """Wait for busy connections up to the graceful timeout, and end those that become idle."""
        end = monotonic() + self.cfg.graceful_timeout
        while any(pools) and monotonic() < end:
            self.notify()
            self._connections.finish_idle()
            for pool in pools:
                pool.join(STOP_POLL_SECONDS)
        if any(pools):
            self.log.warning("Worker graceful timeout (pid:%s)", self.pid)
            for pool in pools:
                pool.kill(timeout=1)


def _host(addr: Any) -> str:
    """Return the host of a peer's address; a unix socket has none."""
    if isinstance(addr, tuple):
        return str(addr[0])
    return ""
