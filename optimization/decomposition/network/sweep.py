"""
Best responses: one stage planned exactly against the present plans of all others.

What a stage's plan does to its own stock, to its parents' stock, to its resource, its lane's
trucks and its place is a function of its cumulative lots and of each order alone, so

    V[t](k) = min( W[t](k) + V[t+1](k),  min_{n >= m} c[t](n) + W[t](k + n) + V[t+1](k + n) )

is exact, whole trucks included. Stock below zero at inner stages and use beyond capacity are
priced, `soft` times what being late costs below: low at first, so that plans may pass through
each other, and higher from sweep to sweep. With a price beyond everything no sweep leaves the
feasible plans, and none makes the plan dearer.

At true costs a stage sees what is short at its neighbours now, never what is short further below or
will be. The bound's prices do (`guide`): of the true costs of stock only the share `truth` counts, and
the rest is what the bound charges the stage, so that a centre orders for stores which have not
ordered yet, and leaves what is scarce to whom it is worth more.
"""

from typing import Any

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.guide import period_cost
from optimization.decomposition.network.standing import Ground, Standing, shift

_TIE = 1e-9
_FULL = 1e-7  # a truck filled to a hair above its size is not two trucks

NO_PRICES = np.empty((0, 0))


def sweep(  # noqa: PLR0913 - what compiled code takes
    ground: Ground,
    standing: Standing,
    order: Ints,
    soft: float,
    component: Floats = NO_PRICES,
    truth: float = 1.0,
) -> int:
    """
    Best responses of some stages, one after the other; how many plans changed.

    `component`, by stage and period, replaces what parents' stock would cost by a price per unit:
    with it, a pass from customers to suppliers is material requirements planning.
    """
    # Nothing is left out, taken from a global or laid out otherwise: each way of calling is compiled anew.
    order, work = np.ascontiguousarray(order), work_for(ground, order)
    return int(in_turn(ground, standing, order, float(soft), work, component, float(truth)))


@njit(cache=True, nogil=True)
def in_turn(  # noqa: PLR0913 - compiled: work arrays come from outside
    ground: Ground, standing: Standing, order: Ints, soft: float, work: Any, component: Floats, truth: float
) -> int:
    """`sweep` as compiled code calls it."""
    changed = 0
    for i in order:
        changed += respond(ground, standing, i, soft, work, component, truth)
    return changed


@njit(cache=True, nogil=True)
def work_for(ground: Ground, members: Ints) -> Any:
    """Arrays for best responses of some stages: W, V, W + V, c, choices, suffix minima and where, F, rows."""
    periods, top = ground.stages.demand.shape[1], 1
    for i in members:
        top = max(top, ground.limit[i] + 1)
    return (
        np.empty((periods, top)), np.empty(top), np.empty(top), np.empty(top),
        np.empty((periods, top), np.int32), np.empty(top), np.empty(top, np.int32), np.empty((periods, top)), (np.empty(periods), np.empty(periods)),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def respond(  # noqa: PLR0913 - compiled: work arrays come from outside
    ground: Ground, standing: Standing, i: int, soft: float, work: Any, component: Floats, truth: float
) -> int:
    """Plan stage i against all others; 1 if its plan changed."""
    if ground.limit[i] <= 0:
        return 0
    shift(ground, standing, i, -1.0)
    _wait_costs(ground, standing, i, (soft, truth), work, component)
    _choose_all(ground, standing, i, soft, work)
    k, changed = 0, 0
    choices = work[4]
    for t in range(standing.plans.shape[1]):
        lots = choices[t, k] - k
        if lots != standing.plans[i, t]:
            changed = 1
        standing.plans[i, t] = lots
        k = choices[t, k]
    shift(ground, standing, i, 1.0)
    return changed


@njit(cache=True, nogil=True)
def _wait_costs(  # noqa: PLR0913 - compiled
    ground: Ground, standing: Standing, i: int, shares: tuple[float, float], work: Any, component: Floats
) -> None:
    """W[t](k): own stock, and what k lots leave at the parents. One call a stage: calls cost more than sums."""
    stages, links, top, (soft, truth) = ground.stages, ground.links, ground.limit[i] + 1, shares
    waits = work[0][:, :top]
    waits[:] = 0.0
    below = truth * stages.backlog[i] if ground.is_end[i] else soft * ground.lateness[i]
    _stock_costs(ground, standing, i, 0, stages.lot[i], (truth, below), waits)
    if ground.is_end[i] and stages.shortfall[i] > 0.0:
        price = truth * stages.shortfall[i]
        _safety_costs(standing.stock[i], stages.lot[i], stages.safety_stock[i], price, waits)
    if truth < 1.0:
        _bound_costs(ground, i, 1.0 - truth, waits, work[1][:top])
    for a in range(links.parent_start[i], links.parent_start[i + 1]):
        p, units = links.parent[a], links.parent_quantity[a] * stages.lot[i]
        if component.size:
            _component_price(component[p], units, stages.lead_time[i], waits)
        else:
            prices = (truth, soft * ground.lateness[p])
            _stock_costs(ground, standing, p, stages.lead_time[i], -units, prices, waits)


@njit(cache=True, nogil=True)
def _stock_costs(  # noqa: PLR0913 - compiled
    ground: Ground,
    standing: Standing,
    i: int,
    lead: int,
    lot: float,
    prices: tuple[float, float],
    waits: Floats,
) -> None:
    """Add what the stock of stage i costs in u, if k lots change it by `lot` each, to W[u + lead](k)."""
    periods, top, (truth, below) = waits.shape[0], waits.shape[1], prices
    holding, volume, d = truth * ground.stages.holding[i], ground.stages.volume[i], ground.stages.place[i]
    for u in range(periods):
        base, wait = standing.stock[i, u], waits[min(u + lead, periods - 1)]
        for k in range(top):
            s = base + lot * k
            wait[k] += holding * s if s > 0.0 else -below * s
        if d < 0:
            continue
        others, room = standing.filled[d, u] - volume * max(base, 0.0), ground.room[d, u]
        for k in range(top):
            s = base + lot * k
            if s > 0.0 and others + volume * s > room:
                wait[k] += ground.crowding * (others + volume * s - max(room, others))


@njit(cache=True, nogil=True)
def _bound_costs(ground: Ground, i: int, share: float, waits: Floats, cost: Floats) -> None:
    """Add a share of what the bound charges the stage."""
    for t in range(waits.shape[0]):
        period_cost(ground.guide, i, t, ground.stages.lot[i], cost)
        for k in range(cost.size):
            waits[t, k] += share * cost[k]


@njit(cache=True, nogil=True)
def _safety_costs(stock: Floats, lot: float, safety: float, price: float, waits: Floats) -> None:
    """Add what stock below the safety stock costs."""
    for t in range(waits.shape[0]):
        for k in range(waits.shape[1]):
            s = stock[t] + lot * k
            if s >= safety:
                break
            waits[t, k] += price * (safety - s)


@njit(cache=True, nogil=True)
def _component_price(price: Floats, units: float, lead: int, waits: Floats) -> None:
    """Subtract what components taken by u no longer cost at the parent."""
    periods, top = waits.shape
    for u in range(periods):
        wait = waits[min(u + lead, periods - 1)]
        for k in range(top):
            wait[k] -= price[u] * units * k


@njit(cache=True, nogil=True)
def _choose_all(ground: Ground, standing: Standing, i: int, soft: float, work: Any) -> None:
    """
    The recursion of the module's docstring, where it can still lead to a plan as cheap as the present one.

    With F[t](k) = sum_{u<t} min_{k' <= k} W[u](k'), no plan through k is cheaper than F[t](k) + V[t](k).
    """
    waits, value, after, order_cost, choices, least, where, past, rows = work
    limit, lead, minimum = ground.limit[i], ground.stages.lead_time[i], ground.stages.minimum[i]
    loaded, left = rows
    terms = _order_terms(ground, standing, i, soft, rows)
    most = _present_cost(standing.plans[i], lead, waits, terms, rows)
    most += 1e-6 + 1e-9 * abs(most)
    _past_costs(waits[:, : limit + 1], past)
    value[: limit + 1] = 0.0
    low, high = 0, limit  # of the k that lead anywhere
    for t in range(standing.plans.shape[1] - 1, -1, -1):
        for k in range(low, high + 1):
            after[k] = waits[t, k] + value[k]
        low, high = _useful(after, past[t], low, high, most)
        if t < lead:
            value[0], choices[t, 0], low, high = after[0], 0, 0, 0
            continue
        _least_from(after, low, high, least, where)
        order = (terms, loaded[t - lead], left[t - lead], minimum)
        low = _choose(after, past[t], order, (low, high, most), (least, where, order_cost), value, choices[t])


@njit(cache=True, nogil=True, inline="always")
def _useful(after: Floats, past: Floats, low: int, high: int, most: float) -> tuple[int, int]:
    """The range of k without its ends that lead nowhere."""
    while high > 0 and past[high] + after[high] > most:
        high -= 1
    while low < high and past[low] + after[low] > most:
        low += 1
    return low, high


@njit(cache=True, nogil=True, inline="always")
def _least_from(after: Floats, low: int, high: int, least: Floats, where: Ints) -> None:
    """The least of W + V from each k on, and where it is."""
    lowest, at = np.inf, high
    for k in range(high, low - 1, -1):
        if after[k] <= lowest:
            lowest, at = after[k], k
        least[k], where[k] = lowest, at


@njit(cache=True, nogil=True)
def _choose(  # noqa: PLR0913 - compiled: arrays in, arrays filled
    after: Floats, past: Floats, order: Any, known: Any, suffix: Any, value: Floats, choice: Ints
) -> int:
    """
    V[t](k) and the k after the order, for every k that leads anywhere; the smallest of those.

    Neither the cost of an order nor the least of what can follow it falls with its size: once their
    sum is no less than the best found, no larger order is better; and where an order up to the least
    costs no more than a smaller one, none in between is.
    """
    (low, high, most), (least, where, order_cost) = known, suffix
    terms, loaded, left, minimum = order
    costed, first = minimum, low  # order costs known so far
    for k in range(high, -1, -1):
        value[k], choice[k] = after[k] if k >= first else np.inf, k
        if past[k] + least[max(k, first)] > most:
            value[k] = np.inf
            if k < first:
                break
            continue
        low, best = min(low, k), value[k] - _TIE
        for n in range(max(minimum, first - k), high - k + 1):
            while costed <= where[k + n] - k:
                order_cost[costed] = _order_cost(terms, loaded, left, costed)
                costed += 1
            if order_cost[n] + least[k + n] >= best:
                break
            if order_cost[n] == order_cost[where[k + n] - k]:
                value[k], choice[k] = order_cost[n] + least[k + n], where[k + n]
                break
            if order_cost[n] + after[k + n] < best:
                value[k], choice[k] = order_cost[n] + after[k + n], k + n
                best = value[k] - _TIE
    return int(low)


@njit(cache=True, nogil=True)
def _present_cost(plan: Ints, lead: int, waits: Floats, terms: Any, rows: Any) -> float:
    """What the present plan of a stage costs."""
    cost, k, (loaded, left) = 0.0, 0, rows
    for t in range(plan.size):
        k += plan[t]
        cost += waits[t, k]
        if plan[t] > 0:
            cost += _order_cost(terms, loaded[t - lead], left[t - lead], plan[t])
    return cost


@njit(cache=True, nogil=True)
def _past_costs(waits: Floats, past: Floats) -> None:
    """F[t](k)."""
    periods, top = waits.shape
    past[0, :top] = 0.0
    for t in range(periods - 1):
        lowest = np.inf
        for k in range(top):
            lowest = min(lowest, waits[t, k])
            past[t + 1, k] = past[t, k] + lowest


@njit(cache=True, nogil=True)
def _order_terms(ground: Ground, standing: Standing, i: int, soft: float, rows: Any) -> Any:
    """Set-up; volume of a lot, size and price of a truck; use of a lot and of a set-up, price of overload."""
    stages, g, lane = ground.stages, ground.stages.resource[i], ground.stages.lane[i]
    volume, size, truck, use, once, price = 0.0, 1.0, 0.0, 0.0, 0.0, 0.0
    loaded, left = rows
    loaded[:], left[:] = 0.0, np.inf
    if lane >= 0:
        volume, size, truck = (
            stages.volume[i] * stages.lot[i],
            ground.truck_size[lane],
            ground.truck_cost[lane],
        )
        loaded[:] = standing.shipped[lane]
    if g >= 0:
        use, once, price = stages.unit_use[i] * stages.lot[i], stages.order_use[i], soft * ground.excess[g]
        left[:] = np.maximum(ground.capacity[g] - standing.used[g], 0.0)
    return stages.order_cost[i], volume, size, truck, use, once, price


@njit(cache=True, nogil=True)
def _order_cost(terms: Any, loaded: float, left: float, n: int) -> float:
    """Set-up, further trucks and overload of an order of n lots."""
    cost, volume, size, truck, use, once, price = terms
    if truck > 0.0:
        cost += truck * (np.ceil((loaded + volume * n) / size - _FULL) - np.ceil(loaded / size - _FULL))
    over = use * n + once - left
    if over > 1e-9:
        cost += price * over
    return float(cost)
