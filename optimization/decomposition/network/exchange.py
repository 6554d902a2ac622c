"""
Local restarts: a few stages let go of their plans and find new ones together.

The stages of a trial (`neighbourhoods`) answer each other at soft prices that rise to hard ones, and
at costs that begin near the bound's and end at the true ones, while everything else stands still. Set-up
costs are drawn anew for the first answers, so that no two trials of a place are alike. The outcome
is kept if the plan is feasible and cheaper, or dearer by no more than a draw from an exponential
distribution with mean `heat` times what the stages cost (threshold acceptance: Dueck, Scheuer
1990, with drawn thresholds, which is Metropolis' rule); or else the old plans are put back. A trial
costs the same in a large network as in a small one.

Trials that share nothing are done at the same time where the executor has threads; what each of
them draws follows from its own seed, so the outcome is the same.
"""

# ruff: noqa: NPY002 - compiled code knows only the old names; it is seeded at the start of each trial
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.neighbourhoods import Drawn, draw, side_by_side
from optimization.decomposition.network.standing import Ground, Standing, put
from optimization.decomposition.network.sweep import NO_PRICES, in_turn, work_for

HARD = 1e6
_HAIR = 1e-7
_ROUNDS = 4  # of answers at rising prices after the first


def exchange(  # noqa: PLR0913 - what the search has at hand
    ground: Ground, standing: Standing, trials: int, seed: int, heat: float, executor: Executor | None = None
) -> int:
    """Do some trials; how many were kept."""
    drawn = draw(ground, trials, seed)
    true_cost = ground.stages.order_cost.copy()
    at_once = executor.map if isinstance(executor, ThreadPoolExecutor) else map

    def attempt(number: int) -> int:
        return int(_attempt(ground, standing, drawn, number, true_cost, heat, NO_PRICES))

    return sum(sum(at_once(attempt, group)) for group in side_by_side(ground, drawn))


@njit(cache=True, nogil=True)
def _attempt(  # noqa: PLR0913 - compiled: arrays in, plans changed in place
    ground: Ground,
    standing: Standing,
    drawn: Drawn,
    number: int,
    true_cost: Floats,
    heat: float,
    prices: Floats,
) -> int:
    """One trial; 1 if its outcome was kept. No `prices` stand in for what components cost."""
    np.random.seed(drawn.seeds[number])
    members = drawn.members[number, : drawn.sizes[number]]
    before, kept = local_cost(ground, standing, members), standing.plans[members]
    _answer_each_other(ground, standing, members, true_cost, prices)
    most = before - 1e-6 * abs(before) + heat * abs(before) * np.random.exponential(1.0)
    # Money enough could buy any hard price off, so the outcome is held against the rules themselves.
    if local_cost(ground, standing, members) < most and is_allowed(ground, standing, members):
        return 1
    for m in range(members.size):
        put(ground, standing, members[m], kept[m])
    return 0


@njit(cache=True, nogil=True)
def is_allowed(ground: Ground, standing: Standing, members: Ints) -> bool:
    """Whether no component is missing, and no capacity overrun, where the members' plans matter."""
    stages, links = ground.stages, ground.links
    for m in members:
        g = stages.resource[m]
        if g >= 0 and np.any(standing.used[g] > ground.capacity[g] + _HAIR):
            return False
        for a in range(links.parent_start[m] - 1, links.parent_start[m + 1]):
            i = m if a < links.parent_start[m] else links.parent[a]
            if not ground.is_end[i] and np.any(standing.stock[i] < -_HAIR):
                return False
    return True


@njit(cache=True, nogil=True)
def _answer_each_other(
    ground: Ground, standing: Standing, members: Ints, true_cost: Floats, prices: Floats
) -> None:
    order_cost, work, upward = ground.stages.order_cost, work_for(ground, members), members[::-1].copy()
    for m in members:
        order_cost[m] = true_cost[m] * np.exp(np.random.uniform(-1.2, 0.8))
    soft, truth = 0.3 * np.exp(np.random.uniform(0.0, 2.0)), np.random.random()
    in_turn(ground, standing, members, soft, work, prices, truth)
    for m in members:
        order_cost[m] = true_cost[m]
    changed = 0
    for step in range(_ROUNDS):
        is_last = step == _ROUNDS - 1
        soft, truth = HARD if is_last else soft * 4.0, 1.0 if is_last else 0.5 + 0.5 * truth
        changed = in_turn(ground, standing, upward if step % 2 == 0 else members, soft, work, prices, truth)
    if changed:
        in_turn(ground, standing, upward, HARD, work, prices, 1.0)


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
