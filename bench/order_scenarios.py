"""Scenarios of orders: carts of three tiers, paid at a gateway, holds of one tier, and check-ins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

from bench import load_generators
from bench.checks import verify_problem
from bench.event_fixtures import PEOPLE, access_tokens
from bench.load_generators import LoadResult
from bench.order_fixtures import (
    HoldCounts,
    OrderCounts,
    count_checked_in,
    count_holds,
    count_orders,
    store_three_tier_events,
    store_tickets,
)
from bench.payment_gateway import APPROVED, forget_payments, paid_amount
from bench.results import CHECK_IN, HOLDS_HOT, ORDERS, ORDERS_MIXED, RoundResult
from bench.scenarios import ScenarioRunner, next_run, round_result, wait_for_cache_expiry
from bench.system_specs import EVENT_UNLIMITED, planned_slots
from bench.systems import System

EVENTS = 20
CAPACITY = 1_000_000
# More than a round of the fastest system uses.
ORDER_REQUESTS = 20_000
HOLD_REQUESTS = 10_000
TICKETS = 20_000
# The tickets of the three tiers of a cart.
QUANTITIES = (1, 1, 2)
CART_ORDERS = tuple(permutations(range(len(QUANTITIES))))

Body = dict[str, Any]
Check = tuple[bool, str]


@dataclass(frozen=True)
class Posts:
    """The requests of a round: the bodies for one path, in turn by other people."""

    path: str
    bodies: Sequence[Body]
    status: int = 201
    admin_key: str = ""


def orders(runner: ScenarioRunner, system: System) -> RoundResult:
    """Buy carts of the three tiers of 20 events, the tiers always in the same order."""
    return _buy(runner, system, ORDERS, in_fixed_order)


def orders_mixed(runner: ScenarioRunner, system: System) -> RoundResult:
    """Buy the same carts with their lines in every order."""
    return _buy(runner, system, ORDERS_MIXED, in_any_order)


def holds_hot(runner: ScenarioRunner, system: System) -> RoundResult:
    """Hold one ticket of one tier for each of 10,000 people."""
    _reset(system)
    tiers = store_three_tier_events(system, 1, CAPACITY)
    bodies = [{"items": [{"tierId": tiers[0][0], "quantity": 1}]}] * HOLD_REQUESTS

    def problem(loaded: LoadResult) -> str:
        return holds_problem(count_holds(system), loaded)

    return _post(runner, system, HOLDS_HOT, Posts("/api/holds", bodies), problem)


def check_in(runner: ScenarioRunner, system: System) -> RoundResult:
    """Check in tickets of one event, each once."""
    _reset(system)
    bodies = [{"code": code} for code in store_tickets(system, TICKETS)]
    admin_key = system.spec.environment.get("ADMIN_KEY", "")

    def problem(loaded: LoadResult) -> str:
        return check_in_problem(count_checked_in(system), loaded)

    return _post(runner, system, CHECK_IN, Posts("/api/admin/checkin", bodies, 200, admin_key), problem)


def in_fixed_order(tiers: Sequence[Sequence[str]], count: int) -> Iterator[Body]:
    """Yield orders for the tiers of each event in turn."""
    for number in range(count):
        yield _order(tiers[number % len(tiers)], CART_ORDERS[0])


def in_any_order(tiers: Sequence[Sequence[str]], count: int) -> Iterator[Body]:
    """Yield the same orders, whose lines have each of their orders in turn."""
    for number in range(count):
        yield _order(tiers[number % len(tiers)], CART_ORDERS[number // len(tiers) % len(CART_ORDERS)])


def orders_problem(stored: OrderCounts, paid: int, loaded: LoadResult) -> str:
    """Return how the orders, tickets and money contradict the responses, or an empty string.

    `paid` is the gateway's total. An unanswered request may or may not have bought.
    """
    return _first_problem(
        loaded,
        _status_check(loaded, 201),
        (_agrees(stored.paid, loaded.created, loaded), f"{stored.paid} orders paid"),
        (not stored.unpaid, f"{stored.unpaid} orders not paid"),
        (stored.tickets == stored.ordered, f"{stored.ordered} tickets ordered, but {stored.tickets} issued"),
        (stored.taken == stored.tickets, f"{stored.tickets} tickets issued, but {stored.taken} taken"),
        (stored.oversold <= 0, f"a tier is oversold by {stored.oversold}"),
        (stored.emails == stored.paid, f"{stored.paid} orders paid, but {stored.emails} e-mails written"),
        (stored.total == paid, f"the orders cost {stored.total}, but {paid} was paid"),
    )


def holds_problem(stored: HoldCounts, loaded: LoadResult) -> str:
    """Return how the holds contradict the responses, or an empty string."""
    return _first_problem(
        loaded,
        _status_check(loaded, 201),
        (_agrees(stored.active, loaded.created, loaded), f"{stored.active} holds stored"),
        (stored.taken == stored.active, f"{stored.active} tickets held, but {stored.taken} taken"),
        (stored.oversold <= 0, f"a tier is oversold by {stored.oversold}"),
    )


def check_in_problem(checked_in: int, loaded: LoadResult) -> str:
    """Return how the number of checked-in tickets contradicts the responses, or an empty string."""
    answered = loaded.statuses.get(200, 0)
    return _first_problem(
        loaded,
        _status_check(loaded, 200),
        (_agrees(checked_in, answered, loaded), f"{checked_in} tickets checked in"),
    )


def post_lines(run: str, tokens: Sequence[str], posts: Posts) -> str:
    """Return lines `<request id> <access token> <path> <body>`, one for each body, of the people in turn."""
    lines = []
    for number, body in enumerate(posts.bodies):
        text = json.dumps(body, separators=(",", ":"))
        lines.append(f"{run}-{number} {tokens[number % len(tokens)]} {posts.path} {text}\n")
    return "".join(lines)


def _buy(
    runner: ScenarioRunner,
    system: System,
    scenario: str,
    carts: Callable[[Sequence[Sequence[str]], int], Iterator[Body]],
) -> RoundResult:
    _reset(system)
    url = runner.workspace.payment_api
    key = system.spec.environment["PAYMENT_API_KEY"]
    forget_payments(url, key)
    tiers = store_three_tier_events(system, EVENTS, CAPACITY)
    posts = Posts("/api/orders", list(carts(tiers, ORDER_REQUESTS)))

    def problem(loaded: LoadResult) -> str:
        return orders_problem(count_orders(system), paid_amount(url, key), loaded)

    return _post(runner, system, scenario, posts, problem)


def _post(
    runner: ScenarioRunner, system: System, scenario: str, posts: Posts, problem: Callable[[LoadResult], str]
) -> RoundResult:
    file = _requests_file(runner, system, posts)
    wait_for_cache_expiry()
    measured = runner.measure(
        system, lambda: load_generators.post_bodies(system.url, file, runner.seconds, posts.admin_key)
    )
    found = problem(measured.loaded) or verify_problem(system)
    return round_result(scenario, system, measured, found)


def _requests_file(runner: ScenarioRunner, system: System, posts: Posts) -> Path:
    tokens = access_tokens(system, min(PEOPLE, len(posts.bodies)))
    run = next_run()
    file = runner.workspace.folder / f"{run}.posts"
    file.write_text(post_lines(run, tokens, posts))
    return file


def _order(tiers: Sequence[str], positions: Sequence[int]) -> Body:
    items = [{"tierId": tiers[position], "quantity": QUANTITIES[position]} for position in positions]
    return {"items": items, "paymentToken": APPROVED}


def _status_check(loaded: LoadResult, status: int) -> Check:
    return loaded.all_have_status(status), f"expected only {status}"


def _agrees(stored: int, answered: int, loaded: LoadResult) -> bool:
    return answered <= stored <= answered + loaded.unanswered


def _first_problem(loaded: LoadResult, *checks: Check) -> str:
    problems = [problem for passed, problem in checks if not passed]
    if not problems:
        return ""
    return f"{problems[0]}; {dict(loaded.statuses)}, {loaded.unanswered} unanswered"


def _reset(system: System) -> None:
    system.reset(planned_slots(EVENT_UNLIMITED)[:1])
