"""
Lot sizes, a bound that proves how good they are, and the relaxation's bound at the root.

1. The strengthened relaxation gives the root bound, and set-ups where it makes anything.
2. Fix and optimise (Helber, Sahling 2010): a part of the set-ups is free, the rest is fixed, and
   the small model is solved; parts are windows of periods, groups of items, and mixtures of
   both, in an order drawn from the seed. It stops when a whole round has not helped, or after
   `limits.iterations` parts.
3. Branch and bound on the whole model from that plan, `limits.nodes` nodes a slice.

Machine time beyond the capacity can be bought at a prohibitive price, so there is always a plan;
`overtime` says what was bought, and is empty in a plan that keeps its capacities.

References
----------
Helber, Sahling (2010), Int. J. Production Economics 123(2), 247-256.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.lot_sizing.model import Columns, Formulation, lot_sizing_model
from optimization.lot_sizing.problem import LotSizingProblem
from optimization.report import SolveLimits, SolveReport, Termination, relative_gap
from optimization.solver import new_highs, pass_model, report, run

Floats = NDArray[np.float64]
Free = NDArray[np.bool_]

_PART_NODES = 30  # a part that needs more is left for another cut through the set-ups
_WINDOW, _WINDOW_STEP = 4, 2  # periods
_GROUP = 3  # items
_SHORT_HORIZON = 20  # periods up to which the facility-location form is the better one
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Overtime:
    """Machine time bought beyond the capacity."""

    machine: str
    period: int
    amount: float


@dataclass(frozen=True, slots=True)
class LotSizingPlan:
    """
    Lot sizes and set-ups, item by period; families' set-ups, family by period.

    `root_bound` is the bound of the strengthened relaxation, before any branching;
    `report.bound` the best bound proved.
    """

    lots: tuple[tuple[float, ...], ...]
    stock: tuple[tuple[float, ...], ...]
    backlog: tuple[tuple[float, ...], ...]
    setups: tuple[tuple[bool, ...], ...]
    overtime: tuple[Overtime, ...]
    root_bound: float
    report: SolveReport


def plan_lot_sizes(
    problem: LotSizingProblem, limits: SolveLimits | None = None, formulation: Formulation | None = None
) -> LotSizingPlan:
    """
    The best lot sizes found within the limits, with bounds.

    Parameters
    ----------
    formulation
        How the relaxation is strengthened; None = facility location on short horizons and where
        backlog is allowed, (l,S) rows otherwise.
    """
    work = limits or SolveLimits()
    search = _Search(problem, work, formulation or _preferred(problem))
    search.relax()
    search.improve()
    return search.finish()


def root_bound(problem: LotSizingProblem, formulation: Formulation | None = None) -> float:
    """The bound of the strengthened relaxation."""
    search = _Search(problem, SolveLimits(), formulation or _preferred(problem))
    search.relax()
    return search.root


def _preferred(problem: LotSizingProblem) -> Formulation:
    may_owe = any(item.backlog_cost is not None for item in problem.items)
    is_short = problem.periods <= _SHORT_HORIZON
    return Formulation.FACILITY_LOCATION if is_short or may_owe else Formulation.L_S_ROWS


class _Search:
    """The model in the solver's hands, and the best plan so far."""

    def __init__(self, problem: LotSizingProblem, limits: SolveLimits, formulation: Formulation) -> None:
        self._problem, self._limits = problem, limits
        self._matrix, self._columns = lot_sizing_model(problem, formulation)
        self._binaries = self._columns.binaries
        self._highs = new_highs(limits, mip_rel_gap=1e-6)
        pass_model(self._highs, self._matrix)
        self._values: Floats = np.empty(0)
        self._setups: Floats = np.ones(self._binaries.shape)
        self.root, self._objective, self._parts, self._iterations = -math.inf, math.inf, 0, 0

    def relax(self) -> None:
        """Step 1: the root bound; set up wherever the relaxation does."""
        self._highs.setOptionValue("solve_relaxation", True)
        run(self._highs)
        self.root = float(self._highs.getInfo().objective_function_value)
        values = np.array(self._highs.getSolution().col_value)
        self._iterations += max(0, self._highs.getInfo().simplex_iteration_count)
        self._highs.setOptionValue("solve_relaxation", False)
        self._setups = (values[self._binaries] > _SMALLEST).astype(np.float64)

    def improve(self) -> None:
        """Step 2."""
        draw = np.random.Generator(np.random.PCG64(self._limits.seed))
        self._highs.setOptionValue("mip_max_nodes", _PART_NODES)
        self._solve_part(np.zeros(self._binaries.shape, bool))
        while self._parts < self._limits.iterations:
            before = self._objective
            for part in _parts(self._binaries.shape, draw):
                if self._parts == self._limits.iterations or self._is_proved():
                    return
                self._parts += 1
                self._solve_part(part)
            if self._objective > before - _SMALLEST * abs(before):
                return

    def finish(self) -> LotSizingPlan:
        """Step 3, and the answer."""
        everything = np.ones(self._binaries.shape, bool)
        self._highs.setOptionValue("mip_max_nodes", self._limits.nodes * self._limits.slices)
        self._highs.setOptionValue("mip_rel_gap", self._limits.gap)
        self._solve_part(everything)
        proof, _ = report(self._highs, self._matrix, self._limits, self._problem.name)
        return _read_plan(self._problem, self._columns, self._values, self.root, self._report(proof))

    def _solve_part(self, free: Free) -> None:
        """Fix what is not free at the best plan, and solve from that plan."""
        lower, upper = np.where(free, 0.0, self._setups), np.where(free, 1.0, self._setups)
        numbers = self._binaries.ravel().astype(np.int32)
        self._highs.changeColsBounds(numbers.size, numbers, lower.ravel(), upper.ravel())
        if self._values.size:
            self._highs.setSolution(
                self._matrix.columns, np.arange(self._matrix.columns, dtype=np.int32), self._values
            )
        run(self._highs)
        proof, values = report(self._highs, self._matrix, self._limits, self._problem.name)
        self._iterations += proof.iterations
        if values.size and proof.objective < self._objective - _SMALLEST:
            self._objective, self._values = proof.objective, values
            self._setups = np.round(values[self._binaries])

    def _is_proved(self) -> bool:
        return relative_gap(self._objective, self.root) <= self._limits.gap

    def _report(self, last: SolveReport) -> SolveReport:
        bound = max(self.root, min(last.bound, self._objective))
        gap = relative_gap(self._objective, bound)
        return SolveReport(
            self._problem.name,
            Termination.OPTIMAL if gap <= self._limits.gap else Termination.FEASIBLE,
            self._objective,
            bound,
            gap,
            nodes=last.nodes,
            iterations=self._iterations,
            slices=self._limits.slices,
            columns=self._matrix.columns,
            rows=self._matrix.rows,
            solver=last.solver,
        )


def _parts(shape: tuple[int, ...], draw: np.random.Generator) -> Iterator[Free]:
    """Windows of periods; groups of set-ups; half the set-ups over a double window."""
    count, periods = shape
    for first in range(0, max(1, periods - _WINDOW_STEP), _WINDOW_STEP):
        yield _part(shape, np.arange(count), range(first, min(periods, first + _WINDOW)))
    order = draw.permutation(count)
    for first in range(0, count, _GROUP):
        yield _part(shape, order[first : first + _GROUP], range(periods))
    for first in range(0, max(1, periods - _WINDOW), _WINDOW):
        half = draw.permutation(count)[: (count + 1) // 2]
        yield _part(shape, half, range(first, min(periods, first + 2 * _WINDOW)))


def _part(shape: tuple[int, ...], setups: NDArray[np.int64], periods: range) -> Free:
    free = np.zeros(shape, bool)
    free[np.ix_(setups, np.array(periods))] = True
    return free


def _read_plan(
    problem: LotSizingProblem, columns: Columns, values: Floats, root: float, proof: SolveReport
) -> LotSizingPlan:
    used = values[columns.binaries] > 0.5 if columns.binaries.size else np.empty((0, problem.periods), bool)
    bought = values[columns.overtime]
    return LotSizingPlan(
        _rows(np.maximum(0.0, values[columns.make])),
        _rows(np.maximum(0.0, values[columns.stock])),
        _rows(np.maximum(0.0, values[columns.owed])),
        tuple(tuple(bool(u) for u in row) for row in used),
        tuple(
            Overtime(problem.machines[m].id, int(t), float(bought[m, t]))
            for m, t in np.argwhere(bought > _SMALLEST)
        ),
        root,
        proof,
    )


def _rows(values: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(v) for v in row) for row in values)
