"""Root blueprint of the HTML pages; each page family is a blueprint nested in it."""

from __future__ import annotations

import re

from flask import Blueprint, Response, redirect, request

from pages.formatting import FILTERS
from pages.static_files import IMMUTABLE, SHORT, fingerprint, fingerprinted

# A page of another version of this service may still ask for its files.
EARLIER_VERSION = re.compile(r"[0-9a-f]{12}/([\w./-]+)", re.ASCII)


class PageBlueprint(Blueprint):
    """A page family: its own templates, and its own static files at /static/<fingerprint>/<folder>."""

    def __init__(self, name: str, import_name: str, *, static_url: str = "") -> None:
        """Serve the folder "static" at `static_url`, if it is given."""
        super().__init__(
            name,
            import_name,
            template_folder="templates",
            static_folder="static" if static_url else None,
            static_url_path=fingerprinted(static_url) or None,
        )
        if static_url:
            self.add_url_rule(f"{static_url}/<path:filename>", endpoint="static", view_func=self.send_static_file)

    def send_static_file(self, filename: str) -> Response:
        """Serve a static file; browsers keep it for a year at its fingerprinted address."""
        earlier = EARLIER_VERSION.fullmatch(filename)
        if earlier:
            return redirect(f"/static/{earlier[1]}")  # type: ignore[return-value]  # a Werkzeug response is enough
        response = super().send_static_file(filename)
        response.headers["Cache-Control"] = SHORT
        if f"/{fingerprint()}/" in request.path:
            response.headers["Cache-Control"] = IMMUTABLE
        return response


blueprint = PageBlueprint("pages", __name__, static_url="/static")
for _name, _filter in FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)
