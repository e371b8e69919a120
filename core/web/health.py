"""Liveness, readiness and metrics endpoints; their database reads are cached for a second and shared by callers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import Flask, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from core import metrics
from core.concurrency.ttl_cache import TTLCache

Check = Callable[[], None]
Warnings = Callable[[], Sequence[str]]

# These endpoints need no key and are in no rate limit, so their reads must not grow with the number of calls.
CACHE_SECONDS = 1.0


@dataclass(frozen=True)
class Readiness:
    """The state of each named check. A ready service reports `warnings`; they do not make it unready."""

    checks: Mapping[str, Check]
    warnings: Warnings

    def read(self) -> Mapping[str, object]:
        """Return the answer's members; warnings are read only if all checks succeed."""
        states = {name: _state(check) for name, check in self.checks.items()}
        if all(state == "ok" for state in states.values()):
            return {"status": "ok", "dependencies": states, "warnings": _collected(self.warnings)}
        return {"status": "unavailable", "dependencies": states, "warnings": []}


def install(
    app: Flask, checks: Mapping[str, Check], email_states: metrics.StateCounts, warnings: Warnings = tuple
) -> None:
    """Serve /api/health, /api/ready with the result of each named check, and /metrics (`context.PROBE_PATHS`)."""
    readiness = Readiness(checks, warnings)
    cached_readiness: TTLCache[str, Mapping[str, object]] = TTLCache(lambda _: readiness.read(), CACHE_SECONDS)
    cached_states: TTLCache[str, Mapping[str, int]] = TTLCache(lambda _: email_states(), CACHE_SECONDS)

    def health() -> Response:
        return jsonify(status="ok")

    def ready() -> tuple[Response, int]:
        answer = cached_readiness("")
        return jsonify(answer), 200 if answer["status"] == "ok" else 503

    def metrics_view() -> Response:
        return Response(metrics.render_metrics(lambda: cached_states("")), content_type=CONTENT_TYPE_LATEST)

    for path, view in (("/api/health", health), ("/api/ready", ready), ("/metrics", metrics_view)):
        app.add_url_rule(path, view_func=view)


def _collected(warnings: Warnings) -> list[str]:
    try:
        return list(warnings())
    except Exception as error:  # boundary: a failure to compute warnings is itself reported
        return [f"not known ({type(error).__name__})"]


def _state(check: Check) -> str:
    try:
        check()
    except Exception as error:  # boundary: any failure of a dependency is reported by name and kind
        return f"unavailable ({type(error).__name__})"
    return "ok"
