"""
Best responses: one stage planned exactly against the present plans of all others.

What a stage's plan does to its own stock, to its parents' stock, to its resource, its lane's
trucks and its place is a function of its cumulative lots and of each order alone, so

    V[t](k) = min( W[t](k) + V[t+1](k),  min_{n >= m} c[t](n) + W[t](k + n) + V[t+1](k + n) )

is exact, whole trucks included. Stock below zero at inner stages and use beyond capacity are
priced, `soft` times what being late costs below: low at first, so that plans may pass through
each other, and higher from sweep to sweep. With a price beyond everything no sweep leaves the
feasible plans, and none makes the plan dearer.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.problem import Links, Network, Stages
from optimization.decomposition.network.stage_program import installation_stock, loads

_TIE = 1e-9
_FULL = 1e-7  # a truck filled to a hair above its size is not two trucks


class Ground(NamedTuple):
    """What sweeps need to know of a network, as arrays."""

    stages: Stages
    links: Links
    is_end: Any
    limit: Ints
    capacity: Floats
    truck_size: Floats
    truck_cost: Floats
    room: Floats
    crowding: float
    lateness: Floats  # by stage: what a missing unit costs per period, at most, below it
    excess: Floats  # by resource: what a unit of capacity is worth


class Standing(NamedTuple):
    """Plans and what follows from them; changed in place."""

    plans: Ints
    stock: Floats
    used: Floats
    shipped: Floats
    filled: Floats


def ground(network: Network) -> Ground:
    """The arrays of a network."""
    stages, links = network.stages, network.links
    lateness = np.where(network.is_end, stages.backlog + stages.holding, 0.0)
    for i in links.downward[::-1]:
        for a in range(links.child_start[i], links.child_start[i + 1]):
            lateness[i] = max(lateness[i], lateness[links.child[a]] / links.child_quantity[a])
    excess = np.zeros(len(network.capacity))
    uses = (stages.resource >= 0) & (stages.unit_use > 0.0)
    np.maximum.at(excess, stages.resource[uses], lateness[uses] / stages.unit_use[uses])
    return Ground(
        stages, links, network.is_end, network.limit, network.capacity, network.truck_size,
        network.truck_cost, network.room, network.crowding, lateness, excess,
    )  # fmt: skip


def stand(network: Network, plans: Ints) -> Standing:
    """What follows from plans."""
    periods = plans.shape[1]
    standing = Standing(
        plans.copy(),
        np.empty(plans.shape),
        np.zeros_like(network.capacity),
        np.zeros((len(network.truck_size), periods)),
        np.zeros_like(network.room),
    )
    recount(network, standing)
    return standing


def recount(network: Network, standing: Standing) -> None:
    """Take all sums afresh from the plans, so that rounding does not add up."""
    stages = network.stages
    installation_stock(stages, network.links, network.own_net, standing.plans, standing.stock)
    standing.used[:], standing.shipped[:], standing.filled[:] = 0.0, 0.0, 0.0
    loads(stages, standing.plans, standing.used, standing.shipped)
    placed = stages.place >= 0
    kept = stages.volume[placed, None] * np.maximum(standing.stock[placed], 0.0)
    np.add.at(standing.filled, stages.place[placed], kept)


def cost(network: Network, standing: Standing) -> float:
    """The objective."""
    stages, stock = network.stages, standing.stock
    kept, owed = np.maximum(stock, 0.0), np.maximum(-stock, 0.0)
    short = np.maximum(stages.safety_stock[:, None] - stock, 0.0)
    end = network.is_end
    total = stages.holding @ kept.sum(axis=1) + stages.order_cost @ (standing.plans > 0).sum(axis=1)
    total += stages.backlog[end] @ owed[end].sum(axis=1) + stages.shortfall[end] @ short[end].sum(axis=1)
    trucks = np.ceil(standing.shipped / network.truck_size[:, None] - _FULL)
    crowd = np.maximum(standing.filled - network.room, 0.0)
    return float(total + network.truck_cost @ trucks.sum(axis=1) + network.crowding * crowd.sum())


def violation(network: Network, standing: Standing) -> float:
    """Units of components used that are not there, and capacity used that is not there."""
    inner = ~network.is_end
    missing = np.maximum(-standing.stock[inner], 0.0).sum()
    return float(missing + np.maximum(standing.used - network.capacity, 0.0).sum())


NO_PRICES = np.empty((0, 0))


@njit(cache=True, nogil=True)
def sweep(ground: Ground, standing: Standing, order: Ints, soft: float, component: Floats = NO_PRICES) -> int:
    """
    Best responses of some stages, one after the other; how many plans changed.

    `component`, by stage and period, replaces what parents' stock would cost by a price per unit:
    with it, a pass from customers to suppliers is material requirements planning.
    """
    top = 1
    for i in order:
        top = max(top, ground.limit[i] + 1)
    periods = standing.plans.shape[1]
    work = (
        np.empty((periods, top)), np.empty(top), np.empty(top), np.empty(top), np.empty((periods, top), np.int32)
    )  # fmt: skip
    changed = 0
    for i in order:
        changed += _respond(ground, standing, i, soft, work, component)
    return changed


@njit(cache=True, nogil=True)
def _respond(  # noqa: PLR0913 - compiled: work arrays come from outside
    ground: Ground, standing: Standing, i: int, soft: float, work: Any, component: Floats
) -> int:
    """Plan stage i against all others; 1 if its plan changed."""
    if ground.limit[i] <= 0:
        return 0
    shift(ground, standing, i, -1.0)
    _wait_costs(ground, standing, i, soft, work[0], component)
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
    ground: Ground, standing: Standing, i: int, soft: float, waits: Floats, component: Floats
) -> None:
    """W[t](k): own stock, and what k lots leave at the parents."""
    last, lead = standing.plans.shape[1] - 1, ground.stages.lead_time[i]
    for t in range(last + 1):
        _own_cost(ground, standing, i, t, soft, waits[t])
    for u in range(last + 1):
        wait = waits[min(u + lead, last)]
        if component.size:
            _component_price(ground, i, u, component, wait)
        else:
            _parents_cost(ground, standing, i, u, soft, wait)


@njit(cache=True, nogil=True)
def _choose_all(ground: Ground, standing: Standing, i: int, soft: float, work: Any) -> None:
    """The recursion of the module's docstring."""
    waits, value, after, order_cost, choices = work
    limit, lead, minimum = ground.limit[i], ground.stages.lead_time[i], ground.stages.minimum[i]
    value[: limit + 1] = 0.0
    for t in range(standing.plans.shape[1] - 1, -1, -1):
        for k in range(limit + 1):
            after[k] = waits[t, k] + value[k]
            choices[t, k] = k
        value[: limit + 1] = after[: limit + 1]
        if t < lead:
            continue
        _order_costs(ground, standing, i, t - lead, soft, order_cost)
        for k in range(limit + 1):
            for n in range(minimum, limit - k + 1):
                candidate = order_cost[n] + after[k + n]
                if candidate < value[k] - _TIE:
                    value[k] = candidate
                    choices[t, k] = k + n


@njit(cache=True, nogil=True)
def shift(ground: Ground, standing: Standing, i: int, sign: float) -> None:
    """Take the plan of stage i out of all sums, or put it in."""
    stages, links = ground.stages, ground.links
    last, lead = standing.plans.shape[1] - 1, stages.lead_time[i]
    arrived = np.empty(last + 1)
    total = 0.0
    for t in range(last + 1):
        lots = standing.plans[i, t]
        total += lots * stages.lot[i]
        arrived[t] = sign * total
        if lots > 0:
            units, at = lots * stages.lot[i], t - lead
            if stages.resource[i] >= 0:
                use = stages.unit_use[i] * units + stages.order_use[i]
                standing.used[stages.resource[i], at] += sign * use
            if stages.lane[i] >= 0:
                standing.shipped[stages.lane[i], at] += sign * stages.volume[i] * units
    for t in range(last + 1):
        _move_stock(ground, standing, i, t, arrived[t])
    for a in range(links.parent_start[i], links.parent_start[i + 1]):
        p, r = links.parent[a], links.parent_quantity[a]
        for u in range(last + 1):
            _move_stock(ground, standing, p, u, -r * arrived[min(u + lead, last)])


@njit(cache=True, nogil=True)
def _move_stock(ground: Ground, standing: Standing, i: int, t: int, change: float) -> None:
    d, v = ground.stages.place[i], ground.stages.volume[i]
    before = standing.stock[i, t]
    standing.stock[i, t] = before + change
    if d >= 0:
        standing.filled[d, t] += v * (max(before + change, 0.0) - max(before, 0.0))


@njit(cache=True, nogil=True)
def _own_cost(  # noqa: PLR0913 - compiled
    ground: Ground, standing: Standing, i: int, t: int, soft: float, wait: Floats
) -> None:
    """Cost of the stock at the end of t for every k; starts W[t]."""
    stages, d = ground.stages, ground.stages.place[i]
    base, lot, h = standing.stock[i, t], stages.lot[i], stages.holding[i]
    below = stages.backlog[i] if ground.is_end[i] else soft * ground.lateness[i]
    safety = stages.safety_stock[i] if ground.is_end[i] else -np.inf
    volume, others, room = stages.volume[i], 0.0, np.inf
    if d >= 0:
        others, room = standing.filled[d, t] - volume * max(base, 0.0), ground.room[d, t]
    for k in range(ground.limit[i] + 1):
        s = base + lot * k
        cost = h * s if s > 0.0 else -below * s
        if s < safety:
            cost += stages.shortfall[i] * (safety - s)
        if d >= 0 and s > 0.0 and others + volume * s > room:
            cost += ground.crowding * (others + volume * s - max(room, others))
        wait[k] = cost


@njit(cache=True, nogil=True)
def _parents_cost(  # noqa: PLR0913 - compiled
    ground: Ground, standing: Standing, i: int, u: int, soft: float, wait: Floats
) -> None:
    """Add what k lots, released by u, leave at the parents."""
    stages, links = ground.stages, ground.links
    for a in range(links.parent_start[i], links.parent_start[i + 1]):
        p, units = links.parent[a], links.parent_quantity[a] * stages.lot[i]
        base, h, below = standing.stock[p, u], stages.holding[p], soft * ground.lateness[p]
        d, volume = stages.place[p], stages.volume[p]
        others, room = 0.0, np.inf
        if d >= 0:
            others, room = standing.filled[d, u] - volume * max(base, 0.0), ground.room[d, u]
        for k in range(ground.limit[i] + 1):
            s = base - units * k
            wait[k] += h * s if s > 0.0 else -below * s
            if d >= 0 and s > 0.0 and others + volume * s > room:
                wait[k] += ground.crowding * (others + volume * s - max(room, others))


@njit(cache=True, nogil=True)
def _component_price(ground: Ground, i: int, u: int, component: Floats, wait: Floats) -> None:
    """Subtract what components taken by u no longer cost at the parents."""
    links = ground.links
    for a in range(links.parent_start[i], links.parent_start[i + 1]):
        units = links.parent_quantity[a] * ground.stages.lot[i]
        for k in range(ground.limit[i] + 1):
            wait[k] -= component[links.parent[a], u] * units * k


@njit(cache=True, nogil=True)
def _order_costs(  # noqa: PLR0913 - compiled
    ground: Ground, standing: Standing, i: int, u: int, soft: float, order_cost: Floats
) -> None:
    """Set-up, further trucks and overload of an order of n lots released in u."""
    stages, g, lane = ground.stages, ground.stages.resource[i], ground.stages.lane[i]
    for n in range(stages.minimum[i], ground.limit[i] + 1):
        cost, units = stages.order_cost[i], n * stages.lot[i]
        if lane >= 0:
            size, loaded = ground.truck_size[lane], standing.shipped[lane, u]
            trucks = np.ceil((loaded + stages.volume[i] * units) / size - 1e-7) - np.ceil(
                loaded / size - 1e-7
            )
            cost += ground.truck_cost[lane] * trucks
        if g >= 0:
            left = ground.capacity[g, u] - standing.used[g, u]
            over = stages.unit_use[i] * units + stages.order_use[i] - max(left, 0.0)
            if over > 1e-9:
                cost += soft * ground.excess[g] * over
        order_cost[n] = cost
