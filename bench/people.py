"""A million guests with names, numbers and countries like those of people; the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random

from booking.model import Booking, Status
from core.ids import REFERENCE_ALPHABET
from schedules.model import PlannedSlot

FIRST_BOOKING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
CANCELLED_SHARE = 0.05
# Country, its calling code, digits of a subscriber; the first are the most frequent.
COUNTRIES = (
    ("DE", "49151", 8), ("US", "1415", 7), ("GB", "44770", 7), ("FR", "336", 8), ("IN", "9198", 8), ("PL", "4850", 7),
    ("TR", "90532", 7), ("ES", "3461", 7), ("IT", "39347", 7), ("NL", "316", 8), ("AT", "43664", 7), ("BR", "55119", 8),
)  # fmt: skip
FIRST_NAMES = (  # noqa: SIM905  # a list of words reads best as words
    "Ada Adam Agnes Ahmed Aisha Alan Albert Alejandro Aleksandra Alessia Alexander Alice Amir Ana Anders Andrea "
    "Anke Anna Antonio Arjun Astrid Ayşe Barbara Beatriz Ben Bernd Björn Carla Carlos Caroline Cem Charlotte "
    "Chiara Chloé Christian Clara Daan Daniel David Deepak Diana Diego Dilara Dmitri Dominik Dorothea Edgar Elena "
    "Elias Elif Emil Emily Emma Enrique Erik Esra Eva Fatima Felix Fernanda Finn Florian Francesca Frank Frieda "
    "Gabriel Georg Giulia Grace Greta Grzegorz Hanna Hans Harald Hassan Heike Helena Henri Hugo Ibrahim Ida Ines "
    "Ingrid Isabel Ivan Jakob James Jan Jana Jasmin Javier Jens Joanna Johanna John Jonas José Julia Jürgen Kai "
    "Karin Katarzyna Katharina Kemal Klaus Krzysztof Lakshmi Lara Lars Laura Léa Lena Leon Leonie Liam Lina Lisa "
    "Lorenzo Louise Luca Lucía Ludwig Luis Lukas Magdalena Mahmoud Maja Małgorzata Manuel Marco Margarethe Maria "
    "Marie Mario Marta Martin Mateusz Matilda Matteo Max Mehmet Mia Michael Miguel Mila Mohammed Monika Moritz "
    "Murat Nadia Natalia Neha Nico Nina Noah Nora Olaf Oliver Olivia Oskar Pablo Patricia Paul Pedro Petra "
    "Philipp Pierre Pooja Priya Rafael Rahul Ralf Rebecca Renate Ricardo Robert Rosa Ruth Sabine Samira Samuel "
    "Sandra Sara Sebastian Selin Simon Sofia Sophie Stefan Sunita Susanne Tarek Theo Thomas Tim Tobias Tomasz "
    "Ulrike Ursula Valentina Vanessa Vera Victor Vincent Walter Werner Wiebke William Wolfgang Xaver Yara Yusuf "
    "Yvonne Zeynep Zofia"
).split()
_LAST_BEGINNINGS = (  # noqa: SIM905  # a list of words reads best as words
    "Acker Alt Bach Baum Berg Birn Blum Brand Braun Brück Busch Dorn Eber Eich Eisen Fahr Feld Fisch Forst "
    "Freuden Fried Gold Grün Hage Hart Heide Hirsch Hof Holz Kalt Kamm Kirch Klein König Kraut Kron Lang Leng "
    "Licht Linden Löwen Mai Meer Mühl Nach Neu Nieder Ober Oster Palm Rauch Reich Rosen Roth Sand Schön Silber "
    "Sonnen Stein Stern Stroh Sturm Tannen Thal Unter Vogel Wald Wasser Weiden Wein Weiß Winter Wolf Ziegel "
    "Zimmer"
).split()
_LAST_ENDINGS = (  # noqa: SIM905  # a list of words reads best as words
    "acker auer bach bauer beck berg berger brunn burg dorf egger feld felder fels haus hauser heim hof hofer "
    "huber inger käufer lein mann mayer meier meister müller reuter rich schmidt schneider stadt stedt stein "
    "straßer thaler wald werth"
).split()
LAST_NAMES = [f"{beginning}{ending}" for beginning, ending in product(_LAST_BEGINNINGS, _LAST_ENDINGS)]
CITIES = (
    "Berlin",
    "Hamburg",
    "München",
    "Paris",
    "London",
    "Warszawa",
    "Istanbul",
    "Madrid",
    "Mumbai",
    "São Paulo",
    "",
)
MESSAGES = (
    "",
    "",
    "",
    "Looking forward to it.",
    "We come with a pram.",
    "Is there parking nearby? Thank you, and until then.",
)


@dataclass(frozen=True)
class Crowd:
    """So many bookings in the given slots, in the order they were made."""

    size: int
    slots: Sequence[PlannedSlot]

    def bookings(self) -> Iterator[Booking]:
        """Yield them; the first was made at FIRST_BOOKING, then one came every four seconds."""
        random = Random(2026)
        for number in range(self.size):
            yield self._booking(random, number)

    def _booking(self, random: Random, number: int) -> Booking:
        at = FIRST_BOOKING + timedelta(seconds=4 * number)
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        country, code, digits = COUNTRIES[min(int(random.expovariate(0.35)), len(COUNTRIES) - 1)]
        slot = self.slots[number % len(self.slots)]
        return Booking(
            id=f"{int(at.timestamp() * 1000):012x}{random.getrandbits(80):020x}",
            reference=_reference(number),
            full_name=f"{first} {last}",
            email=f"guest{number}@example.com",
            phone=f"+{code}{random.randrange(10**digits):0{digits}d}",
            country=country,
            city=random.choice(CITIES),
            message=random.choice(MESSAGES),
            date=slot.date,
            slot_id=slot.id,
            slot_label=slot.label,
            created_at=at,
            status=Status.CANCELLED if random.random() < CANCELLED_SHARE else Status.CONFIRMED,
        )


def _reference(number: int) -> str:
    # The numbers in the alphabet of references, so that no two are the same.
    letters = ""
    for _ in range(8):
        number, letter = divmod(number, len(REFERENCE_ALPHABET))
        letters += REFERENCE_ALPHABET[letter]
    return f"{letters[:4]}-{letters[4:]}"
