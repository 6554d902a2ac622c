"""
What a unit more of a shared resource is worth; of one bought in whole units, a whole unit.

The prices that planned a part, where prices did; else row prices of the model without integrality.
"""

from collections.abc import Mapping

import numpy as np

from optimization.errors import SolverError
from optimization.replenishment.model import build_model
from optimization.replenishment.parts import parts_of
from optimization.replenishment.problem import Floats, OrderProblem
from optimization.replenishment.state import State
from optimization.report import SolveLimits
from optimization.solver import solve_relaxation

_LARGEST = 400_000  # columns; above, the relaxation takes minutes
_SMALL = 10_000  # columns; as many are priced although no slice of work was asked for
_NOISE = 1e-9


def resource_prices(
    problem: OrderProblem, state: State, limits: SolveLimits, known: Mapping[str, Floats]
) -> dict[tuple[int, int], float]:
    """
    Money per unit of a resource, by resource and bucket, where it is used to the full.

    Parameters
    ----------
    known
        By resource, the prices per bucket that its part was planned by.
    """
    place = {name: k for k, name in enumerate(problem.resources.ids)}
    prices = {
        (place[name], int(t)): float(row[t])
        for name, row in known.items()
        for t in np.flatnonzero(row > _NOISE)
    }
    full = state.use >= 0.9 * np.where(
        problem.resources.unit_size[:, None] > 0.0,
        problem.resources.capacity * np.maximum(problem.resources.unit_size[:, None], 1e-12),
        problem.resources.capacity,
    )
    tight = {problem.resources.ids[r] for r in np.flatnonzero((full & (state.use > 0.0)).any(axis=1))}
    for part in parts_of(problem) if tight - known.keys() else ():
        if not (tight - known.keys()).intersection(part.problem.resources.ids):
            continue
        if _columns(part.problem) > (_LARGEST if limits.slices else _SMALL):
            continue
        prices |= {
            (place[part.problem.resources.ids[r]], t): price
            for (r, t), price in _row_prices(part.problem, limits).items()
        }
    return prices


def _row_prices(problem: OrderProblem, limits: SolveLimits) -> dict[tuple[int, int], float]:
    """By resource and bucket; of what is bought in whole units, what one of them more is worth."""
    matrix, _ = build_model(problem)
    try:
        duals = solve_relaxation(matrix, limits, name="prices")[2]
    except SolverError:  # there is a plan all the same
        return {}
    if not duals.size:
        return {}
    rows = matrix.block("row", "capacity")
    rows[problem.resources.unit_size > 0.0] = matrix.block("row", "units")
    return {(int(r), int(t)): float(-duals[rows[r, t]]) for r, t in np.argwhere(np.abs(duals[rows]) > _NOISE)}


def _columns(problem: OrderProblem) -> int:
    """About as many as its model would have: three a lane and order bucket, six a stage and bucket."""
    return 3 * problem.lanes.is_open.size + 6 * problem.stages.demand.size
