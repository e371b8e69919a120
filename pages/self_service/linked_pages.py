"""Pages of one kind of signed link: their paths, the form for the link's token, and the opening of a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, abort, request, url_for
from flask_babel import lazy_gettext as _

from booking.errors import BookingNotFound
from booking.self_service import SelfService
from core.errors import DomainError
from core.web import context
from pages.rendering import see_other
from pages.self_service import view
from pages.self_service.link_parser import Link, is_link_remainder, parse_id, parse_link
from pages.token_cookie import read_token, redirect_with_token
from waitlist.errors import EntryNotFound
from waitlist.service import Waitlist


@dataclass(frozen=True)
class LinkedPages:
    """The pages of a booking's or a waiting-list entry's link; `view_name` and `id_name` are those of their routes."""

    service: type[SelfService | Waitlist]
    not_found: type[DomainError]
    title: str
    view_name: str
    id_name: str

    def path(self, subject_id: str) -> str:
        return self._url_for(self.view_name, subject_id)

    def token_form(self, subject_id: str, **options: Any) -> Response:
        action = self._url_for(f"open_{self.view_name}", subject_id)
        return view.token_form(str(self.title), action, view.TokenForm(**options))

    def open(self, subject_id: str) -> Response:
        """Verify the posted token of the link, and keep it in a cookie; raises `not_found`."""
        link = self._verified([request.form.get("token", ""), subject_id], subject_id)
        if link is None:
            raise self.not_found
        context.get_service(self.service).get(link.subject_id, link.token)
        opened_path = self._url_for(f"opened_{self.view_name}", link.subject_id)
        return redirect_with_token(link.token, self.path(link.subject_id), opened_path)

    def opened(self, subject_id: str) -> Response:
        """Redirect to the page, or explain that it needs the cookie that was just set."""
        if read_token():
            return see_other(self.path(subject_id))
        return self.token_form(subject_id, cookies_blocked=True)

    def changed_link(self, subject_id: str, rest: str) -> Response:
        """Open a link whose path a mail program has extended by `rest`; 404 if that is the name of a page."""
        if not is_link_remainder(rest):
            abort(404)
        return self.changed_id(f"{subject_id}/{rest}")

    def changed_id(self, text: str) -> Response:
        """Open a link of which the path has more than the id: the form contains the token if the path has it."""
        link = self._verified([text], "")
        if link:
            return self.token_form(link.subject_id, token=link.token)
        return see_other(self.path(parse_id(text) or abort(404)))

    def _verified(self, texts: list[str], default_id: str) -> Link | None:
        return parse_link(texts, default_id, context.get_service(self.service).signed_links.verify)

    def _url_for(self, view_name: str, subject_id: str) -> str:
        values: dict[str, Any] = {self.id_name: subject_id}
        return url_for(f"pages.self_service.{view_name}", **values)


BOOKING = LinkedPages(SelfService, BookingNotFound, _("Your booking"), "booking", "booking_id")
WAITLIST_ENTRY = LinkedPages(Waitlist, EntryNotFound, _("The waiting list"), "waiting", "entry_id")
