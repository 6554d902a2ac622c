"""
Plans led by the relaxation: the model without integrality proves a bound, and points at a plan.

Its orders, released bucket by bucket, are a plan within milliseconds. Better: the model near the
relaxation, where an integer at 0 stays 0 and no other falls below _NEAR of its value. There is
little left to choose, so cuts and branching that take minutes on the whole take a moment here.
"""

from dataclasses import dataclass

import numpy as np

from optimization.matrix import Matrix
from optimization.replenishment.model import Columns, read_quantities
from optimization.replenishment.problem import Floats, OrderProblem
from optimization.replenishment.release import release
from optimization.replenishment.state import State, evaluate
from optimization.report import SolveLimits, Termination
from optimization.solver import solve, solve_relaxation

_LARGEST = 400_000  # columns; above, the relaxation takes minutes
_NEAR = 0.8
_NOISE = 1e-6


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Columns of the optimum without integrality, and what any plan costs at least."""

    values: Floats
    bound: float
    iterations: int


def relax(matrix: Matrix, limits: SolveLimits, name: str) -> Relaxed | None:
    """The optimum without integrality; None where the model is too large for it."""
    if matrix.columns > _LARGEST:
        return None
    report, values, _ = solve_relaxation(matrix, limits, name=name)
    return Relaxed(values, report.objective, report.iterations) if values.size else None


def released(problem: OrderProblem, columns: Columns, relaxed: Relaxed) -> State:
    """The relaxation's orders placed as far as everything shared allows."""
    lanes, values = problem.lanes, relaxed.values
    wanted = lanes.step[:, None] * values[columns.lots] + lanes.smallest[:, None] * values[columns.least]
    return evaluate(problem, release(problem, wanted))


def solve_near(  # noqa: PLR0913 - the model, where to look, how long
    problem: OrderProblem, matrix: Matrix, columns: Columns, relaxed: Relaxed, limits: SolveLimits, name: str
) -> tuple[State | None, int, int]:
    """The best plan near the relaxation, nodes and iterations; None where there is none."""
    given = matrix.arrays()
    is_whole, values = given["integer"], relaxed.values
    floor = np.maximum(given["lower"], np.floor(_NEAR * values + _NOISE))
    lower = np.where(is_whole, floor, given["lower"])
    upper = np.where(is_whole & (values <= _NOISE), given["lower"], given["upper"])
    report, found = solve(
        matrix, limits, name=name, bounds=(lower, np.maximum(lower, upper)), mip_max_nodes=limits.nodes
    )
    if report.termination is Termination.INFEASIBLE or not found.size:
        return None, report.nodes, report.iterations
    state = evaluate(problem, read_quantities(problem, columns, found))
    return state, report.nodes, report.iterations
