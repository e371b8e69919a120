"""Event details of a schedule file: where the event is, who organises it, and how its pages look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """A picture file that the pages serve."""

    content: bytes
    media_type: str
    extension: str


@dataclass(frozen=True)
class EventDetails:
    """All details are optional; an empty text or None is not shown. `geo` is latitude and longitude in degrees."""

    place: str = ""
    address: str = ""
    geo: tuple[float, float] | None = None
    map_url: str = ""
    description: str = ""
    organiser: str = ""
    contact: str = ""
    imprint_url: str = ""
    privacy_url: str = ""
    logo: Picture | None = None
    image: Picture | None = None
    image_alt: str = ""
    accent: str = ""

    @property
    def location(self) -> str:
        """Place and address on one line."""
        return ", ".join(filter(None, (self.place, " ".join(self.address.split()))))

    @property
    def contact_url(self) -> str:
        """The link of the contact: an e-mail address or a web address; nothing for other texts."""
        if self.contact.startswith(("https://", "http://")):
            return self.contact
        if "@" in self.contact:
            return f"mailto:{self.contact}"
        return ""


NO_DETAILS = EventDetails()
