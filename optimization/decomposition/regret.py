"""
Where a plan loses against the bound, item by item.

With the prices of the bound, objective - bound is exactly

    sum_i ( cost of i's plan + its resources priced - phi[i] )  +  prices . unused capacity  + overload

so an item's regret (the first bracket) and a priced cell with room say where to look.
"""

import itertools

import numpy as np
from numba import njit

from optimization.decomposition.blocks import Part, Prices, plan_part
from optimization.decomposition.instance import Floats, Ints, Items
from optimization.decomposition.item_program import add_use
from optimization.decomposition.proposals import Planners


def regrets(planners: Planners, plans: Ints, costs: Floats, prices: Prices) -> Floats:
    """By item, what its plan costs more than its cheapest plan at the prices."""
    edges = planners.edges
    arguments = [(plans[a:b], costs[a:b], prices) for a, b in itertools.pairwise(edges)]
    return np.concatenate(planners.crew.each(_part_regrets, arguments))


def _part_regrets(part: Part, plans: Ints, costs: Floats, prices: Prices) -> Floats:
    count = part.items.count
    best, best_costs = plan_part(
        part,
        np.arange(count, dtype=np.int32),
        prices.supply[None],
        prices.storage[None],
        np.zeros(count, np.int32),
    )
    return (
        costs
        + _priced(part.items, plans, prices.supply, prices.storage)
        - (best_costs + _priced(part.items, best, prices.supply, prices.storage))
    )


@njit(cache=True, nogil=True)
def _priced(items: Items, plans: Ints, supply_prices: Floats, storage_prices: Floats) -> Floats:
    """By plan, its resources at the prices."""
    paid = np.zeros(plans.shape[0])
    supply, storage = np.empty(plans.shape[1]), np.empty(plans.shape[1])
    for i in range(plans.shape[0]):
        supply[:], storage[:] = 0.0, 0.0
        add_use(items, i, plans[i], 1.0, supply, storage)
        for t in range(plans.shape[1]):
            paid[i] += (
                supply[t] * supply_prices[items.supplier[i], t]
                + storage[t] * storage_prices[items.store[i], t]
            )
    return paid
