"""Liveness, readiness and metrics endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flask import Flask, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from core import metrics

Check = Callable[[], None]
Warnings = Callable[[], Sequence[str]]


def install(
    app: Flask, checks: Mapping[str, Check], email_states: metrics.StateCounts, warnings: Warnings = tuple
) -> None:
    """Serve /api/health, /api/ready with the result of each named check, and /metrics (`context.PROBE_PATHS`).

    A ready service reports `warnings`; they do not make it unready.
    """

    def health() -> Response:
        return jsonify(status="ok")

    def ready() -> tuple[Response, int]:
        states = {name: _state(check) for name, check in checks.items()}
        if all(state == "ok" for state in states.values()):
            return jsonify(status="ok", dependencies=states, warnings=_collected(warnings)), 200
        return jsonify(status="unavailable", dependencies=states, warnings=[]), 503

    def metrics_view() -> Response:
        return Response(metrics.render_metrics(email_states), content_type=CONTENT_TYPE_LATEST)

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
