"""The profile of a request counts own and foreign calls apart."""

from __future__ import annotations

import json
import sys

from bench.request_profile import OWN, CallCounter
from core.text import visible_ascii


def test_call_counter_separates_own_and_foreign_calls() -> None:
    counter = CallCounter()

    sys.setprofile(counter)
    try:
        visible_ascii("+1 415")
        json.dumps({}, indent=1)
    finally:
        sys.setprofile(None)

    assert counter.own["core/text.py"] >= 1
    assert counter.python[OWN] == counter.own.total()
    assert counter.python["python"] >= 1
    assert "own modules 1" in counter.text()
