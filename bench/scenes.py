"""The scenes of the rush: what each contender is put through, and whether what it answered is true."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import requests

import wiring
from bench import loads
from bench.contenders import ENDLESS, EVENT, WIDE, Contender, Place, planned_in
from bench.loads import Figures
from bench.stock import Stock, slot_documents, slot_lines
from schedules.model import PlannedSlot

PEOPLE = 2000
FULL_SLOTS = 10
# A worker of the product refuses a slot it saw full for half a second without asking; a round begins after that.
FORGET_SECONDS = 0.6
_runs = count(1)


@dataclass(frozen=True)
class Result:
    """What one contender did in one round of a scene; `problem` says why the round scores nothing, if it does not."""

    scene: str
    contender: str
    figure: float
    p50: float | None = None
    p99: float | None = None
    statuses: Mapping[int, int] = field(default_factory=dict)
    unanswered: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Rush:
    """Where the rounds happen and how long they last."""

    place: Place
    seconds: float

    def spread(self, contender: Contender) -> Result:
        """Book in 1,000 slots that never fill."""
        return self._booking("spread", contender, planned_in(WIDE), 1000)

    def crowd(self, contender: Contender) -> Result:
        """Book in the event's own 136 slots, as if they never filled."""
        return self._booking("crowd", contender, planned_in(ENDLESS), 136)

    def strangers(self, contender: Contender) -> Result:
        """Book in the event's slots, everybody from an address that has not been seen before."""
        return self._booking("strangers", contender, planned_in(ENDLESS), 136, "strangers")

    def hot(self, contender: Contender) -> Result:
        """Book in one slot that never fills."""
        return self._booking("hot", contender, planned_in(ENDLESS), 1)

    def sold_out(self, contender: Contender) -> Result:
        """Ask for places in ten slots that are full, among others that are not."""
        planned = planned_in(ENDLESS)
        full = planned[:FULL_SLOTS]
        contender.offer(planned)
        contender.stock.db.slots.update_many({"_id": {"$in": [slot.id for slot in full]}}, {"$set": {"capacity": 4}})
        filled = _fill(contender, full)
        run = f"r{next(_runs)}"
        figures = loads.book(contender.url, self._slots_file(run, full), run, self.seconds)
        problem = _check(contender, filled, 0) or ("" if figures.only(409) else f"answers but 409: {figures.statuses}")
        return _result("sold out", contender.name, figures, problem)

    def looking(self, contender: Contender) -> Result:
        """List the nine slots of a date."""
        planned = planned_in(ENDLESS)
        contender.offer(planned)
        _forget()
        dates = [date for date in dict.fromkeys(slot.date for slot in planned) if _on(planned, date) == 9]
        figures = loads.look(contender.url, dates, self.seconds)
        return _result("looking", contender.name, figures, "" if figures.only(200) else "answers but 200")

    def on_sale(self, contender: Contender) -> Result:
        """Let 2,000 people want the event's 544 places at once; the figure is the seconds until all know."""
        planned = planned_in(EVENT)
        places = 4 * len(planned)
        contender.offer(planned, capacity=4)
        _forget()
        run = f"r{next(_runs)}"
        figures = loads.rush(contender.url, self._slots_file(run, planned), PEOPLE, run)
        wanted = {201: places, 409: PEOPLE - places}
        told = "" if dict(figures.statuses) == wanted else f"wanted {wanted}, unanswered {figures.unanswered}"
        problem = _check(contender, figures.booked, figures.unanswered) or told
        return Result(
            "on sale", contender.name, figures.seconds, None, None, figures.statuses, figures.unanswered, problem
        )

    def drive(self, scene: str) -> Result:
        """Book with the bare driver, on many slots or on one."""
        planned = planned_in(WIDE)[: 1 if scene == "hot" else None]
        db = self.place.client["bench_driver"]
        wiring.prepare_database(db)
        stock = Stock(db)
        stock.remember()
        stock.renew(slot_documents(planned, 1_000_000_000, product=True))
        told = loads.drive(self.place.uri, db.name, [slot.id for slot in planned], self.seconds)
        counted = stock.count()
        good = counted.bookings == counted.places_taken == told["bookings"] and counted.letters == 2 * counted.bookings
        return Result(scene, "bare driver", told["perSecond"], problem="" if good else f"counts disagree: {counted}")

    def warm_up(self, contender: Contender, planned: Sequence[PlannedSlot]) -> None:
        """Let everything be loaded and compiled before the first round."""
        contender.offer(planned)
        run = f"r{next(_runs)}"
        loads.book(contender.url, self._slots_file(run, planned), run, 2)

    def _booking(
        self, scene: str, contender: Contender, planned: Sequence[PlannedSlot], most: int, order: str = "round"
    ) -> Result:
        contender.offer(planned)
        _forget()
        run = f"r{next(_runs)}"
        figures = loads.book(contender.url, self._slots_file(run, planned[:most]), run, self.seconds, order)
        stores = contender.name != "no database"
        problem = _check(contender, figures.booked, figures.unanswered) if stores else ""
        return _result(scene, contender.name, figures, problem)

    def _slots_file(self, run: str, slots: Sequence[PlannedSlot]) -> Path:
        file = self.place.folder / f"{run}.slots"
        file.write_text(slot_lines(slots))
        return file


# By the names of the command line.
SCENES: Mapping[str, Callable[[Rush, Contender], Result]] = {
    "spread": Rush.spread,
    "crowd": Rush.crowd,
    "strangers": Rush.strangers,
    "hot": Rush.hot,
    "sold-out": Rush.sold_out,
    "looking": Rush.looking,
    "on-sale": Rush.on_sale,
}


def _result(scene: str, name: str, figures: Figures, problem: str) -> Result:
    broken = f"{figures.broken} connections broke" if figures.broken else ""
    return Result(
        scene,
        name,
        figures.per_second,
        figures.p50,
        figures.p99,
        figures.statuses,
        figures.unanswered,
        problem or broken,
    )


def _check(contender: Contender, told: int, unanswered: int) -> str:
    """Return what is untrue about `told` bookings, or nothing."""
    counted = contender.stock.count()
    if not told <= counted.bookings <= told + unanswered:
        return f"{told} were told they have a place, {unanswered} got no answer, {counted.bookings} bookings exist"
    if counted.places_taken != counted.bookings:
        return f"{counted.bookings} bookings, but {counted.places_taken} places counted"
    if counted.letters != 2 * counted.bookings:
        return f"{counted.bookings} bookings, but {counted.letters} letters"
    if counted.most_over > 0:
        return f"a slot is oversold by {counted.most_over}"
    return contender.verify() if contender.product else ""


def _fill(contender: Contender, slots: Sequence[PlannedSlot]) -> int:
    run = f"f{next(_runs)}"
    wanted = [slot for slot in slots for _ in range(4)]
    with requests.Session() as session:
        for person, slot in enumerate(wanted):
            form = {
                "fullName": "Ada Guest", "email": f"{run}-{person}@example.com", "phone": f"+1{4152000000 + person}",
                "country": "US", "city": "", "date": slot.date, "slotId": slot.id, "message": "",
            }  # fmt: skip
            answer = session.post(f"{contender.url}/api/bookings", json=form, timeout=30)
            if answer.status_code != 201:
                raise loads.CannotLoad(f"{contender.name} refused a free place: {answer.text[:300]}")
    return len(wanted)


def _forget() -> None:
    time.sleep(FORGET_SECONDS)


def _on(planned: Sequence[PlannedSlot], date: str) -> int:
    return sum(slot.date == date for slot in planned)
