"""Payment gateway: an HTTP server with the payment calls of Stripe's interface that answers a charge after 20 ms.

Each API key has payments of its own, so no system sees those of another.
"""

from __future__ import annotations

import json
import multiprocessing
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, cast
from urllib.parse import parse_qsl

import gevent
import requests
from gevent.pywsgi import WSGIServer

INTENTS = "/v1/payment_intents"
SEARCH = f"{INTENTS}/search"
TOTAL = "/total"
RESET = "/reset"
ANSWER_SECONDS = 0.02
PAGE = 100
BACKLOG = 1024
TIMEOUT_SECONDS = 30
# A payment method that is always charged.
APPROVED = "pm_card_visa"
KEY_PREFIX = "sk_test_bench_"
WEBHOOK_SECRET = "whsec_benchmark"  # of a server that sends no webhooks
ORDER_QUERY = re.compile(r'metadata\["orderId"\]:"([^"]*)"')
NOT_FOUND: Mapping[str, Any] = {"error": {"type": "invalid_request_error", "code": "resource_missing"}}

Fields = Mapping[str, str]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclass
class Payments:
    """The payments by id, newest last, and those of each idempotency key."""

    by_id: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_key: dict[str, dict[str, Any]] = field(default_factory=dict)

    def charge(self, key: str, fields: Fields) -> dict[str, Any]:
        """Return the payment of an idempotency key, which is made once."""
        if key not in self.by_key:
            intent = _intent(f"pi_{len(self.by_id) + 1}", fields)
            self.by_id[intent["id"]] = intent
            self.by_key[key] = intent
        return self.by_key[key]

    def page(self, after: str) -> dict[str, Any]:
        """Return a page of payments, newest first, those made before `after`."""
        newest_first = list(reversed(self.by_id.values()))
        start = 0
        if after in self.by_id:
            start = newest_first.index(self.by_id[after]) + 1
        found = newest_first[start : start + PAGE]
        return _listed(found, has_more=len(newest_first) > start + PAGE)

    def of_order(self, query: str) -> dict[str, Any]:
        """Return the payments that a search for an order finds."""
        wanted = [{"orderId": order_id} for order_id in ORDER_QUERY.findall(query)]
        return _listed([intent for intent in self.by_id.values() if intent["metadata"] in wanted])

    def total(self) -> dict[str, int]:
        """Return the number of payments and their sum in minor units."""
        amounts = [intent["amount"] for intent in self.by_id.values()]
        return {"payments": len(amounts), "amount": sum(amounts)}

    def clear(self) -> None:
        """Forget all payments."""
        self.by_id.clear()
        self.by_key.clear()


@dataclass(frozen=True)
class GatewayApp:
    """The WSGI application of the gateway."""

    accounts: defaultdict[str, Payments] = field(default_factory=lambda: defaultdict(Payments))
    answer_seconds: float = ANSWER_SECONDS

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request with JSON."""
        status, answer = self._answer(environ)
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return [body]

    def _answer(self, environ: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        payments = self.accounts[environ["HTTP_AUTHORIZATION"]]
        if environ["REQUEST_METHOD"] == "POST":
            found = self._post(payments, environ)
        else:
            found = _read(payments, environ["PATH_INFO"], dict(parse_qsl(environ.get("QUERY_STRING", ""))))
        if found is None:
            return "404 Not Found", NOT_FOUND
        return "200 OK", found

    def _post(self, payments: Payments, environ: Mapping[str, Any]) -> Mapping[str, Any] | None:
        fields = dict(parse_qsl(environ["wsgi.input"].read().decode()))
        if environ["PATH_INFO"] == RESET:
            payments.clear()
            return {}
        if environ["PATH_INFO"] != INTENTS:
            return None
        gevent.sleep(self.answer_seconds)
        return payments.charge(environ["HTTP_IDEMPOTENCY_KEY"], fields)


def api_key(name: str) -> str:
    """Return the API key of a system."""
    return KEY_PREFIX + name.replace("-", "_")


def service_settings(url: str, key: str) -> dict[str, str]:
    """Return the settings of a service that pays here without a limit of its rate."""
    return {
        "PAYMENT_PROVIDER": "stripe",
        "PAYMENT_RATE": "0",
        "STRIPE_API_KEY": key,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_API_BASE": url,
    }


def forget_payments(url: str, key: str) -> None:
    """Remove all payments of a system, as before a round."""
    requests.post(f"{url}{RESET}", headers=_headers(key), timeout=TIMEOUT_SECONDS).raise_for_status()


def paid_amount(url: str, key: str) -> int:
    """Return the sum of all payments of a system in minor units."""
    return int(requests.get(f"{url}{TOTAL}", headers=_headers(key), timeout=TIMEOUT_SECONDS).json()["amount"])


def serve_gateway(pipe: Connection) -> None:
    """Serve in this process after sending the URL."""
    server = WSGIServer(("127.0.0.1", 0), GatewayApp(), log=None, backlog=BACKLOG)
    server.start()
    pipe.send(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


@contextmanager
def gateway_process() -> Iterator[str]:
    """Serve in another process, and yield the URL."""
    parent_end, child_end = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve_gateway, args=(child_end,), daemon=True)
    process.start()
    try:
        yield cast("str", parent_end.recv())
    finally:
        process.terminate()
        process.join()


def _read(payments: Payments, path: str, query: Fields) -> Mapping[str, Any] | None:
    if path == TOTAL:
        return payments.total()
    if path == INTENTS:
        return payments.page(query.get("starting_after", ""))
    if path == SEARCH:
        return payments.of_order(query.get("query", ""))
    return payments.by_id.get(path.removeprefix(f"{INTENTS}/"))


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _intent(intent_id: str, fields: Fields) -> dict[str, Any]:
    amount = int(fields["amount"])
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_received": amount,
        "currency": fields["currency"],
        "status": "succeeded",
        "client_secret": None,
        "latest_charge": None,
        "metadata": {"orderId": fields["metadata[orderId]"]},
    }


def _listed(intents: list[dict[str, Any]], *, has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "url": INTENTS, "has_more": has_more, "data": intents}
