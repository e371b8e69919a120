"""Text search finds the same bookings with and without segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from booking.model import Booking
from booking.search import index
from booking.search.maintenance import MaintainSearch
from core.mongo.client import Db
from tests.api_client import Api
from tests.factories import booking as made

QUERIES: list[tuple[dict[str, str], set[int]]] = [
    ({"q": "muller"}, {1}),
    ({"q": "M\u00dcLLER"}, {1}),
    ({"q": "ulle"}, {1}),
    ({"q": "maria anna"}, {1}),
    ({"q": "muller amm1987"}, {1}),
    ({"q": "anna\u2013maria"}, {1}),
    ({"q": "O'Brien"}, {2}),
    ({"q": "o\u2019brien"}, {2}),
    ({"q": "obrien conan"}, {2}),
    ({"q": "o'brien@example"}, {2}),
    ({"q": "ipek"}, {3}),
    ({"q": "IPEK"}, {3}),
    ({"q": "yildiz"}, {3}),
    ({"q": "\u0410\u041b\u0415\u041d\u0410"}, {4}),
    ({"q": "\u56fd"}, {5}),
    ({"q": "\u0627\u062d\u0645\u062f"}, {7}),
    ({"q": "ada.love@example.org"}, {0}),
    ({"q": "ove@exam"}, {0}),
    ({"q": "example.org"}, {0, 2, 7}),
    ({"q": "example.org ada"}, {0}),
    ({"q": "+49 (0)151 23456780"}, {1}),
    ({"q": "0151 2345"}, {1}),
    ({"q": "+49 0151 2345"}, {1}),
    ({"q": "0049 151"}, {1}),
    ({"q": "\u0661\u0665\u0661\u0662\u0663\u0664"}, {1}),
    ({"q": "\uff11\uff15\uff11\uff12\uff13\uff14"}, {1}),
    ({"q": "555-0007"}, {6}),
    ({"q": "06 12345678"}, {8}),
    ({"q": "1987"}, {1}),
    ({"q": "K7MP-0006"}, {6}),
    ({"q": "k7mp0006 grace"}, {6}),
    ({"q": "K7MP-0006 ada"}, set()),
    ({"q": "K7MP"}, set()),
    ({"q": "415555 grace"}, {6}),
    ({"q": "nobody"}, set()),
    ({"q": ".*"}, set()),
    ({"q": "'"}, set()),
    ({"q": "$ids"}, set()),
    ({"q": ""}, set(range(9))),
    ({"q": "a l", "name": "ada"}, {0}),
    ({"name": "a Lov"}, {0}),
    ({"name": "a-m"}, {1}),
    ({"name": "hopper grace"}, set()),
    ({"name": "example"}, set()),
    ({"name": "'"}, set()),
    ({"phone": "0151 234"}, {1}),
    ({"phone": "+49 (0)151"}, {1}),
    ({"phone": "+1 415 555"}, {0, 6}),
    ({"phone": "06 1234"}, {4, 8}),
    ({"phone": "abc"}, set()),
    ({"phone": "1", "q": "grace"}, {6}),
    ({"email": "ove@exam"}, {0}),
    ({"email": "Grace@navy.example"}, {6}),
    ({"email": "grace", "country": "US"}, {6}),
    ({"q": "grace", "country": "DE"}, set()),
    ({"q": "grace", "status": "confirmed"}, {6}),
    ({"q": "grace", "reference": "K7MP-0006"}, {6}),
    ({"q": "ada", "reference": "K7MP-0006"}, set()),
    ({"slotId": "slot-0000001", "q": "grace"}, {6}),
    ({"slotId": "slot-0000002"}, set()),
]


@pytest.fixture(params=["unindexed", "appended", "common"])
def found(
    request: pytest.FixtureRequest,
    api: Api,
    people: list[str],
    maintain: MaintainSearch,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., set[int]]:
    """Return a search: without segments, with two of them, and as if every text were common."""
    if request.param != "unindexed":
        maintain.execute()
        assert maintain.segments.count() == 2
    if request.param == "common":
        monkeypatch.setattr(index, "MAX_MATCHES", 0)

    def search(**query: str) -> set[int]:
        answer = api.admin("GET", "/bookings", query={"limit": "100", **query})
        assert answer.status == 200, answer.body
        return {people.index(item["_id"]) for item in answer.json["items"]}

    return search


def test_search_finds_folded_parts_of_every_field(found: Callable[..., set[int]]) -> None:
    wrong = [(query, right, found(**query)) for query, right in QUERIES if found(**query) != right]

    assert wrong == []


@pytest.fixture
def crowd(store: Callable[[Sequence[Booking]], None], maintain: MaintainSearch) -> list[str]:
    """Store 42 bookings, every third of an Ann, ten segments and two bookings without; return Ann's ids."""
    bookings = [made(number, full_name="Ann Lee" if number % 3 == 0 else f"Bob {number}") for number in range(42)]
    store(bookings)
    maintain.execute()
    assert maintain.segments.count() == 10
    return [booking.id for booking in bookings if booking.full_name == "Ann Lee"]


def walked(api: Api, **query: Any) -> list[str]:
    ids: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = api.admin("GET", "/bookings", query={"limit": "3", **query, **after}).json
        ids += [item["_id"] for item in answer["items"]]
        if answer["next"] is None:
            return ids
        after = {"after": answer["next"]}


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_search_is_walked_to_its_end_by_cursors_and_pages(
    api: Api, crowd: list[str], order: str, common: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if common:
        monkeypatch.setattr(index, "MAX_MATCHES", 5)
    right = crowd if order == "asc" else crowd[::-1]

    by_cursor = walked(api, q="ann", order=order)
    by_cursor_confirmed = walked(api, q="ann", order=order, status="confirmed")
    by_page: list[str] = []
    for page in range(1, 6):
        answer = api.admin("GET", "/bookings", query={"q": "ann", "order": order, "limit": "3", "page": str(page)})
        by_page += [item["_id"] for item in answer.json["items"]]

    assert by_cursor == by_cursor_confirmed == by_page == right


def test_total_is_exact_for_few_matches_and_an_estimate_for_many(
    api: Api, crowd: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = api.admin("GET", "/bookings", query={"q": "ann"}).json
    monkeypatch.setattr(index, "MAX_SEGMENTS", 4)
    estimate = api.admin("GET", "/bookings", query={"q": "ann"}).json

    assert (exact["total"], exact["totalIsExact"]) == (len(crowd), True)
    assert estimate["totalIsExact"] is False
    assert abs(estimate["total"] - len(crowd)) <= 3
    assert exact["sorts"] == ["created", "name", "date", "hour", "country"]
    assert estimate["sorts"] == ["created", "date"]
    assert api.admin("GET", "/bookings", query={"q": "ann", "sort": "name"}).code == "too_many_to_sort"
    assert len(walked(api, q="ann", sort="date")) == len(crowd)


def test_search_reads_matching_bookings_alone(api: Api, db: Db, crowd: list[str]) -> None:
    db.command({"profile": 2})
    try:
        assert walked(api, q="bob 7") != []
    finally:
        db.command({"profile": 0})

    reads = list(db["system.profile"].find({"ns": f"{db.name}.bookings", "docsExamined": {"$exists": True}}))
    assert reads
    # The two bookings without a segment are compared one by one.
    assert max(read["docsExamined"] for read in reads) <= 12
    assert not any("COLLSCAN" in read.get("planSummary", "") for read in reads)


def test_control_without_segments_a_search_reads_every_booking(api: Api, db: Db, crowd: list[str]) -> None:
    db["booking_search_segments"].delete_many({})
    db.command({"profile": 2})
    try:
        assert walked(api, q="bob 7") != []
    finally:
        db.command({"profile": 0})

    reads = list(db["system.profile"].find({"ns": f"{db.name}.bookings", "docsExamined": {"$exists": True}}))
    assert max(read["docsExamined"] for read in reads) == 42


def test_list_sorts_accents_like_plain_letters(api: Api, store: Callable[[Sequence[Booking]], None]) -> None:
    names = ["Zoe", "\u00c4rmel", "Armel", "Arnold", "\u00e9mile", "Emil", "\u015eahin", "Sahin"]
    store([made(number, full_name=name) for number, name in enumerate(names)])

    listed = [item["fullName"] for item in api.admin("GET", "/bookings", query={"sort": "name"}).json["items"]]
    exported = api.admin("GET", "/bookings/export", query={"sort": "name"}).body.decode("utf-8-sig").splitlines()[1:]

    assert listed == ["Armel", "\u00c4rmel", "Arnold", "Emil", "\u00e9mile", "Sahin", "\u015eahin", "Zoe"]
    assert [line.split('"')[1] for line in exported] == listed
