"""Problem details (RFC 9457): each kind of error has a status, and one function makes the payload of every refusal."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict
from urllib.parse import urlsplit

import orjson
from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import RequestRedirect

from core import errors as kinds
from core import log
from core.mongo.failures import DatabaseError, as_domain_error, is_unavailable
from core.web import context
from core.web.answer import Answer

LOG = log.get_logger("web.errors")

STATUS_OF: dict[type[kinds.DomainError], int] = {
    kinds.Invalid: 400,
    kinds.Unauthenticated: 401,
    kinds.PaymentRequired: 402,
    kinds.Forbidden: 403,
    kinds.NotFound: 404,
    kinds.Conflict: 409,
    kinds.PreconditionFailed: 412,
    kinds.Unprocessable: 422,
    kinds.TooMany: 429,
    kinds.Unavailable: 503,
}
CODE_OF = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "body_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    417: "expectation_failed",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "internal_error",
    501: "not_implemented",
}
MESSAGE_OF = {
    400: "The request is not valid.",
    404: "Not found.",
    405: "This method is not allowed here.",
    408: "The request did not arrive in time. Please try again.",
    413: "The request body is too large.",
    414: "The address of the request is too long.",
    415: "Send the body as application/json.",
    417: "This expectation cannot be met.",
    429: "Too many requests. Please wait and try again.",
    431: "The headers of the request are too large.",
    500: "Something went wrong on our side.",
    501: "This transfer coding is not supported.",
}


# The names of fields as people read them; other fields keep their own.
FIELD_LABELS = {
    "fullName": "Name",
    "name": "Name",
    "email": "E-mail",
    "phone": "Phone",
    "country": "Country",
    "city": "City",
    "date": "Date",
    "slotId": "Slot",
    "message": "Message",
    "body": "Body",
}


class Problem(TypedDict, total=False):
    """The variable members of a refusal."""

    code: str
    message: str
    detail: str
    errors: Mapping[str, Any]
    extra: Mapping[str, Any]
    headers: Mapping[str, str]


def install(app: Flask) -> None:
    """Register a handler for every error of `app`."""
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, on_error)


def on_error(error: Exception) -> Response:
    """Answer any error of a view."""
    return answer_to(error).to_response()


def problem_answer(status: int, problem: Problem) -> Answer:
    """Return an `application/problem+json` answer; no other code makes one."""
    message = problem["message"]
    payload = {
        "type": f"/problems/{problem['code'].replace('_', '-')}",
        "title": message.rstrip("."),
        "status": status,
        "code": problem["code"],
        "detail": problem.get("detail") or message,
        "message": message,
        "requestId": context.request_id(),
    }
    if problem.get("errors"):
        payload["errors"] = {field: list(_reasons(reasons)) for field, reasons in problem["errors"].items()}
    payload.update(problem.get("extra", {}))
    context.set_outcome(problem["code"])
    return Answer(status, _encoded(payload), problem.get("headers", {}), "application/problem+json")


def answer_to(error: Exception) -> Answer:
    """Return the answer to any error of a view."""
    if isinstance(error, kinds.DomainError):
        return domain_answer(error)
    if isinstance(error, DatabaseError):
        return database_answer(error)
    return unexpected_answer(error)


def _encoded(payload: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(payload)
    except TypeError:
        # A lone surrogate in a member's name can only be written with JSON escapes.
        return json.dumps(payload).encode()


def status_of(error: kinds.DomainError) -> int:
    """Return the HTTP status of the kind of `error`."""
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def domain_answer(error: kinds.DomainError) -> Answer:
    """Return the answer to a refusal by a rule of the domain."""
    headers = dict(getattr(error, "headers", {}))
    if error.retry_after:
        headers.setdefault("Retry-After", str(error.retry_after))
    message = _message(error)
    problem: Problem = {
        "code": error.code,
        "message": message,
        "detail": message if error.detail == error.message else error.detail,
        "errors": error.errors,
        "extra": error.extra,
        "headers": headers,
    }
    return problem_answer(status_of(error), problem)


def _message(error: kinds.DomainError) -> str:
    """Return the message; one that only says that something is not valid is replaced by the first reason."""
    if error.message != kinds.Invalid.__doc__:
        return error.message
    if error.detail != error.message:
        return error.detail
    for field, reasons in error.errors.items():
        reason = next(_reasons(reasons), "")
        return f"{FIELD_LABELS.get(field, field)}: {reason.rstrip('.')}."
    return error.message


def _reasons(reasons: Any, path: str = "") -> Iterator[str]:
    """Yield the reasons of a field; one about a member of it begins with its path, such as `0.quantity`."""
    if isinstance(reasons, Mapping):
        for member, nested in reasons.items():
            yield from _reasons(nested, f"{path}.{member}".lstrip("."))
    elif isinstance(reasons, list):
        for reason in reasons:
            yield f"{path}: {reason}" if path else str(reason)
    else:
        yield str(reasons)


def on_http_error(error: HTTPException) -> Response:
    """Answer refusals of Flask and Werkzeug: unknown paths and methods, bodies too large or not JSON."""
    if error.response is not None or (error.code or 500) < 400:
        return Response(error.get_response().get_data(), error.code, error.get_headers())
    status = error.code or 500
    if status == 500:
        return unexpected_answer(error).to_response()
    code = CODE_OF.get(status) or HTTP_STATUS_CODES[status].lower().replace(" ", "_")
    allow = {name: value for name, value in error.get_headers() if name == "Allow"}
    message = MESSAGE_OF.get(status) or f"{HTTP_STATUS_CODES[status]}."
    return problem_answer(status, {"code": code, "message": message, "headers": allow}).to_response()


def relative_redirect(error: RequestRedirect) -> Response:
    """Return the redirect of the router without a host, which is the client's word."""
    parts = urlsplit(error.new_url)
    # Two slashes would name another host.
    location = "/" + parts.path.replace("\\", "%5C").lstrip("/")
    if parts.query:
        location = f"{location}?{parts.query}"
    return Response(status=error.code, headers={"Location": location})


def database_answer(error: DatabaseError) -> Answer:
    """Return the answer to a failed read or single write: 503 if the database is unavailable, 500 if it is a bug."""
    if is_unavailable(error):
        LOG.warning("database_unavailable", error=type(error).__name__)
        return domain_answer(as_domain_error(error))
    # The message may contain personal data, so only the kind and the traceback are logged.
    LOG.error("database_error", error=type(error).__name__, trace="".join(traceback.format_tb(error.__traceback__)))
    return problem_answer(500, {"code": CODE_OF[500], "message": MESSAGE_OF[500]})


def unexpected_answer(error: Exception) -> Answer:
    """Return 500 with only the code and the request id; the reason is logged."""
    LOG.error("unhandled_error", exc_info=error)
    return problem_answer(500, {"code": CODE_OF[500], "message": MESSAGE_OF[500]})
