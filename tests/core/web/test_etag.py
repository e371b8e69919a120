"""JSON of values that are read together for concurrent requests."""

from __future__ import annotations

from collections.abc import Collection

from core.web.etag import batched_json


def test_batched_json_renders_found_keys_and_returns_none_for_others() -> None:
    def read_many(keys: Collection[str]) -> dict[str, dict[str, str]]:
        return {key: {"key": key} for key in keys if key != "unknown"}

    read = batched_json(read_many)

    found, other = read("a"), read("b")

    assert found
    assert other
    assert (found.body, other.body) == (b'{"key":"a"}', b'{"key":"b"}')
    assert found.etag != other.etag
    assert read("unknown") is None
