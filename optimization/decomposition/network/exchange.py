"""
Local restarts: a few neighbouring stages let go of their plans and find new ones together.

A trial picks a stage, its parents and its children, lets them answer each other at soft prices
that rise to hard ones while everything else stands still, and keeps the outcome if the plan is
feasible and cheaper, or else puts the old plans back. Set-up costs are drawn anew for the first
answers, so that no two trials of a place are alike. A trial costs the same in a large network as
in a small one. Trials are counted and drawn from the seed.
"""

# ruff: noqa: NPY002 - compiled code knows only the old names; it is seeded at the start of each call
from typing import Any

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.standing import Ground, Standing, shift
from optimization.decomposition.network.sweep import NO_PRICES, respond, work_for

HARD = 1e6
_MOST = 14


def exchange(ground: Ground, standing: Standing, trials: int, seed: int) -> int:
    """Do some trials; how many made the plan cheaper."""
    inner = np.flatnonzero(~ground.is_end).astype(np.int32)
    every = np.arange(len(ground.is_end), dtype=np.int32)
    return int(_exchange(ground, standing, inner if inner.size else every, every, trials, seed))


@njit(cache=True, nogil=True)
def _exchange(  # noqa: PLR0913 - compiled: arrays in, plans changed in place
    ground: Ground, standing: Standing, inner: Ints, every: Ints, trials: int, seed: int
) -> int:
    np.random.seed(seed)
    periods, top = standing.plans.shape[1], 1
    for i in every:
        top = max(top, ground.limit[i] + 1)
    work = work_for(periods, top)
    kept = np.empty((_MOST, periods), np.int32)
    cost_of_order = ground.stages.order_cost.copy()
    better = 0
    for _ in range(trials):
        pool = inner if np.random.random() < 0.75 else every
        members = _neighbourhood(ground, pool[np.random.randint(0, pool.size)])
        before = local_cost(ground, standing, members)
        for m in range(members.size):
            kept[m] = standing.plans[members[m]]
        _answer_each_other(ground, standing, members, cost_of_order, work)
        if local_cost(ground, standing, members) < before - 1e-6 * abs(before):
            better += 1
            continue
        for m in range(members.size):
            shift(ground, standing, members[m], -1.0)
            standing.plans[members[m]] = kept[m]
            shift(ground, standing, members[m], 1.0)
    return better


@njit(cache=True, nogil=True)
def _neighbourhood(ground: Ground, centre: int) -> Ints:
    """The stage, its parents, its children and, while there is room, another parent's children."""
    links = ground.links
    members = np.empty(_MOST, np.int32)
    members[0], count = centre, 1
    for a in range(links.parent_start[centre], links.parent_start[centre + 1]):
        if count < _MOST:
            members[count] = links.parent[a]
            count += 1
    first, last = links.child_start[centre], links.child_start[centre + 1]
    offset = np.random.randint(0, max(last - first, 1))
    for a in range(last - first):
        if count < _MOST:
            members[count] = links.child[first + (a + offset) % (last - first)]
            count += 1
    found = members[:count]
    return found[np.random.permutation(count)]


@njit(cache=True, nogil=True)
def _answer_each_other(
    ground: Ground, standing: Standing, members: Ints, true_cost: Floats, work: Any
) -> None:
    order_cost = ground.stages.order_cost
    for m in members:
        order_cost[m] = true_cost[m] * np.exp(np.random.uniform(-1.2, 0.8))
    soft = 0.3 * np.exp(np.random.uniform(0.0, 2.0))
    for m in members:
        respond(ground, standing, m, soft, work, NO_PRICES)
    for m in members:
        order_cost[m] = true_cost[m]
    for step in range(4):
        soft = soft * 4.0 if step < 3 else HARD
        changed = 0
        for m in members[::-1] if step % 2 == 0 else members:
            changed += respond(ground, standing, m, soft, work, NO_PRICES)
    if changed:
        for m in members[::-1]:
            respond(ground, standing, m, HARD, work, NO_PRICES)


@njit(cache=True, nogil=True)
def local_cost(ground: Ground, standing: Standing, members: Ints) -> float:
    """Everything that the members' plans touch, what is infeasible at the hard price."""
    stages, links = ground.stages, ground.links
    touched, lanes, places, resources = set(members), {-1}, {-1}, {-1}
    total = 0.0
    for m in members:
        total += stages.order_cost[m] * np.sum(standing.plans[m] > 0)
        for a in range(links.parent_start[m], links.parent_start[m + 1]):
            touched.add(links.parent[a])
        lanes.add(stages.lane[m])
        resources.add(stages.resource[m])
    for i in touched:
        places.add(stages.place[i])
        total += _stock_cost(ground, i, standing.stock[i])
    for k in lanes:
        if k >= 0:
            trucks = np.ceil(standing.shipped[k] / ground.truck_size[k] - 1e-7)
            total += ground.truck_cost[k] * np.sum(trucks)
    for k in resources:
        if k >= 0:
            over = standing.used[k] - ground.capacity[k]
            total += HARD * ground.excess[k] * np.sum(np.where(over > 1e-7, over, 0.0))
    for k in places:
        if k >= 0:
            total += ground.crowding * np.sum(np.maximum(standing.filled[k] - ground.room[k], 0.0))
    return total


@njit(cache=True, nogil=True)
def _stock_cost(ground: Ground, i: int, stock: Floats) -> float:
    stages, total = ground.stages, 0.0
    below = stages.backlog[i] if ground.is_end[i] else HARD * ground.lateness[i]
    for s in stock:
        if s > 0.0:
            total += stages.holding[i] * s
        elif s < -1e-7:
            total -= below * s
        if ground.is_end[i] and s < stages.safety_stock[i]:
            total += stages.shortfall[i] * (stages.safety_stock[i] - s)
    return total
