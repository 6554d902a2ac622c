"""The stage programme of linked parts against every choice of orders there is."""

from itertools import product

import numpy as np
import pytest

from optimization.replenishment.linked.stage_program import Block, Prices, solve_block

CELLS, BUCKETS = 9, 3


def drawn(seed):
    """A stage with up to four orders, each between a least and a largest size."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 5))
    row = (1, BUCKETS)
    block = Block(
        cells=np.array([CELLS]), grain=np.array([rng.choice([1.0, 2.5])]), is_exact=np.array([True]),
        net=rng.normal(-6.0, 6.0, row), safety=np.full(row, 3.0), ceiling=np.array([rng.choice([np.inf, 6.0])]),
        first=np.array([0, count]), arrival=np.sort(rng.integers(0, BUCKETS, count)),
        low=rng.integers(1, 5, count), high=rng.integers(-1, 12, count), stride=rng.choice([1, 2, 3, 3_000], count),
    )  # fmt: skip
    prices = Prices(
        *(rng.exponential(2.0, row) for _ in range(4)),
        rng.exponential(5.0, count), rng.normal(0.0, 2.0, count),
    )  # fmt: skip
    return block, prices


def every_choice(block, prices):
    """The least cost over all orders that end within the cells."""
    limits = zip(block.low, block.high, block.stride, strict=True)
    sizes = [[0, *range(low, min(high + 1, CELLS), stride)] for low, high, stride in limits]
    return min(cost_of(block, prices, np.array(d)) for d in product(*sizes) if sum(d) < CELLS)


def cost_of(block, prices, grains):
    """What orders of so many grains cost, and the positions they lead to."""
    units = block.grain[0] * grains
    cost = np.where(grains > 0, prices.fixed + prices.unit * units, 0.0).sum()
    for t in range(BUCKETS):
        n = block.net[0, t] + units[block.arrival <= t].sum()
        cost += prices.up[0, t] * max(n, 0.0) + prices.down[0, t] * max(-n, 0.0)
        cost += prices.short[0, t] * max(block.safety[0, t] - n, 0.0)
        cost += prices.over[0, t] * max(n - block.ceiling[0], 0.0)
    return cost


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_the_programme_finds_the_cheapest_orders(start):
    """
    Value and orders are those of the best choice, whatever sizes orders may have.
    """
    for seed in range(start, start + 50):
        block, prices = drawn(seed)
        answers = solve_block(block, prices)
        grains = np.round(answers.quantity / block.grain[0]).astype(int)

        assert answers.values[0] == pytest.approx(every_choice(block, prices), abs=1e-9)
        assert answers.values[0] == pytest.approx(cost_of(block, prices, grains), abs=1e-9)
