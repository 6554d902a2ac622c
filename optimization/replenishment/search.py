"""
The search, part by part, in slices of work that the clock may count but never cut.

Slice 0 is the constructed plan. In each later slice every part that is not yet proven starts again
from the best plan in hand with twice the nodes of the slice before; the number of slices run is in
the report, and a replay that runs as many gives the same plan, bit for bit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optimization.replenishment.model import build_model, read_quantities, start_values
from optimization.replenishment.parts import Part, parts_of
from optimization.replenishment.problem import Floats, OrderProblem
from optimization.replenishment.state import State, evaluate
from optimization.report import SolveLimits, SolveReport, Termination, relative_gap
from optimization.solver import SOLVER, solve

NAME = "orders"


@dataclass(slots=True)
class Progress:
    """One part: its best state, its bound, and the work it took."""

    part: Part
    state: State
    bound: float = -np.inf
    is_proven: bool = False
    nodes: int = 0
    iterations: int = 0
    columns: int = 0
    rows: int = 0

    def offer(self, state: State) -> None:
        """Keep the cheaper state."""
        if state.cost < self.state.cost:
            self.state = state


def search(
    problem: OrderProblem, start: State, limits: SolveLimits, may_continue: Callable[[], bool] | None
) -> tuple[State, SolveReport]:
    """The best plan within the limits, and the proof of how good it is."""
    parts = [Progress(p, evaluate(p.problem, start.quantity[p.lanes])) for p in parts_of(problem)]
    ran = 0
    while ran < limits.slices and not all(p.is_proven for p in parts):
        if ran and may_continue is not None and not may_continue():
            break
        for progress in parts:
            if not progress.is_proven:
                _improve(progress, limits, limits.nodes * 2**ran)
        ran += 1
    state = _join(problem, parts)
    return state, _report(state, start, parts, ran)


def _improve(progress: Progress, limits: SolveLimits, nodes: int) -> None:
    """One MILP of a part from its best plan."""
    problem = progress.part.problem
    matrix, columns = build_model(problem)
    start = start_values(problem, matrix, columns, progress.state)
    report, values = solve(matrix, limits, name=NAME, start=start, mip_max_nodes=nodes)
    if values.size:
        progress.offer(evaluate(problem, read_quantities(problem, columns, values)))
    progress.bound = max(progress.bound, report.bound)
    progress.nodes += report.nodes
    progress.iterations += report.iterations
    progress.columns, progress.rows = matrix.columns, matrix.rows
    gap = relative_gap(progress.state.cost, progress.bound)
    progress.is_proven = gap <= limits.gap or report.termination is Termination.OPTIMAL


def _join(problem: OrderProblem, parts: list[Progress]) -> State:
    quantity: Floats = np.zeros(problem.lanes.is_open.shape)
    for progress in parts:
        quantity[progress.part.lanes] = progress.state.quantity
    return evaluate(problem, quantity)


def _report(state: State, start: State, parts: list[Progress], ran: int) -> SolveReport:
    proven = float(sum(p.bound for p in parts))
    bound = min(state.cost, max(proven, 0.0))  # no price is negative: 0 holds where nothing is proven yet
    if all(p.is_proven for p in parts):
        termination = Termination.OPTIMAL
    else:
        termination = Termination.FEASIBLE if state.cost < start.cost else Termination.HEURISTIC
    return SolveReport(
        NAME,
        termination,
        state.cost,
        bound,
        relative_gap(state.cost, bound),
        nodes=sum(p.nodes for p in parts),
        iterations=sum(p.iterations for p in parts),
        slices=ran,
        columns=sum(p.columns for p in parts),
        rows=sum(p.rows for p in parts),
        solver=SOLVER,
    )
