"""Flask application with a table of fast routes, which call a view without Flask's contexts and marshmallow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from io import BytesIO
from typing import Any

import marshmallow as ma
import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from core.web import context, problem_details, request_logging, schema_variants
from core.web.answer import JSON, Answer
from core.web.plain_form import PlainForm, PlainTexts
from core.web.rate_limits.limiter import RateLimiter

STATUS_LINES = {status.value: f"{status.value} {status.phrase.upper()}" for status in HTTPStatus}
CONTENT_SECURITY_POLICY = "Content-Security-Policy"
# A response without Cache-Control may contain personal data.
NO_STORE = ("Cache-Control", "no-store")
# An answer to another origin has headers of its own, so a cache must not give it to the next one.
VARY = ("Vary", "Origin")


@dataclass(frozen=True)
class FastRoute:
    """Calls one view; a request that is not plain is left to Flask, which counts and refuses it."""

    view: Callable[..., Answer]
    body: PlainForm | None
    headers: PlainTexts
    query: PlainTexts
    needs_token: bool = False

    def with_variants(self, variants: Mapping[type[ma.Schema], ma.Schema]) -> FastRoute:
        """Return the route with the variant of its body's schema, if there is one."""
        if self.body is None or self.body.schema not in variants:
            return self
        return replace(self, body=PlainForm.of(type(variants[self.body.schema])))

    def __call__(self, environ: dict[str, Any], max_body_bytes: int, **in_path: str) -> Answer | None:
        """Return the answer of the view, or to its error; None if Flask must answer. `in_path` are path variables."""
        if self.needs_token and not environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer "):
            return None
        values = self.headers.load(environ)
        parameters = self.query.load_query(environ["QUERY_STRING"])
        if values is None or parameters is None:
            return None
        values |= parameters
        values |= in_path
        arguments = []
        if self.body is not None:
            form = self.body.load(_json_body(environ, max_body_bytes))
            if form is None:
                return None
            arguments.append(form)
        elif not _is_bodyless(environ):
            return None
        try:
            context.get_service(RateLimiter).hit_request()
            return self.view(*arguments, **values)
        except Exception as error:  # boundary: Flask's handlers answer every error of a view alike
            return problem_details.answer_to(error)


class Application(Flask):
    """Answers the requests of `fast_routes` and `fast_patterns`, and passes all others to Flask.

    `fast_routes` is a table by method and path. In the paths of `fast_patterns` the third segment is a variable.
    Both kinds have the same request id, log line, metrics and `constant_headers`.
    """

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name, static_folder=None)
        self.fast_routes: dict[tuple[str, str], FastRoute] = {}
        self.fast_patterns: dict[tuple[str, str, str], tuple[FastRoute, str, str]] = {}
        self.constant_headers: Sequence[tuple[str, str]] = ()
        # Instead of these, by the name of a blueprint.
        self.blueprint_headers: dict[str, Sequence[tuple[str, str]]] = {}
        # An extension of Flask adds the headers for other origins, so Flask answers the requests that name an origin.
        self.answers_other_origins = False
        self._max_body_bytes = 0

    def add_fast_routes(self) -> None:
        """Put the fast routes of all views into the tables."""
        self._max_body_bytes = self.config["MAX_CONTENT_LENGTH"]
        for rule in self.url_map.iter_rules():
            fast_route = getattr(self.view_functions[rule.endpoint], "fast_route", None)
            if fast_route is None:
                continue
            fast_route = fast_route.with_variants(schema_variants.instances(self))
            # HEAD and OPTIONS are answered by Flask.
            for method in set(rule.methods or ()) - {"HEAD", "OPTIONS"}:
                if rule.arguments:
                    before, variable, after = _split_at_variable(rule.rule)
                    self.fast_patterns[method, before, after] = fast_route, rule.rule, variable.strip("<>")
                else:
                    self.fast_routes[method, rule.rule] = fast_route

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        state = request_logging.start(environ, context.runtime_of(self))
        token = context.enter(state)
        try:
            fast_route, route, in_path = self._find(environ)
            answer = None
            if fast_route is not None:
                answer = fast_route(environ, self._max_body_bytes, **in_path)
            if answer is None:
                return super().wsgi_app(environ, start_response)
            body = answer.body
            if not isinstance(body, bytes):
                body = orjson.dumps(body)
            headers = [*answer.headers.items(), *self.constant_headers, VARY, ("X-Request-ID", state.id)]
            if "Cache-Control" not in answer.headers:
                headers.append(NO_STORE)
            if answer.media_type:
                headers += (("Content-Type", answer.media_type), ("Content-Length", str(len(body))))
            request_logging.finish(state, route, answer.status)
            start_response(STATUS_LINES[answer.status], headers)
            return [body]
        finally:
            context.leave(token)

    def handle_http_exception(self, e: HTTPException) -> Any:
        """Answer the router's redirects, which Flask passes on unchanged; handlers answer all other exceptions."""
        if isinstance(e, RequestRedirect):
            return problem_details.relative_redirect(e)
        return super().handle_http_exception(e)

    def _find(self, environ: dict[str, Any]) -> tuple[FastRoute | None, str, dict[str, str]]:
        """Return the fast route of a request, its rule and the variable in its path; no route if Flask must answer."""
        if self.answers_other_origins and "HTTP_ORIGIN" in environ:
            return None, "", {}
        method = environ["REQUEST_METHOD"]
        path = environ["PATH_INFO"]
        if (method, path) in self.fast_routes:
            return self.fast_routes[method, path], path, {}
        before, value, after = _split_at_variable(path)
        if not value.isalnum() or not value.isascii() or (method, before, after) not in self.fast_patterns:
            return None, "", {}
        fast_route, rule, variable = self.fast_patterns[method, before, after]
        return fast_route, rule, {variable: value}

    def process_response(self, response: Response) -> Response:
        """Add the constant headers and the request id to a response of Flask, count it and log it."""
        response = super().process_response(response)
        own_policy = response.headers.get(CONTENT_SECURITY_POLICY)
        response.headers.extend(self.blueprint_headers.get(request.blueprint or "", self.constant_headers))
        if own_policy:  # A page may have a policy of its own.
            response.headers[CONTENT_SECURITY_POLICY] = own_policy
        response.headers.setdefault(*NO_STORE)
        response.vary.add("Origin")
        state = context.current_state()
        if state is not None:
            response.headers["X-Request-ID"] = state.id
            route = ""
            if request.url_rule:
                route = request.url_rule.rule
            request_logging.finish(state, route, response.status_code)
        return response


def _split_at_variable(path: str) -> tuple[str, str, str]:
    """Return the first two segments of a path, the third one, and the rest."""
    start = path.find("/", path.find("/", 1) + 1) + 1
    end = path.find("/", start)
    if end < 0:
        end = len(path)
    return path[:start], path[start:end], path[end:]


def _is_bodyless(environ: dict[str, Any]) -> bool:
    """Return whether a request surely has no body, or an empty object."""
    if environ["REQUEST_METHOD"] == "GET":
        return True
    source = environ["wsgi.input"]
    if type(source) is BytesIO:
        return source.getvalue() in (b"", b"{}")
    return environ.get("CONTENT_LENGTH", "0") in ("", "0") and "HTTP_TRANSFER_ENCODING" not in environ


def _json_body(environ: dict[str, Any], max_bytes: int) -> bytes:
    """Return the body if it is complete, JSON and not too long, else nothing; it can still be read."""
    source = environ["wsgi.input"]
    media_type = environ.get("CONTENT_TYPE", "")
    if media_type.partition(";")[0] != JSON or type(source) is not BytesIO:
        return b""
    body = source.getvalue()
    if len(body) > max_bytes:
        return b""
    return body
