"""Refusals of the pages, in the language of the page."""

from __future__ import annotations

from core.errors import Forbidden, Invalid


class FormRefused(Invalid):
    """The form was not accepted."""

    code = "validation_failed"


class SubmittedTooFast(FormRefused):
    """The form was sent sooner than a person can fill it in."""


class CrossSitePost(Forbidden):
    """This form was sent from another site."""

    code = "forbidden"


class CookieBlocked(Invalid):
    """The browser did not keep the cookie of the sign-in."""

    code = "cookie_blocked"
