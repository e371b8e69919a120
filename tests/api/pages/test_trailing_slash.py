"""Slash at the end of a page's address: it leads to the page, and nowhere else."""

from __future__ import annotations

import pytest
from flask import Flask


@pytest.mark.parametrize("path", ["/events", "/sign-in", "/find-booking"])
def test_page_with_a_slash_at_its_end_redirects(app: Flask, path: str) -> None:
    answer = app.test_client().get(f"{path}/")

    assert (answer.status_code, answer.headers["Location"]) == (303, path)


@pytest.mark.parametrize("path", ["/no-such-page/", "/api/dates/", "/%0d%0aX-Evil:1/", "/\\evil/"])
def test_other_address_with_a_slash_is_not_found(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)

    assert answer.status_code in (308, 404)
    assert not answer.headers.get("Location", "/").startswith(("//", "http"))


def test_form_sent_with_a_slash_is_not_redirected(app: Flask) -> None:
    assert app.test_client().post("/find-booking/", data={"email": "a@example.org"}).status_code == 404
