"""CSV download: the file has the filtered bookings; progress, cancellation and failures are reported."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.backoffice.actions import list_bookings, log_in
from tests.browser.backoffice.history import UNUSUAL_NAMES_DATE
from tests.browser.conftest import Visit
from tests.conftest import Served


@pytest.mark.parametrize(
    "filters", [{}, {"status": "cancelled"}, {"date": UNUSUAL_NAMES_DATE}, {"name": "hop", "country": "gb"}]
)
def test_file_has_exactly_the_filtered_bookings(
    visit: Visit, site: Served, filters: dict[str, str], tmp_path: Path
) -> None:
    page = visit(1280)
    log_in(page, "/admin?" + "&".join(f"{name}={value}" for name, value in filters.items()))
    expected = list_bookings(site.api, limit="100", **filters)

    with page.expect_download() as download:
        page.locator("#download").click()

    assert download.value.suggested_filename == "bookings.csv"
    file = tmp_path / "bookings.csv"
    download.value.save_as(file)
    assert file.read_bytes() == site.api.admin("GET", "/bookings/export", query=filters).body
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), strict=True))
    assert [row["Reference"] for row in rows] == [item["reference"] for item in expected]
    expect(page.locator("#notice")).to_contain_text(
        f"Saved bookings.csv: {len(expected)} booking{'' if len(expected) == 1 else 's'}, "
    )
    expect(page.locator("#notice")).to_contain_text(f" {round(file.stat().st_size / 1000, 1):g} kB.")
    expect(page.locator("#download")).to_be_focused()


def test_file_has_the_order_of_the_list(site: Served, visit: Visit) -> None:
    page = visit(1280)
    log_in(page)

    page.locator("#sort-name").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_count(1)
    with page.expect_download() as download:
        page.locator("#download").click()

    assert download.value.path().read_bytes() == site.api.admin("GET", "/bookings/export?sort=name&order=asc").body


@pytest.mark.parametrize(
    ("language", "sizes"),
    [
        ("en-GB", ["0.1 kB", "0.2 kB", "4.3 kB", "1,000 kB", "1.2 MB"]),
        ("de-DE", ["0,1 kB", "0,2 kB", "4,3 kB", "1.000 kB", "1,2 MB"]),
    ],
)
def test_sizes_have_a_fitting_unit_and_no_line_break(visit: Visit, language: str, sizes: list[str]) -> None:
    page = visit(locale=language)
    page.goto("/admin")
    script = page.locator("script[type=module]").get_attribute("src")
    assert script

    formatted = page.evaluate(
        "async ([module, sizes]) => sizes.map((await import(module)).formatBytes)",
        [script.replace("main.js", "i18n.js"), [0, 217, 4321, 999_960, 1_234_567]],
    )

    assert formatted == [text.replace(" ", "\u00a0") for text in sizes]


# An export that sends its first half, and then waits until the test completes it or breaks it off.
HALF_EXPORT = """
window.fetch = ((fetch) => (address, options) => {
  if (!String(address).includes("/export")) return fetch(address, options);
  const line = new TextEncoder().encode("a,b\\r\\n");
  const body = new ReadableStream({ start(controller) {
    for (let n = 0; n < 31; n += 1) controller.enqueue(line);
    window.complete = () => { for (let n = 0; n < 30; n += 1) controller.enqueue(line); controller.close(); };
    window.breakOff = () => controller.error(new TypeError("network error"));
    options.signal.addEventListener("abort", () => controller.error(options.signal.reason));
  } });
  const headers = { "Content-Disposition": 'attachment; filename="as-named.csv"' };
  return Promise.resolve(new Response(body, { headers }));
})(window.fetch);
"""


def test_long_download_shows_progress_and_the_file_name(visit: Visit) -> None:
    page = visit()
    page.add_init_script(HALF_EXPORT)
    log_in(page, "/admin?status=cancelled")

    page.locator("#download").click()
    expect(page.locator(".progress [role=status]")).to_contain_text("30 of 60 bookings")
    assert page.locator("progress").evaluate("bar => [bar.value, bar.max]") == [30, 60]
    expect(page.locator("#download-cancel")).to_be_focused()
    with page.expect_download() as download:
        page.evaluate("complete()")

    assert download.value.suggested_filename == "as-named.csv"
    expect(page.locator("#notice")).to_contain_text("Saved as-named.csv: 60 bookings")


@pytest.mark.parametrize(
    ("end", "message"), [("stop", "was stopped; nothing was saved"), ("break", "broke off; nothing")]
)
def test_stopped_or_broken_download_saves_nothing(visit: Visit, end: str, message: str) -> None:
    page = visit(1280)
    page.add_init_script(HALF_EXPORT)
    downloads: list[Any] = []
    page.on("download", lambda download: downloads.extend([download]))
    log_in(page, "/admin?status=cancelled")
    page.locator("#download").click()
    expect(page.locator(".progress [role=status]")).to_contain_text("30 of 60")

    if end == "stop":
        page.keyboard.press("Enter")
    else:
        page.evaluate("breakOff()")

    expect(page.locator("#notice")).to_contain_text(message)
    expect(page.locator("#download")).to_be_focused()
    assert downloads == []
