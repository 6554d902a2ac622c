"""
The exact plan of one item-location at given prices: a dynamic programme over cumulative lots.

State k = lots arrived so far, so the stock of a period is known. With supplier prices l, storage
prices m, V[end] = 0 and t = end-1..0:

    W[t](k) = V[t+1](k) + (h + v m[t]) y+ + b y- + p (SS - y)+,            y = a[t] + q k
    u       = q (e l[t-L] + c),   F = K + f l[t-L]        price of a lot and of an order arriving in t
    V[t](k) = min( W[t](k), F - u k + min_{k+minimum <= k' <= k+maximum} (W[t](k') + u k') )

O(T Kmax) with integer lots, minimum, maximum, backlog and lead time, where Wagner and Whitin's
zero-inventory property no longer holds. Kmax = ceil(max_{t < end} (SS - a[t])+ / q) + minimum - 1 loses
nothing while prices and costs are >= 0: a lot dropped from the last order of a longer plan makes
no term dearer. Ties are fixed, since a replay depends on them: order only if cheaper by 1e-12;
among equal k' the largest. Lots are counted in int32; no `fastmath`, no sum across items except
in the order of the items, so that every machine count gives the same bits.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints, Items

_TIE = 1e-12


@njit(cache=True, nogil=True)
def lot_limit(items: Items, i: int) -> int:
    """Kmax: more lots over the horizon cannot pay."""
    need = 0.0
    for t in range(items.first[i], items.end[i]):
        need = max(need, items.safety_stock[i] - items.net[i, t])
    return int(math.ceil(need / items.lot[i]) + items.minimum[i] - 1)


@njit(cache=True, nogil=True)
def _choose(stay: Floats, step: Any, value: Floats, choice: Ints) -> None:
    """V[t] and the chosen k' for every k, by one downward sweep with a running minimum."""
    fixed, lot_price, low, _ = step
    top = stay.size - 1
    for k in range(top, max(top - low, -1), -1):
        value[k], choice[k] = stay[k], k
    best, best_k = math.inf, -1
    for k in range(top - low, -1, -1):
        candidate = stay[k + low] + lot_price * (k + low)
        if candidate < best:
            best, best_k = candidate, k + low
        order = fixed - lot_price * k + best
        if order < stay[k] - _TIE:
            value[k], choice[k] = order, best_k
        else:
            value[k], choice[k] = stay[k], k


@njit(cache=True, nogil=True)
def _choose_capped(stay: Floats, step: Any, value: Floats, choice: Ints, window: Ints) -> None:
    """The same with a maximum order: a sliding-window minimum, the best k' at `window[head]`."""
    fixed, lot_price, low, high = step
    top = stay.size - 1
    head, tail = 0, 0
    for k in range(top, -1, -1):
        if k + low <= top:
            candidate = stay[k + low] + lot_price * (k + low)
            while tail > head and candidate < stay[window[tail - 1]] + lot_price * window[tail - 1]:
                tail -= 1
            window[tail] = k + low
            tail += 1
        while tail > head and window[head] > k + high:
            head += 1
        value[k], choice[k] = stay[k], k
        if tail > head:
            order = fixed - lot_price * k + (stay[window[head]] + lot_price * window[head])
            if order < stay[k] - _TIE:
                value[k], choice[k] = order, window[head]


@njit(cache=True, nogil=True)
def _stay(  # noqa: PLR0913 - compiled: arrays in, arrays out
    items: Items, i: int, t: int, storage_price: float, value: Floats, stay: Floats
) -> None:
    """W[t](k) for every k."""
    net, lot, safety, short = items.net[i, t], items.lot[i], items.safety_stock[i], items.shortfall[i]
    holding = items.holding[i] + items.volume[i] * storage_price
    backlog = items.backlog[i] + (items.settlement[i] if t == items.end[i] - 1 else 0.0)
    for k in range(stay.size):  # no calls, no table: this loop is half the run time of a million items
        y = net + lot * k
        cost = holding * y if y > 0.0 else -backlog * y
        missing = safety - y
        stay[k] = value[k] + cost + (short * missing if missing > 0.0 else 0.0)


@njit(cache=True, nogil=True)
def plan_item(  # noqa: PLR0913 - compiled inner loop: work arrays come from outside
    items: Items, i: int, supply_price: Floats, storage_price: Floats, work: Any, plan: Ints
) -> None:
    """Write into `plan` the lots arriving in each period."""
    stays, values, choices, window = work
    end, top, first = items.end[i], lot_limit(items, i), items.first[i]
    stay, value = stays[: top + 1], values[: top + 1]
    value[:] = 0.0
    for t in range(end - 1, first - 1, -1):
        _stay(items, i, t, storage_price[t], value, stay)
        price = supply_price[t - items.lead_time[i]]
        fixed = items.order_cost[i] + items.order_use[i] * price
        lot_price = items.lot[i] * (items.unit_use[i] * price + items.unit_cost[i])
        step = (fixed, lot_price, items.minimum[i], items.maximum[i])
        if items.maximum[i] < top:
            _choose_capped(stay, step, value, choices[t], window)
        else:
            _choose(stay, step, value, choices[t])
    k = 0
    plan[:] = 0
    for t in range(first, end):
        plan[t] = choices[t, k] - k
        k = choices[t, k]


@njit(cache=True, nogil=True)
def work_of(items: Items, which: Ints) -> Any:
    """Arrays large enough for every item of `which`."""
    top = 0
    for i in which:
        top = max(top, lot_limit(items, i))
    return (
        np.empty(top + 1),
        np.empty(top + 1),
        np.empty((items.net.shape[1], top + 1), np.int32),
        np.empty(top + 1, np.int32),
    )


@njit(cache=True, nogil=True)
def plan_cost(items: Items, i: int, plan: Ints) -> float:
    """What a plan of item i costs, resources being free."""
    cost, lots = 0.0, 0
    for t in range(items.end[i]):
        lots += plan[t]
        y = items.net[i, t] + items.lot[i] * lots
        cost += items.holding[i] * y if y > 0.0 else -items.backlog[i] * y
        cost += items.shortfall[i] * max(items.safety_stock[i] - y, 0.0)
        if plan[t] > 0:
            cost += items.order_cost[i] + items.unit_cost[i] * items.lot[i] * plan[t]
        if t == items.end[i] - 1 and y < 0.0:
            cost -= items.settlement[i] * y
    return cost


@njit(cache=True, nogil=True)
def add_use(  # noqa: PLR0913 - the resources of one supplier and one store
    items: Items, i: int, plan: Ints, sign: float, supply: Floats, storage: Floats
) -> None:
    """Add `sign` times what a plan takes of its supplier (by order period) and of its store."""
    lots = 0
    for t in range(items.end[i]):
        lots += plan[t]
        y = items.net[i, t] + items.lot[i] * lots
        if y > 0.0:
            storage[t] += sign * items.volume[i] * y
        if plan[t] > 0:
            supply[t - items.lead_time[i]] += sign * (
                items.unit_use[i] * items.lot[i] * plan[t] + items.order_use[i]
            )


@njit(cache=True, nogil=True)
def plan_items(  # noqa: PLR0913 - which item at which of several price vectors
    items: Items,
    which: Ints,
    supply_prices: Floats,
    storage_prices: Floats,
    choice: Ints,
    plans: Ints,
    costs: Floats,
) -> None:
    """Plan item `which[r]` at price vector `choice[r]` into `plans[r]`, `costs[r]`."""
    work = work_of(items, which)
    for r in range(which.size):
        i, j = which[r], choice[r]
        plan_item(
            items, i, supply_prices[j, items.supplier[i]], storage_prices[j, items.store[i]], work, plans[r]
        )
        costs[r] = plan_cost(items, i, plans[r])


@njit(cache=True, nogil=True)
def price_blocks(  # noqa: PLR0913 - prices in, three sums per block out
    items: Items,
    starts: Ints,
    supply_price: Floats,
    storage_price: Floats,
    cost: Floats,
    supply: Floats,
    storage: Floats,
) -> None:
    """Plan every item and add up, block by block in the order of the items, cost and use."""
    work = work_of(items, np.arange(items.lot.size, dtype=np.int32))
    plan = np.empty(items.net.shape[1], np.int32)
    for block in range(starts.size - 1):
        for i in range(starts[block], starts[block + 1]):
            plan_item(items, i, supply_price[items.supplier[i]], storage_price[items.store[i]], work, plan)
            cost[block] += plan_cost(items, i, plan)
            add_use(items, i, plan, 1.0, supply[block], storage[block, items.store[i]])


@njit(cache=True, nogil=True)
def use_of(items: Items, plans: Ints, supply: Floats, storage: Floats) -> None:
    """Add up what all plans take of every supplier and store."""
    for i in range(plans.shape[0]):
        add_use(items, i, plans[i], 1.0, supply[items.supplier[i]], storage[items.store[i]])


@njit(cache=True, nogil=True)
def costs_of(items: Items, plans: Ints) -> Floats:
    """Cost of each item's plan, resources being free."""
    costs = np.empty(plans.shape[0])
    for i in range(plans.shape[0]):
        costs[i] = plan_cost(items, i, plans[i])
    return costs
