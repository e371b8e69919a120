"""Accessibility of the pages for frames of other sites, in every language, light and dark, at any width."""

from __future__ import annotations

import pytest

from core.i18n import LANGUAGES
from tests.browser.accessibility import AccessibilityInspector
from tests.browser.conftest import Visit
from tests.browser.embed_tour import PAGES, tour_embed
from tests.browser.events.sample_events import SampleEvents, store_sample_events
from tests.conftest import Served

# Below a transparent page the browser paints the canvas of its colour scheme, which axe takes for white.
CANVAS = "addEventListener('DOMContentLoaded', () => { document.documentElement.style.background = 'Canvas'; })"


@pytest.fixture(scope="module")
def sample(site: Served) -> SampleEvents:
    return store_sample_events(site.db)


@pytest.mark.parametrize("language", LANGUAGES)
def test_embedded_pages_have_no_violations(visit: Visit, sample: SampleEvents, language: str) -> None:
    page = visit(color_scheme="light", reduced_motion="reduce", locale=language)
    page.add_init_script(CANVAS)
    inspector = AccessibilityInspector(page)

    tour_embed(inspector, sample)

    assert page.locator("html").get_attribute("lang") == language
    assert inspector.seen == {name: [] for name in PAGES}
