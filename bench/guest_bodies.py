"""Guests as the load generators read them: parts of JSON bodies, joined around a unique part of the e-mail address."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.people import Person, people

GUESTS = 20_000
FILE_NAME = "guests.tsv"


@dataclass(frozen=True)
class GuestBody:
    """The members of a guest in JSON, without braces.

    `start` ends before the unique part of the e-mail address. `contact` has its rest and the other contact data, and
    `booking_members` the further members of a booking.
    """

    start: str
    contact: str
    booking_members: str

    def booking_json(self, distinction: str, **members: str) -> str:
        """Return the body of a booking, with further members."""
        return f"{{{self.start}{distinction}{self.contact}, {self.booking_members}, {_members(members)}}}"


def guest_body(guest: Person) -> GuestBody:
    """Return the body of a guest."""
    name = _members({"fullName": guest.full_name, "email": f"{guest.mailbox}."})
    numbers = _members({"phone": guest.phone, "country": guest.country})
    further = _members({"city": guest.city, "message": guest.message})
    return GuestBody(name.removesuffix('"'), f'@{guest.email_domain}", {numbers}', further)


def guest_lines(guests: Iterable[Person]) -> str:
    """Return a line for each guest: the three parts of the body, with tabs between them."""
    bodies = map(guest_body, guests)
    return "".join(f"{body.start}\t{body.contact}\t{body.booking_members}\n" for body in bodies)


def read_guests(file: Path) -> list[GuestBody]:
    """Return the bodies of a file of guests."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [GuestBody(*line.split("\t")) for line in lines]


def guests_file(folder: Path) -> Path:
    """Return a file of GUESTS guests in `folder`; it is written once."""
    file = folder / FILE_NAME
    if not file.exists():
        file.write_text(guest_lines(people(GUESTS)), encoding="utf-8")
    return file


def _members(members: Mapping[str, str]) -> str:
    return json.dumps(members, ensure_ascii=False)[1:-1]
