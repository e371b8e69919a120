"""Seeds of the simulator: no invariant is broken, and a seed replays exactly. `make simulate` runs more of them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.run import PART, SEEDS, Simulator, seeds


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_seeds_break_no_invariant(simulated_orders: Simulator, first: int) -> None:
    seeds(simulated_orders, first, PART)


def test_seed_replays_exactly(simulated_orders: Simulator) -> None:
    first = simulated_orders.run(7).trace

    assert simulated_orders.run(7).trace == first


def test_seeds_reach_faults_and_outcomes_of_each_kind(simulated_orders: Simulator) -> None:
    seen: Counter[str] = Counter()
    wanted = (
        *("crash at authorised", "crash at committed", "delay at transaction", "the commit is repeated"),
        *("the answer is lost", "the request is lost", "succeeds late", "the transaction is aborted"),
        *("is paid", "is paying", "PaymentDeclined", "InsufficientStock", "returns"),
        *("is disputed", "is won", "is lost", "delete_account", "crash at release"),
    )
    for seed in range(SEEDS):
        text = "\n".join(simulated_orders.run(seed).trace)
        seen.update(part for part in wanted if part in text)
        if len(seen) == len(wanted):
            break

    assert set(wanted) <= seen.keys()
