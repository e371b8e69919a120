"""Root blueprint of the HTML pages; each page family is a blueprint nested in it."""

from __future__ import annotations

from flask import Blueprint

from pages.formatting import FILTERS

# Browsers cache styles and scripts; a new version arrives within minutes.
STATIC_SECONDS = 300


class PageBlueprint(Blueprint):
    """A page family: its own templates, and its own static files at /static/<folder>."""

    def __init__(self, name: str, import_name: str, *, static_url: str = "") -> None:
        """Serve the folder "static" at `static_url`, if it is given."""
        super().__init__(
            name,
            import_name,
            template_folder="templates",
            static_folder="static" if static_url else None,
            static_url_path=static_url or None,
        )

    def get_send_file_max_age(self, filename: str | None) -> int:  # noqa: ARG002 # Flask passes the file's name
        """Return the seconds that browsers cache a static file."""
        return STATIC_SECONDS


blueprint = PageBlueprint("pages", __name__, static_url="/static")
for _name, _filter in FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)
