"""
The one door to HiGHS.

Silent, one thread, a fixed seed and no clock: the same model gives the same answer anywhere.
Only work limits stop a search (HiGHS has no deterministic work unit: nodes and iterations).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from optimization.errors import SolverError
from optimization.feasibility import Rule
from optimization.matrix import Matrix
from optimization.report import SolveLimits, SolveReport, Termination, relative_gap

_INFINITY = highspy.kHighsInf
BASIC, AT_LOWER, AT_UPPER = (
    highspy.HighsBasisStatus.kBasic,
    highspy.HighsBasisStatus.kLower,
    highspy.HighsBasisStatus.kUpper,
)
SOLVER = f"HiGHS {highspy.Highs().version()}"

_TERMINATIONS = {
    highspy.HighsModelStatus.kOptimal: Termination.OPTIMAL,
    highspy.HighsModelStatus.kInfeasible: Termination.INFEASIBLE,
    highspy.HighsModelStatus.kSolutionLimit: Termination.FEASIBLE,
    highspy.HighsModelStatus.kIterationLimit: Termination.FEASIBLE,
}

_SUB_MIPS = ("mip_heuristic_run_rins", "mip_heuristic_run_rens", "mip_heuristic_run_root_reduced_cost")

# Told of a search as it goes: name of the solve, incumbent, bound, nodes. It looks on and changes nothing.
Watcher = Callable[[str, float, float, int], None]
_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(watcher: Watcher | None) -> Iterator[None]:
    """Have every search in the block tell `watcher` how it goes."""
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def watcher() -> Watcher | None:
    """Whoever looks on; a search that solves in parts tells it of the whole."""
    return _WATCHER.get()


def new_highs(limits: SolveLimits, **options: Any) -> Any:
    """A `Highs` with our conventions set; `options` are HiGHS option names."""
    highs = highspy.Highs()
    base = {
        "output_flag": False,
        "threads": limits.threads,
        "random_seed": limits.seed,
        "mip_rel_gap": limits.gap,
        "mip_max_nodes": limits.nodes * limits.slices,
    }
    for name, value in (base | options).items():
        if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS refuses option `{name}` = `{value}`")
    return highs


def new_basis() -> Any:
    """A basis to be filled, whose number of basic columns and rows HiGHS may have to correct."""
    basis = highspy.HighsBasis()
    basis.valid, basis.alien = True, True
    return basis


def run(highs: Any) -> None:
    """
    Run a model with its own number of threads.

    HiGHS keeps one pool of threads per process and refuses to run with another size until it is reset.
    """
    threads = highs.getOptionValue("threads")[1]
    if _POOL and _POOL[0] != threads:
        highspy.Highs.resetGlobalScheduler(True)
    _POOL[:] = [threads]
    highs.run()


_POOL: list[int] = []  # the size the last model ran with


def pass_model(highs: Any, matrix: Matrix) -> None:
    """Hand the arrays over, without a model object in between."""
    a = matrix.arrays()
    clip = {k: np.clip(a[k], -_INFINITY, _INFINITY) for k in ("lower", "upper", "row_lower", "row_upper")}
    status = highs.passModel(
        matrix.columns, matrix.rows, a["value"].size, 0,
        int(highspy.MatrixFormat.kColwise), 0, int(highspy.ObjSense.kMinimize), matrix.offset,
        a["cost"], clip["lower"], clip["upper"], clip["row_lower"], clip["row_upper"],
        a["start"], a["index"], a["value"], np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0),
        a["integer"].astype(np.int32),
    )  # fmt: skip
    if status == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refuses the model")


def solve(
    matrix: Matrix,
    limits: SolveLimits,
    *,
    name: str,
    start: NDArray[np.float64] | None = None,
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
    **options: Any,
) -> tuple[SolveReport, NDArray[np.float64]]:
    """
    Solve a model; the values are empty when there is no solution.

    Parameters
    ----------
    start
        A feasible point to start from, one value per column.
    bounds
        Lower and upper bounds of the columns in place of the model's own.
    """
    highs = new_highs(limits, **options)
    pass_model(highs, matrix)
    every = np.arange(matrix.columns, dtype=np.int32)
    if bounds is not None:
        highs.changeColsBounds(matrix.columns, every, *(np.clip(b, -_INFINITY, _INFINITY) for b in bounds))
    if start is not None:
        highs.setSolution(matrix.columns, every, start)
    _let_watch(highs, name)
    run(highs)
    return report(highs, matrix, limits, name)


def _let_watch(highs: Any, name: str) -> None:
    told = watcher()
    if told is None:
        return

    def tell(event: Any) -> None:
        out = event.data_out
        told(name, out.mip_primal_bound, out.mip_dual_bound, out.mip_node_count)

    highs.cbMipImprovingSolution.subscribe(tell)
    highs.cbMipInterrupt.subscribe(tell)


def report(
    highs: Any, matrix: Matrix, limits: SolveLimits, name: str
) -> tuple[SolveReport, NDArray[np.float64]]:
    """What HiGHS says after a run, in our words."""
    info, status = highs.getInfo(), highs.getModelStatus()
    has_point = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
    termination = _TERMINATIONS.get(status, Termination.NO_SOLUTION)
    if termination is Termination.FEASIBLE and not has_point:
        termination = Termination.NO_SOLUTION
    objective = info.objective_function_value if has_point else math.inf
    is_mip = bool(matrix.columns) and info.mip_node_count >= 0
    bound = (
        info.mip_dual_bound if is_mip else (objective if termination is Termination.OPTIMAL else -math.inf)
    )
    values = np.array(highs.getSolution().col_value) if has_point else np.empty(0)
    return (
        SolveReport(
            name,
            termination,
            objective,
            bound,
            relative_gap(objective, bound) if has_point else math.inf,
            nodes=max(0, info.mip_node_count),
            iterations=max(0, info.simplex_iteration_count),
            slices=limits.slices,
            columns=matrix.columns,
            rows=matrix.rows,
            solver=SOLVER,
        ),
        values,
    )


def solve_relaxation(
    matrix: Matrix, limits: SolveLimits, *, name: str, **options: Any
) -> tuple[SolveReport, NDArray[np.float64], NDArray[np.float64]]:
    """The model without integrality: report, values and row prices; empty when it was not solved."""
    highs = new_highs(limits, **options)
    pass_model(highs, matrix)
    highs.setOptionValue("solve_relaxation", True)
    run(highs)
    found, values = report(highs, matrix, limits, name)
    solved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    if not solved:
        return found, np.empty(0), np.empty(0)
    objective = highs.getInfo().objective_function_value
    prices = np.array(highs.getSolution().row_dual)
    return replace(found, objective=objective, bound=objective, gap=0.0), values, prices


class Feasibility:
    """One model asked again and again whether a point keeps some of its rules."""

    def __init__(self, matrix: Matrix, rules: Sequence[Rule], limits: SolveLimits) -> None:
        self._given = matrix.arrays()
        without = dict.fromkeys(_SUB_MIPS, False)  # no sub-MIP is worth it when any point will do
        self._highs = new_highs(limits, mip_max_nodes=limits.nodes, **without)
        pass_model(self._highs, matrix)
        every = np.arange(matrix.columns, dtype=np.int32)
        self._highs.changeColsCost(matrix.columns, every, np.zeros(matrix.columns))
        for rule in rules:
            self._set(rule, is_kept=False)

    def can_keep(self, rules: Sequence[Rule]) -> bool:
        """Whether a point keeps these rules; also true where the work limit leaves it open."""
        for rule in rules:
            self._set(rule, is_kept=True)
        self._highs.clearSolver()
        run(self._highs)
        found: bool = self._highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible
        for rule in rules:
            self._set(rule, is_kept=False)
        return found

    def _set(self, rule: Rule, *, is_kept: bool) -> None:
        highs, given = self._highs, self._given
        for columns, lower, upper in _spans(rule, given, is_kept=is_kept):
            clipped = (np.clip(bound, -_INFINITY, _INFINITY) for bound in (lower, upper))
            highs.changeColsBounds(columns.size, columns.astype(np.int32), *clipped)
        if rule.rows.size:
            low, high = given["row_lower"][rule.rows], given["row_upper"][rule.rows]
            if not is_kept:
                low, high = np.full(low.size, -np.inf), np.full(high.size, np.inf)
            clipped = (np.clip(bound, -_INFINITY, _INFINITY) for bound in (low, high))
            highs.changeRowsBounds(rule.rows.size, rule.rows.astype(np.int32), *clipped)
        if rule.whole.size:
            kind = highspy.HighsVarType.kInteger if is_kept else highspy.HighsVarType.kContinuous
            kinds = np.full(rule.whole.size, int(kind), dtype=np.uint8)
            highs.changeColsIntegrality(rule.whole.size, rule.whole.astype(np.int32), kinds)


def _spans(
    rule: Rule, given: dict[str, Any], *, is_kept: bool
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
    if rule.columns.size and is_kept:
        yield rule.columns, rule.lower, rule.upper
    elif rule.columns.size:
        upper = given["upper"][rule.columns]
        if rule.is_elastic:
            upper = np.full(upper.size, np.inf)
        yield rule.columns, given["lower"][rule.columns], upper
