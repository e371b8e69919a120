"""Fixtures of the event pages."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.pages.account.page_browser import PageBrowser


@pytest.fixture
def browser(app: Flask) -> PageBrowser:
    return PageBrowser(app.test_client())
