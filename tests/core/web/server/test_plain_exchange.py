"""Body of a plain request: what follows it on the connection is read only if the whole body has come."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import cast

import pytest

from core.web.server.client_socket import ClientSocket
from core.web.server.plain_exchange import PlainBody

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def body_of(pair: Pair, received: bytes, length: int) -> PlainBody:
    return PlainBody(cast("ClientSocket", pair[0]), received, length)


@pytest.mark.parametrize(("sent", "length"), [(100, 40_000), (0, 4), (8_188, 8_192 + 1), (9_000, 20_000)])
def test_body_that_ends_early_is_not_taken_for_complete(pair: Pair, sent: int, length: int) -> None:
    pair[1].sendall(b"x" * sent)
    pair[1].shutdown(socket.SHUT_WR)

    assert body_of(pair, b"abc", length).skip_rest() is None


@pytest.mark.parametrize("length", [4, 8_192, 20_000])
def test_complete_body_is_skipped_up_to_the_next_request(pair: Pair, length: int) -> None:
    pair[1].sendall(b"x" * (length - 3) + b"GET / HTTP/1.1")
    pair[1].shutdown(socket.SHUT_WR)

    following = body_of(pair, b"abc", length).skip_rest()

    # What has not been received yet is read with the next head.
    assert following is not None
    assert b"GET / HTTP/1.1".startswith(following)
