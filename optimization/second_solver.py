"""
The one door to OR-tools: SCIP solves the orders model again, independently of HiGHS.

It confirms plans in tests and plans where HiGHS fails; `check.py` judges its plans like any other.
Import it in a worker process only: OR-tools and highspy bring libraries that have clashed in one
process before, which is why nothing here is imported until a function is called.
"""

import math
from typing import Any

import numpy as np

from optimization.errors import SolverError
from optimization.matrix import Matrix
from optimization.replenishment.model import build_model, read_quantities, start_values
from optimization.replenishment.problem import Floats, OrderProblem
from optimization.replenishment.state import State, evaluate
from optimization.report import SolveLimits, SolveReport, Termination, relative_gap

NAME = "orders"
SOLVER = "SCIP (OR-tools)"


def solve_again(
    problem: OrderProblem, limits: SolveLimits, start: State | None = None
) -> tuple[State, SolveReport]:
    """
    The best plan SCIP finds within `nodes` nodes, and its proof.

    Parameters
    ----------
    start
        A plan to start from, and the answer if nothing better is found; else no order at all.

    Raises
    ------
    SolverError
        SCIP refuses the model or calls it infeasible, which no orders model is.
    """
    state = start or evaluate(problem, np.zeros(problem.lanes.is_open.shape))
    matrix, columns = build_model(problem)
    model, variables = _build(matrix)
    for variable, value in zip(variables, start_values(problem, matrix, columns, state), strict=True):
        model.add_hint(variable, float(value))
    status, values, bound = _solve(model, variables, limits)
    if values.size:
        found = evaluate(problem, read_quantities(problem, columns, values))
        state = min(state, found, key=lambda s: s.cost)
    bound = min(state.cost, max(0.0, bound))
    gap = relative_gap(state.cost, bound)
    report = SolveReport(
        NAME, status, state.cost, bound, gap, columns=matrix.columns, rows=matrix.rows, solver=SOLVER
    )
    return state, report


def _build(matrix: Matrix) -> tuple[Any, list[Any]]:
    """The arrays as a model of OR-tools, row by row."""
    from ortools.linear_solver.python import model_builder  # noqa: PLC0415 - see the module's docstring
    from scipy.sparse import csc_matrix  # noqa: PLC0415 - see the module's docstring

    builder: Any = model_builder
    given, model = matrix.arrays(), builder.Model()
    variables = [
        model.new_var(float(low), float(high), bool(is_whole), f"x{k}")
        for k, (low, high, is_whole) in enumerate(
            zip(given["lower"], given["upper"], given["integer"], strict=True)
        )
    ]
    shape = (matrix.rows, matrix.columns)
    rows = csc_matrix((given["value"], given["index"], given["start"]), shape=shape).tocsr()
    for row in range(matrix.rows):
        entries = slice(rows.indptr[row], rows.indptr[row + 1])
        terms = [variables[k] for k in rows.indices[entries]]
        expression = builder.LinearExpr.weighted_sum(terms, rows.data[entries])
        model.add_linear_constraint(
            expression, float(given["row_lower"][row]), float(given["row_upper"][row])
        )
    cost = builder.LinearExpr.weighted_sum(variables, given["cost"], constant=matrix.offset)
    model.minimize(cost)
    return model, variables


def _solve(model: Any, variables: list[Any], limits: SolveLimits) -> tuple[Termination, Floats, float]:
    from ortools.linear_solver.python import model_builder  # noqa: PLC0415 - see the module's docstring

    solver = model_builder.Solver("scip")
    nodes = limits.nodes * limits.slices
    solver.set_solver_specific_parameters(
        f"limits/gap={limits.gap}\nlimits/nodes={nodes}\nrandomization/randomseedshift={limits.seed}"
    )
    status = solver.solve(model)
    kinds = model_builder.SolveStatus
    if status not in (kinds.OPTIMAL, kinds.FEASIBLE, kinds.NOT_SOLVED):
        raise SolverError(f"SCIP ends with `{status.name}`")
    if status == kinds.NOT_SOLVED:
        return Termination.NO_SOLUTION, np.empty(0), -math.inf
    values = np.array([solver.value(variable) for variable in variables])
    termination = Termination.OPTIMAL if status == kinds.OPTIMAL else Termination.FEASIBLE
    return termination, values, float(solver.best_objective_bound)
