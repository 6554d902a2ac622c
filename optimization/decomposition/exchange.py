"""
Exchange: choose anew among several plans of many items, so that together they fit the resources.

    min   sum_ij cost[i,j] x[i,j] + P . over + R . crowd
    s.t.  sum_j x[i,j] = 1                                        one plan per item i     (one)
          sum_ij use[i,j]  x[i,j] - over  <= C - use of the others                        (supply)
          sum_ij room[i,j] x[i,j] - crowd <= S - room of the others,    x binary          (storage)

The relaxation is within hundredths of a per cent of the bound and splits only about as many items
as there are full resources. So it is solved first, over all items that are free; whole choices are
taken; the split items, and the items that change their minds at least expense, then go through
branch and bound, few enough for it to end well. Work is limited in nodes. The plan an item has
is always among its candidates, and the outcome is kept only if the objective fell.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimization.decomposition.blocks import Prices
from optimization.decomposition.instance import Floats, Ints, Items
from optimization.decomposition.item_program import add_use
from optimization.decomposition.proposals import Planners, Proposals
from optimization.decomposition.state import HAIR, State
from optimization.matrix import Matrix
from optimization.report import SolveLimits
from optimization.solver import new_highs, pass_model, run, solve

_COLUMNS_PER_ITEM = 8


def exchange(  # noqa: PLR0913
    state: State,
    planners: Planners,
    free: Ints,
    prices: Sequence[Prices],
    limits: SolveLimits,
    undecided: int,
) -> None:
    """
    Choose again for the `free` items (rising numbers) among their plans at `prices`.

    Parameters
    ----------
    undecided
        How many items branch and bound decides on.
    """
    before, kept = state.objective, state.plans[free].copy()
    pool = _candidates(state, planners, free, prices)
    matrix, _ = _model(state, pool)
    values, reduced = _relaxed(matrix, limits)
    count = len(pool.which)
    values, reduced = values[:count], reduced[:count]
    starts = _starts(pool)
    best = starts + _argmax(values, starts)
    state.plans[free] = pool.plans[best]
    state.recount()
    keep = _undecided(values, reduced, starts, best, undecided)
    small = Proposals(pool.which[keep], pool.plans[keep], pool.costs[keep])
    matrix, start = _model(state, small)
    _, chosen = solve(
        matrix, replace(limits, gap=0.0), name="exchange", start=start, mip_abs_gap=limits.gap * abs(before)
    )
    if chosen.size:
        taken = np.flatnonzero(chosen[: len(keep)] > 0.5)
        state.plans[small.which[taken]] = small.plans[taken]
        state.recount()
    if state.objective > before:
        state.plans[free] = kept
        state.recount()


def _candidates(state: State, planners: Planners, free: Ints, prices: Sequence[Prices]) -> Proposals:
    """The present plan of each free item first, then those at the prices, no plan twice."""
    which = np.repeat(free, len(prices))
    choice = np.tile(np.arange(len(prices), dtype=np.int32), len(free))
    found = planners.propose(which, choice, prices)
    item = np.concatenate([free, which])
    plans = np.concatenate([state.plans[free], found.plans])
    costs = np.concatenate([state.costs[free], found.costs])
    _, first = np.unique(np.hstack([item[:, None], plans]), axis=0, return_index=True)
    keep = first[np.lexsort((first, item[first]))]
    return Proposals(item[keep], plans[keep], costs[keep])


def _starts(pool: Proposals) -> NDArray[np.int64]:
    """Where each item's candidates begin."""
    return np.flatnonzero(np.append(True, pool.which[1:] != pool.which[:-1]))


def _argmax(values: Floats, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """By item, the position of its first largest value."""
    group = np.cumsum(np.bincount(starts, minlength=len(values))) - 1
    rank = np.lexsort((np.arange(len(values)), -values, group))
    return rank[starts] - starts


def _undecided(
    values: Floats, reduced: Floats, starts: NDArray[np.int64], best: NDArray[np.int64], most: int
) -> NDArray[np.int64]:
    """Candidates of the split items and of those that change at least expense, best candidate first."""
    group = np.cumsum(np.bincount(starts, minlength=len(values))) - 1
    is_best = np.zeros(len(values), bool)
    is_best[best] = True
    other = np.where(is_best, np.inf, np.maximum(reduced, 0.0))
    expense = np.minimum.reduceat(other, starts) - 1e9 * (values[best] < 0.999)
    chosen = np.argsort(expense, kind="stable")[:most]
    is_free = np.zeros(len(starts), bool)
    is_free[chosen] = True
    order = np.lexsort((np.arange(len(values)), np.where(is_best, -np.inf, reduced), group))
    place = np.arange(len(values)) - starts[group]
    return order[is_free[group] & (place < _COLUMNS_PER_ITEM)]


def _relaxed(matrix: Matrix, limits: SolveLimits) -> tuple[Floats, Floats]:
    """Values and reduced costs of the linear relaxation."""
    highs = new_highs(limits, solve_relaxation=True)
    pass_model(highs, matrix)
    run(highs)
    solution = highs.getSolution()
    return np.array(solution.col_value), np.array(solution.col_dual)


def _model(state: State, pool: Proposals) -> tuple[Matrix, Floats]:
    """The MILP, and the first candidate of each item, which must be its present plan, as a start."""
    instance, matrix = state.instance, Matrix()
    items, starts = instance.items, _starts(pool)
    use, room = np.zeros(pool.plans.shape), np.zeros(pool.plans.shape)
    _candidate_use(items, pool.which, pool.plans, use, room)
    choice = matrix.add_columns("choice", (len(pool.which),), upper=1.0, cost=pool.costs, integer=True)
    one = matrix.add_rows("one", (len(starts),), lower=1.0, upper=1.0)
    matrix.put(np.repeat(one, np.diff(np.append(starts, len(choice)))), choice, 1.0)
    first = np.zeros(len(choice))
    first[starts] = 1.0
    overload = [
        _add_capacity(
            matrix, name, (row[pool.which], starts, taken), (total, (1.0 - HAIR) * capacity), penalty
        )
        for name, row, taken, total, capacity, penalty in (
            ("supply", items.supplier, use, state.supply, instance.supply, instance.supply_penalty),
            ("storage", items.store, room, state.storage, instance.storage, instance.storage_penalty),
        )
    ]
    return matrix, np.concatenate([first, *overload])


def _add_capacity(
    matrix: Matrix,
    name: str,
    candidates: tuple[Ints, NDArray[np.int64], Floats],
    cells: tuple[Floats, Floats],
    penalty: float,
) -> Floats:
    """Sum use x - over <= capacity - use of the others, where it can bind; the overload of the start."""
    (row, starts, taken), (total, capacity) = candidates, cells
    others, most = total.copy(), np.zeros_like(total)
    np.subtract.at(others, row[starts], taken[starts])
    np.add.at(most, row[starts], np.maximum.reduceat(taken, starts, axis=0))
    left = (capacity - others).ravel()
    binding = np.flatnonzero(most.ravel() > np.maximum(left, 0.0))
    numbers = np.full(total.size, -1)
    numbers[binding] = matrix.add_rows(name, (len(binding),), upper=left[binding])
    over = matrix.add_columns(f"over_{name}", (len(binding),), cost=penalty)
    matrix.put(numbers[binding], over, -1.0)
    at = numbers[row[:, None] * total.shape[1] + np.arange(total.shape[1])]
    which, period = np.nonzero((at >= 0) & (taken > 0.0))
    matrix.put(at[which, period], which, taken[which, period])
    return np.maximum(total - capacity, 0.0).ravel()[binding]


@njit(cache=True, nogil=True)
def _candidate_use(items: Items, which: Ints, plans: Ints, use: Floats, room: Floats) -> None:
    """By candidate, what it takes of its own supplier and store in each period."""
    for r in range(which.size):
        add_use(items, which[r], plans[r], 1.0, use[r], room[r])
