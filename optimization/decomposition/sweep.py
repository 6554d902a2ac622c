"""
One item after the other, each planned again at prices that know what all others take.

Prices of the bound leave many items indifferent between plans; all of them choosing at once overfill
one period and empty the next. So the price of a cell follows its use u, item by item,

    r(u) = max(0, l + k (u - E)) + j 1(u > C)        psi(u) = max(0, l + k (u - E))^2 / (2 k)

with l a price of the bound, E the edge (the capacity C, or a little before it), k the stiffness and j a
surcharge on what is overloaded. An item takes the plan that its programme finds at r if that helps:

    tradeable    cost + psi falls: the augmented Lagrangian of Hestenes and Powell, as Gauss and Seidel go
    hard         overload of its supplier and store falls, or does not rise and the cost falls

Items go one by one in the order given, in one thread: the answer is the same wherever others ran.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints, Items
from optimization.decomposition.item_program import add_use, plan_cost, plan_item, work_of
from optimization.decomposition.state import HAIR, State


@dataclass(frozen=True, slots=True)
class Terms:
    """
    Prices and what helps, of supply and of storage; arrays by row and period.

    Parameters
    ----------
    stiffness
        Money per unit of space and unit of excess; 0 where nothing limits the cell.
    surcharge
        Money per unit of space in overloaded cells.
    is_hard
        Whether capacity is hard; else it trades at psi.
    """

    price: tuple[Floats, Floats]
    edge: tuple[Floats, Floats]
    stiffness: tuple[Floats, Floats]
    surcharge: float
    is_hard: bool


def sweep(state: State, which: Ints, terms: Terms) -> int:
    """Plan the items `which` again, in that order; how many changed."""
    instance = state.instance
    capacity = (1.0 - HAIR) * instance.supply, (1.0 - HAIR) * instance.storage
    slopes = terms.price, terms.edge, terms.stiffness, terms.surcharge
    use = state.supply, state.storage
    return int(_sweep(instance.items, which, state.plans, state.costs, use, capacity, slopes, terms.is_hard))


@njit(cache=True, nogil=True)
def _price(price: Any, t: int, use: float) -> float:
    """Max(0, l + k (u - E)) of a cell."""
    low, edge, stiffness = price
    if stiffness[t] <= 0.0:
        return 0.0
    return float(max(0.0, low[t] + stiffness[t] * (use - edge[t])))


@njit(cache=True, nogil=True)
def _set_prices(price: Any, surcharge: float, use: Floats, capacity: Floats, prices: Floats) -> None:
    """r(u) of a row."""
    for t in range(use.size):
        prices[t] = _price(price, t, use[t]) + (surcharge if use[t] > capacity[t] else 0.0)


@njit(cache=True, nogil=True)
def _trade(price: Any, before: Floats, after: Floats) -> float:
    """psi(after) - psi(before) of a row."""
    total = 0.0
    for t in range(before.size):
        if before[t] != after[t] and price[2][t] > 0.0:
            old, new = _price(price, t, before[t]), _price(price, t, after[t])
            total += (new + old) * (new - old) / (2.0 * price[2][t])
    return total


@njit(cache=True, nogil=True)
def _overload(use: Floats, capacity: Floats) -> float:
    total = 0.0
    for t in range(use.size):
        if use[t] > capacity[t]:
            total += use[t] - capacity[t]
    return total


@njit(cache=True, nogil=True)
def _helps(saving: float, rows: Any, prices: Any, is_hard: bool) -> bool:  # noqa: FBT001 - compiled
    """Whether a plan that saves so much should be taken; rows hold use before, after and capacity."""
    (before, after, full), (before_room, after_room, room) = rows
    if is_hard:
        old = _overload(before, full) + _overload(before_room, room)
        new = _overload(after, full) + _overload(after_room, room)
        return bool(new < old - 1e-12 * (1.0 + old) or (new <= old and saving > 1e-9))
    return bool(_trade(prices[0], before, after) + _trade(prices[1], before_room, after_room) < saving - 1e-9)


@njit(cache=True, nogil=True)
def _sweep(  # noqa: PLR0913 - compiled: the state's arrays, and the terms
    items: Items,
    which: Ints,
    plans: Ints,
    costs: Floats,
    use: tuple[Floats, Floats],
    capacity: tuple[Floats, Floats],
    slopes: Any,
    is_hard: bool,  # noqa: FBT001 - compiled
) -> int:
    periods, work, taken = plans.shape[1], work_of(items, which), 0
    plan = np.empty(periods, np.int32)
    supply_prices, storage_prices = np.empty(periods), np.empty(periods)
    supply, storage = np.empty(periods), np.empty(periods)
    price, edge, stiffness, surcharge = slopes
    for i in which:
        g, d = items.supplier[i], items.store[i]
        prices = (
            (price[0][g], edge[0][g], stiffness[0][g]),
            (price[1][d], edge[1][d], stiffness[1][d]),
        )
        _set_prices(prices[0], surcharge, use[0][g], capacity[0][g], supply_prices)
        _set_prices(prices[1], surcharge, use[1][d], capacity[1][d], storage_prices)
        plan_item(items, i, supply_prices, storage_prices, work, plan)
        if np.array_equal(plan, plans[i]):
            continue
        cost = plan_cost(items, i, plan)
        supply[:], storage[:] = use[0][g], use[1][d]
        add_use(items, i, plans[i], -1.0, supply, storage)
        add_use(items, i, plan, 1.0, supply, storage)
        rows = ((use[0][g], supply, capacity[0][g]), (use[1][d], storage, capacity[1][d]))
        if _helps(costs[i] - cost, rows, prices, is_hard):
            use[0][g], use[1][d] = supply, storage
            plans[i], costs[i] = plan, cost
            taken += 1
    return taken
