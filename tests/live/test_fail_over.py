"""Streams survive the death of the primary: each worker sends what was missed."""

from __future__ import annotations

import time
from pathlib import Path

from devdb.replica_set import start_replica_set
from tests.conftest import serving
from tests.live.sse_client import DisplayedSlots, displayed_slots, on_both


def test_streams_survive_the_death_of_the_primary(tmp_path: Path) -> None:
    with start_replica_set(nodes=3) as three_nodes, serving(three_nodes.uri, tmp_path) as served:
        slot, other, *_ = served.api.slots()
        with on_both(served.url, served.workers()) as streams:
            assert served.api.book(slot).status == 201
            assert [stream.next().payload["bookedCount"] for stream in streams] == [1, 1]

            three_nodes.primary().kill()
            three_nodes.wait_writable()
            while served.api.book(other).status != 201:
                time.sleep(0.1)

            expected = displayed_slots(served.api.slots())
            for stream in streams:
                displayed = DisplayedSlots({**expected, other["_id"]: (0, 4, 4)})
                while displayed.slots != expected:
                    displayed.apply(stream.next(30))
