"""Later seeds of the simulator, in a module of their own so that two test processes share them."""

from __future__ import annotations

import pytest

from tests.simulation.run import PART, SEEDS, Simulator, seeds


@pytest.mark.parametrize("first", range(SEEDS, 2 * SEEDS, PART))
def test_later_seeds_break_no_invariant(simulated_orders: Simulator, first: int) -> None:
    seeds(simulated_orders, first, PART)
