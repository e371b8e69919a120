"""Preload of the PDF library: once there is an event, beside the requests."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orders.tickets import preload
from orders.wiring import periodic_tasks
from tests.orders.shop import Shop

MODULE = "colorsys"


@pytest.fixture(autouse=True)
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small module instead of the PDF library, which other tests load."""
    monkeypatch.setattr(preload, "MODULE", MODULE)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)


def run_task(shop: Shop) -> None:
    (task,) = [each for each in periodic_tasks(shop.services.orders) if each.name == "preload_pdf"]
    assert not task.needs_lease
    task.run()


def test_library_is_not_loaded_without_an_event(shop: Shop) -> None:
    run_task(shop)

    assert MODULE not in sys.modules


def test_library_is_loaded_once_there_is_an_event(shop: Shop) -> None:
    shop.event()

    run_task(shop)

    assert MODULE in sys.modules


def test_loaded_library_is_not_looked_for_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.event()
    run_task(shop)
    monkeypatch.setattr(preload, "importlib", None)

    run_task(shop)


def test_steps_name_what_the_library_imports() -> None:
    code = f"import sys, orders.tickets.pdf; print(*(set({preload.PARTS!r}) - sys.modules.keys()))"

    assert subprocess.check_output([sys.executable, "-c", code]).strip() == b""
