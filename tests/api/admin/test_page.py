"""Address of the back-office page."""

from __future__ import annotations

import pytest

from tests.api_client import Api


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/admin/", "/admin"),
        ("/admin/?view=slots", "/admin?view=slots"),
        ("/admin/?view=bookings&name=M%C3%BCller&a=1&a=2", "/admin?view=bookings&name=M%C3%BCller&a=1&a=2"),
        ("/admin/?next=//evil.example", "/admin?next=//evil.example"),
    ],
)
def test_back_office_page_with_a_slash_is_redirected(api: Api, path: str, target: str) -> None:
    answer = api.send("GET", path, headers={"Host": "evil.example"})

    assert (answer.status, answer.headers["Location"]) == (303, target)


def test_unknown_page_below_the_back_office_is_refused(api: Api) -> None:
    assert api.get("/admin/nothing").status == 404
