"""Guests as the load generators read them: halves of JSON bodies, joined around a unique part of the e-mail address."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.people import Person, people

GUESTS = 20_000
FILE_NAME = "guests.tsv"


@dataclass(frozen=True)
class GuestBody:
    """The members of a guest in JSON, without the closing brace, before and after the unique part of the e-mail."""

    start: str
    end: str

    def json(self, distinction: str, **members: str) -> str:
        """Return the whole body, with further members."""
        further = json.dumps(members, ensure_ascii=False)[1:]
        return f"{self.start}{distinction}{self.end}, {further}"


def guest_body(guest: Person) -> GuestBody:
    """Return the body of a guest."""
    rest = {"phone": guest.phone, "country": guest.country, "city": guest.city, "message": guest.message}
    start = json.dumps({"fullName": guest.full_name, "email": f"{guest.mailbox}."}, ensure_ascii=False)
    end = json.dumps(rest, ensure_ascii=False)
    return GuestBody(start.removesuffix('"}'), f'@{guest.email_domain}", {end[1:-1]}')


def guest_lines(guests: Iterable[Person]) -> str:
    """Return a line for each guest: both halves of the body, with a tab between them."""
    bodies = map(guest_body, guests)
    return "".join(f"{body.start}\t{body.end}\n" for body in bodies)


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
