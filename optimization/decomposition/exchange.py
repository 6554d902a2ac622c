"""
Exchange: of all the plans that settling saw, choose one per item anew, so that together they fit.

    min   sum_ij cost[i,j] x[i,j] + P . over + R . crowd
    s.t.  sum_j x[i,j] = 1                                        one plan per item i     (one)
          sum_ij use[i,j]  x[i,j] - over  <= C                                            (supply)
          sum_ij room[i,j] x[i,j] - crowd <= S,    x binary                               (storage)

Plans that fit together well in several ways share most of what is good: two or three plans an item
are left, and the best mixture of them is found near the root. Work is limited in nodes. The plan an
item has is always among its candidates, and the outcome is kept only if the objective fell.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimization.decomposition.instance import Floats, Ints, Items
from optimization.decomposition.item_program import add_use, costs_of
from optimization.decomposition.proposals import Proposals
from optimization.decomposition.state import HAIR, State
from optimization.matrix import Matrix
from optimization.report import SolveLimits
from optimization.solver import solve


def exchange(state: State, seen: Sequence[Ints], limits: SolveLimits) -> None:
    """
    Choose again for every item among its present plan and those it had in `seen`.

    Parameters
    ----------
    seen
        Plans of all items, in the order of the state's.
    """
    before, kept = state.objective, state.plans.copy()
    pool = _candidates(state, seen)
    matrix, start = _model(state, pool)
    close = limits.gap * abs(before)
    _, chosen = solve(matrix, replace(limits, gap=0.0), name="exchange", start=start, mip_abs_gap=close)
    if chosen.size:
        taken = np.flatnonzero(chosen[: len(pool.which)] > 0.5)
        state.plans[pool.which[taken]] = pool.plans[taken]
        state.recount()
    if state.objective > before:
        state.plans[:] = kept
        state.recount()


def _candidates(state: State, seen: Sequence[Ints]) -> Proposals:
    """The present plan of each item first, then the others it had, no plan twice."""
    items = state.instance.items
    item = np.tile(np.arange(items.count), 1 + len(seen))
    plans = np.concatenate([state.plans, *seen])
    _, first = np.unique(np.hstack([item[:, None], plans]), axis=0, return_index=True)
    keep = first[np.lexsort((first, item[first]))]
    which, plans = item[keep], plans[keep]
    return Proposals(which.astype(np.int32), plans, costs_of(items.take(which), plans))


def _starts(pool: Proposals) -> NDArray[np.int64]:
    """Where each item's candidates begin."""
    return np.flatnonzero(np.append(True, pool.which[1:] != pool.which[:-1]))


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
