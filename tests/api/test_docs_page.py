"""The page of the API document."""

from __future__ import annotations

import re

import pytest

from tests.api_client import Api


def test_docs_page_refers_to_no_foreign_host(quiet: Api) -> None:
    page = quiet.get("/api/docs")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"

    links = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())

    assert len(links) >= 3
    assert [link for link in links if not link.startswith("/") or link.startswith("//")] == []
    for link in links:
        assert quiet.get(link).status == 200, link
    assert b"<script>" not in page.body


def test_docs_page_shows_the_document_of_this_service(quiet: Api) -> None:
    script = quiet.get("/static/api_docs/docs.js").body.decode()

    assert '"/api/openapi.json"' in script
    assert "http:" not in script
    assert "https:" not in script


@pytest.mark.parametrize(
    "path",
    ["/api/docs/../../etc/passwd", "/api/docs/%2e%2e/%2e%2e/setup.py", "/static/../app.py", "/static/%2e%2e/routes.py"],
)
def test_docs_page_serves_no_file_outside_its_folder(quiet: Api, path: str) -> None:
    assert quiet.get(path).status == 404
