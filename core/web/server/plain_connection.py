"""Plain connection: serves the requests of one connection as long as their heads are plain."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any, Protocol

from gunicorn.http.wsgi import FileWrapper, base_environ
from gunicorn.util import close_graceful

from core import log
from core.web.body_limit import BODY_COMPLETE
from core.web.server import plain_head
from core.web.server.client_socket import ClientSocket
from core.web.server.connections import ClientConnection
from core.web.server.plain_exchange import PlainBody, PlainRequest, PlainResponse

LOG = log.get_logger("web.server")
HEAD_END = b"\r\n\r\n"
RECEIVE_BYTES = 16_384
CLIENT_LEFT = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.ETIMEDOUT})
LINGER_SECONDS = 1.0


class HostWorker(Protocol):
    """What of gunicorn's worker a connection uses."""

    cfg: Any
    wsgi: Any
    alive: bool
    nr: int
    max_requests: int

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None: ...


def serves_plain(cfg: Any, script_name: str) -> bool:
    """Return whether gunicorn, configured by `cfg`, gives plain heads the meaning that they have here."""
    ordinary = {
        "protocol is HTTP/1": cfg.protocol == "http" and not cfg.is_ssl and set(cfg.http_protocols) <= {"h1"},
        "no proxy protocol": cfg.proxy_protocol == "off",
        "no trusted headers": not cfg.secure_scheme_headers and not script_name,
        "no access log": not cfg.accesslog and not cfg.statsd_host,
        "limits": cfg.limit_request_line >= plain_head.MAX_HEAD and cfg.limit_request_fields >= plain_head.MAX_LINES,
        "connections are kept": cfg.keepalive > 0,
    }
    return all(ordinary.values())


@dataclass
class PlainConnection:
    """A client's connection to `worker`."""

    worker: HostWorker
    client: ClientSocket
    record: ClientConnection
    peer: Any
    environ: dict[str, Any]

    def serve(self) -> bool:
        """Serve requests until the connection ends; returns True if gunicorn must read its next request."""
        buffer: bytes | None = b""
        number = 0
        while buffer is not None:
            self.record.begin_waiting()
            end = buffer.find(HEAD_END)
            while end < 0 and _may_become_plain(buffer):
                received = self.client.receive(RECEIVE_BYTES)
                if not received:
                    return False
                buffer += received
                end = buffer.find(HEAD_END)
            environ = self.environ.copy()
            if end < 0 or not plain_head.parse_into(environ, buffer[:end]):
                self.client.unread = buffer
                return True
            number += 1
            self.record.begin_request()
            buffer = self._serve_request(environ, number, buffer[end + len(HEAD_END) :])
        return False

    def _serve_request(self, environ: dict[str, Any], number: int, received: bytes) -> bytes | None:
        """Serve a request of which `received` follows the head; returns what follows it, None if nothing may."""
        length = plain_head.content_length(environ)
        body = PlainBody(self.client, received[:length], length)
        if not self._answer(PlainRequest(environ, number, body), environ, body):
            return None
        self.record.begin_waiting()
        following = body.skip_rest()
        return None if following is None else received[length:] + following

    def _answer(self, request: PlainRequest, environ: dict[str, Any], body: PlainBody) -> bool:
        """Serve one request; returns whether another one may follow."""
        worker = self.worker
        response = PlainResponse(request, self.client, worker.cfg)
        try:
            worker.cfg.pre_request(worker, request)
            self._run(response, environ, body)
        except OSError as error:
            if error.errno not in CLIENT_LEFT:
                LOG.exception("request_broken")
            return False
        except Exception as error:  # boundary: as gunicorn does, the worker lives on
            self._fail(response, error)
            return False
        finally:
            worker.cfg.post_request(worker, request, environ, response)
        if not response.should_close():
            return True
        if not body.is_complete:
            close_graceful(self.client, LINGER_SECONDS)
        return False

    def _run(self, response: PlainResponse, environ: dict[str, Any], body: PlainBody) -> None:
        worker = self.worker
        environ["wsgi.input"] = body.stream
        environ[BODY_COMPLETE] = body.is_complete
        worker.nr += 1
        if worker.nr >= worker.max_requests:
            worker.alive = False
        response.is_last = lambda: not worker.alive
        chunks = worker.wsgi(environ, response.start_response)
        try:
            if isinstance(chunks, FileWrapper):
                response.write_file(chunks)
            else:
                for chunk in chunks:
                    response.write(chunk)
            response.close()
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()

    def _fail(self, response: PlainResponse, error: Exception) -> None:
        if response.sent_anything:
            LOG.error("request_broken", exc_info=error)
            self.client.abort()
        else:
            self.worker.handle_error(None, self.client, self.peer, error)


def _may_become_plain(buffer: bytes) -> bool:
    """Return whether the missing part of a head is worth waiting for; gunicorn refuses single line feeds at once."""
    return len(buffer) <= plain_head.MAX_HEAD and buffer.count(b"\n") == buffer.count(b"\r\n")


def environ_of(cfg: Any, listener: Any, client: ClientSocket, peer: Any) -> dict[str, Any]:
    """Return the part of the WSGI environ that all requests of a connection share."""
    server = listener.getsockname()
    return {
        **base_environ(cfg),
        "wsgi.multithread": True,
        "wsgi.url_scheme": "http",
        "SCRIPT_NAME": "",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": peer[0],
        "REMOTE_PORT": str(peer[1]),
        "gunicorn.socket": client,
    }
