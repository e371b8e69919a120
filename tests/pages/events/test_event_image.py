"""Images of events: in the document, on cards and pages, and where other hosts may show them."""

from __future__ import annotations

import re

import pytest

from core.mongo.client import Db
from tests.api_client import Api
from tests.event_calls import create_event, event_form, store_event
from tests.pages.account.page_browser import PageBrowser

IMAGE = "https://pictures.example.org/a.jpg?w=640&h=360"
TAG = re.compile(r'<img class="event-image" src="([^"]*)" alt="([^"]*)" width="640" height="360"')


@pytest.mark.parametrize("image", [IMAGE, "/images/a.jpg", "https://a.example:8443/b", ""])
def test_editor_gives_an_image_and_the_document_has_it(api: Api, image: str) -> None:
    event = create_event(api, image=image, imageAlt="The stage at night")

    shown = api.get(f"/api/events/{event['id']}").json
    listed = api.get("/api/events").json["data"][0]

    assert [(one["image"], one["imageAlt"]) for one in (event, shown, listed)] == [(image, "The stage at night")] * 3


def test_image_is_changed_and_removed(api: Api) -> None:
    event = create_event(api, image=IMAGE, imageAlt="The stage")

    changed = api.admin("PATCH", f"/events/{event['id']}", json={"image": "/images/b.jpg"}).json
    removed = api.admin("PATCH", f"/events/{event['id']}", json={"image": "", "imageAlt": ""}).json

    assert (changed["image"], changed["imageAlt"]) == ("/images/b.jpg", "The stage")
    assert (removed["image"], removed["imageAlt"]) == ("", "")


def test_event_stored_without_an_image_has_none(api: Api, db: Db) -> None:
    event = store_event(db)
    db["events"].update_one({"_id": event.id}, {"$unset": {"image": "", "imageAlt": ""}})

    assert api.get(f"/api/events/{event.id}").json["image"] == ""


def test_card_and_pages_show_the_image_in_a_fixed_box(browser: PageBrowser, db: Db) -> None:
    event = store_event(db, image=IMAGE, image_alt='The "stage"')

    for path in ("/events", f"/events/{event.id}", f"/embed/events/{event.id}"):
        found = TAG.findall(browser.get(path).text)
        assert found == [(IMAGE.replace("&", "&amp;"), "The &#34;stage&#34;")], path


def test_event_without_an_image_has_no_box(browser: PageBrowser, db: Db) -> None:
    event = store_event(db)

    for path in ("/events", f"/events/{event.id}", f"/embed/events/{event.id}"):
        assert "event-image" not in browser.get(path).text


def test_only_pages_of_events_show_images_of_other_hosts(browser: PageBrowser, db: Db) -> None:
    event = store_event(db)
    with_images = ["/events", f"/events/{event.id}", f"/embed/events/{event.id}"]
    others = ["/", "/sign-in", "/cart", "/admin", "/api/events"]

    policies = {path: browser.get(path).headers["Content-Security-Policy"] for path in [*with_images, *others]}

    for path, policy in policies.items():
        assert ("img-src 'self' data: https:;" in policy) == (path in with_images), path
        assert policy.count("https:") == (path in with_images), path


def test_audit_notes_a_changed_image(api: Api) -> None:
    event = create_event(api)
    api.admin("PATCH", f"/events/{event['id']}", json={"image": IMAGE})

    entry = api.admin("GET", "/audit").json["items"][0]

    assert IMAGE in str(entry)


def test_form_without_an_image_is_taken(api: Api) -> None:
    assert api.admin("POST", "/events", json=event_form()).json["image"] == ""
