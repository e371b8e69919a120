"""Sample bookings: reproducible guests with realistic names, phone numbers and countries."""

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
INTERVAL = timedelta(seconds=4)
CANCELLED_SHARE = 0.05
RANDOM_SEED = 2026
REFERENCE_LENGTH = 8


@dataclass(frozen=True)
class Country:
    """A country, the calling code with the first digits of its mobile numbers, and the number of further digits."""

    code: str
    phone_prefix: str
    phone_digits: int


# The first ones are the most frequent.
COUNTRIES = (
    Country("DE", "49151", 8), Country("US", "1415", 7), Country("GB", "44770", 7), Country("FR", "336", 8),
    Country("IN", "9198", 8), Country("PL", "4850", 7), Country("TR", "90532", 7), Country("ES", "3461", 7),
    Country("IT", "39347", 7), Country("NL", "316", 8), Country("AT", "43664", 7), Country("BR", "55119", 8),
)  # fmt: skip
FIRST_NAMES = (  # noqa: SIM905  # long lists are easier to read as words
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
_LAST_NAME_STARTS = (  # noqa: SIM905  # long lists are easier to read as words
    "Acker Alt Bach Baum Berg Birn Blum Brand Braun Brück Busch Dorn Eber Eich Eisen Fahr Feld Fisch Forst "
    "Freuden Fried Gold Grün Hage Hart Heide Hirsch Hof Holz Kalt Kamm Kirch Klein König Kraut Kron Lang Leng "
    "Licht Linden Löwen Mai Meer Mühl Nach Neu Nieder Ober Oster Palm Rauch Reich Rosen Roth Sand Schön Silber "
    "Sonnen Stein Stern Stroh Sturm Tannen Thal Unter Vogel Wald Wasser Weiden Wein Weiß Winter Wolf Ziegel "
    "Zimmer"
).split()
_LAST_NAME_ENDS = (  # noqa: SIM905  # long lists are easier to read as words
    "acker auer bach bauer beck berg berger brunn burg dorf egger feld felder fels haus hauser heim hof hofer "
    "huber inger käufer lein mann mayer meier meister müller reuter rich schmidt schneider stadt stedt stein "
    "straßer thaler wald werth"
).split()
LAST_NAMES = [f"{start}{end}" for start, end in product(_LAST_NAME_STARTS, _LAST_NAME_ENDS)]
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
class SampleBookings:
    """`size` bookings in the given slots, by time of creation; the same ones on every iteration."""

    size: int
    slots: Sequence[PlannedSlot]

    def __iter__(self) -> Iterator[Booking]:
        """Yield the bookings: the first created at FIRST_BOOKING, then one every four seconds."""
        random = Random(RANDOM_SEED)
        for number in range(self.size):
            yield self._booking(random, number)

    def _booking(self, random: Random, number: int) -> Booking:
        created_at = FIRST_BOOKING + number * INTERVAL
        first_name = random.choice(FIRST_NAMES)
        last_name = random.choice(LAST_NAMES)
        country = _country(random)
        slot = self.slots[number % len(self.slots)]
        return Booking(
            id=f"{int(created_at.timestamp() * 1000):012x}{random.getrandbits(80):020x}",
            reference=_reference(number),
            full_name=f"{first_name} {last_name}",
            email=f"guest{number}@example.com",
            phone=_phone(random, country),
            country=country.code,
            city=random.choice(CITIES),
            message=random.choice(MESSAGES),
            date=slot.date,
            slot_id=slot.id,
            slot_label=slot.label,
            created_at=created_at,
            status=Status.CANCELLED if random.random() < CANCELLED_SHARE else Status.CONFIRMED,
        )


def _country(random: Random) -> Country:
    return COUNTRIES[min(int(random.expovariate(0.35)), len(COUNTRIES) - 1)]


def _phone(random: Random, country: Country) -> str:
    digits = country.phone_digits
    return f"+{country.phone_prefix}{random.randrange(10**digits):0{digits}d}"


def _reference(number: int) -> str:
    """Return `number` in the alphabet of references, so that every booking has another reference."""
    characters = ""
    for _ in range(REFERENCE_LENGTH):
        number, digit = divmod(number, len(REFERENCE_ALPHABET))
        characters += REFERENCE_ALPHABET[digit]
    return f"{characters[:4]}-{characters[4:]}"
