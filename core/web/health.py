"""What the machines that watch over the service ask: does it live, is it ready, what has it counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flask import Flask, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from core import metrics

Check = Callable[[], None]
Warnings = Callable[[], Sequence[str]]


def install(
    app: Flask, checks: Mapping[str, Check], letter_states: metrics.StateCounts, warnings: Warnings = tuple
) -> None:
    """Serve /api/health, /api/ready with each of `checks` by name, and /metrics: `context.WATCHED_PATHS`.

    What `warnings` returns is told by a service that is ready, and makes it no less so.
    """

    def health() -> Response:
        return jsonify(status="ok")

    def ready() -> tuple[Response, int]:
        states = {name: _state(check) for name, check in checks.items()}
        good = all(state == "ok" for state in states.values())
        told = _told(warnings) if good else []
        status = "ok" if good else "unavailable"
        return jsonify(status=status, dependencies=states, warnings=told), 200 if good else 503

    def metrics_view() -> Response:
        return Response(metrics.render_metrics(letter_states), content_type=CONTENT_TYPE_LATEST)

    for path, view in (("/api/health", health), ("/api/ready", ready), ("/metrics", metrics_view)):
        app.add_url_rule(path, view_func=view)


def _told(warnings: Warnings) -> list[str]:
    try:
        return list(warnings())
    except Exception as error:  # the edge: not to know of a warning is one
        return [f"not known ({type(error).__name__})"]


def _state(check: Check) -> str:
    try:
        check()
    except Exception as error:  # the edge: whatever is wrong with a dependency, its name and kind are the answer
        return f"unavailable ({type(error).__name__})"
    return "ok"
