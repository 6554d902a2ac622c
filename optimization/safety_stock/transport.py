"""
The joint transport linear programme on the core.

Tails x[t] = [value of x >= t], t >= 1, relaxed to 0..1; w[x,y] in 0..1 for every finite pair of a joint.

    min   constant + sum over x [u(0) + sum over t (u(t) - u(t-1)) x[t]] + sum over joints E(x,y) w[x,y]
    s.t.  sum over y of w[x,y] = x[x] - x[x+1]     (marginals)    both ends of a joint; x[0] = 1, x[M+1] = 0
          x[t+1] <= x[t]                           (tails)        variables without a joint
          low[t] <= high[t]                        (orders)       arcs, t = 1 .. M of low

Values may be restricted to a grid (`vertices`): x[t] then stands for the t-th value, an arc's row uses
the first value of `high` that is not below, and Lam is joined by straight lines between the values.

An integral solution is a placement, and conversely; exact on trees. On all chains of Willems
(2008) it is integral at the root, as Blaettchen, Calmon, Hall and Tawarmalani report.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.errors import SolverError
from optimization.matrix import Matrix
from optimization.report import SolveLimits
from optimization.safety_stock.arc_rows import Grids, Ints, OrderRows, add_orders
from optimization.safety_stock.certificate import Multipliers
from optimization.safety_stock.model import Order, PairModel, StageJoint, TableJoint, ends
from optimization.solver import new_highs, pass_model, run

Floats = NDArray[np.float64]
Domains = dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """
    Answer of the linear programme.

    Parameters
    ----------
    tails
        Per variable x[1], x[2], ...
    prices
        Multipliers for `certificate.core_bound`.
    iterations
        Simplex iterations.
    """

    tails: dict[int, Floats]
    prices: Multipliers
    iterations: int


@dataclass(slots=True)
class TransportProgramme:
    """
    The programme in the solver, ready to be solved again with other domains.

    Parameters
    ----------
    tails, monotone, orders, marginals, pairs
        Columns of every variable, rows of the tails and what they begin with, rows of arcs and of ends of
        joints, and columns of joints with which pairs they stand for.
    """

    columns: int
    rows: int
    grids: Grids
    _highs: Any
    _scale: float
    tails: dict[int, Ints]
    monotone: tuple[Ints, Ints]
    orders: OrderRows
    marginals: dict[tuple[int, int, int], Ints]
    pairs: dict[tuple[int, int], tuple[NDArray[np.bool_], Ints]]
    _alike: tuple[int, ...] = ()
    root_basis: Any = None
    _forbidden: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))

    def solve(self, domains: Domains) -> Relaxation:
        """Solve within the domains, which must leave a placement possible."""
        self._restrict(domains)
        run(self._highs)
        if self._highs.getModelStatus().name != "kOptimal":
            raise SolverError(f"HiGHS stopped with `{self._highs.getModelStatus().name}` on a relaxation")
        if self.root_basis is None:
            self.root_basis = self._highs.getBasis()
        solution = self._highs.getSolution()
        values, duals = np.array(solution.col_value), np.array(solution.row_dual) * self._scale
        return Relaxation(
            {x: values[columns] for x, columns in self.tails.items()},
            self._prices(duals),
            int(self._highs.getInfo().simplex_iteration_count),
        )

    def start_from(self, basis: Any) -> None:
        """Take the optimal basis of a programme of the same shape."""
        self._highs.setBasis(basis)

    def reprice(self, core: PairModel, variables: tuple[int, ...]) -> bool:
        """Take over the costs of another core; False where its edges differ or it allows what this does not."""
        if not self.is_like(core, variables):
            return False
        tables = {pair: _joint_values(core, pair) for pair in self.pairs}
        if any(core.unary[x].size != grid.size for x, grid in self.grids.items()) or any(
            tables[pair].shape != is_possible.shape or np.isfinite(tables[pair][~is_possible]).any()
            for pair, (is_possible, _) in self.pairs.items()
        ):
            return False
        cost = np.zeros(self.columns)
        for x, columns in self.tails.items():
            cost[columns] = tail_costs(core.unary[x])
        for pair, (is_possible, columns) in self.pairs.items():
            cost[columns] = tables[pair][is_possible]
        every = np.arange(self.columns, dtype=np.int32)
        self._forbid(every[np.isinf(cost)])
        self._highs.changeColsCost(self.columns, every, np.where(np.isinf(cost), 0.0, cost) / self._scale)
        self.root_basis = None
        return True

    def _forbid(self, pairs: NDArray[np.int32]) -> None:
        """Hold these w at 0, and no others."""
        for columns, most in ((self._forbidden, np.inf), (pairs, 0.0)):
            if columns.size:
                upper = np.full(columns.size, most)
                self._highs.changeColsBounds(columns.size, columns, np.zeros(columns.size), upper)
        self._forbidden = pairs

    def is_like(self, core: PairModel, variables: tuple[int, ...]) -> bool:
        """Whether a core has the same variables and edges, whatever their sizes and costs."""
        if variables is self._alike:  # the very list that a reduction hands on when it is made again
            return True
        pairs = self.orders.pairs
        count = sum(len(core.edges[x]) for x in variables)
        is_like = (
            tuple(self.grids) == variables
            and count == 2 * (len(pairs) + len(self.pairs))
            and all(core.edges[low].get(high) == Order(low, high) for low, high in pairs)
            and all(isinstance(core.edges[a].get(b), StageJoint | TableJoint) for a, b in self.pairs)
        )
        self._alike = variables if is_like else ()
        return is_like

    def _restrict(self, domains: Domains) -> None:
        columns, lower, upper = [], [], []
        for x, tails in self.tails.items():
            low, high = domains[x]
            value = self.grids[x][1:]
            columns.append(tails)
            lower.append((value <= low).astype(np.float64))
            upper.append((value <= high).astype(np.float64))
        all_columns = np.concatenate(columns).astype(np.int32)
        self._highs.changeColsBounds(
            all_columns.size, all_columns, np.concatenate(lower), np.concatenate(upper)
        )

    def _prices(self, duals: Floats) -> Multipliers:
        orders, steps = self.orders, np.zeros(self.orders.starts[-1])
        steps[orders.places] = np.maximum(0.0, -duals[orders.rows])
        total = np.cumsum(steps)
        lams = {}
        for (low, high), (start, end) in zip(orders.pairs, pairwise(orders.starts), strict=True):
            lam = total[start:end] - total[start]  # the step at 0 is 0
            lams[low, high] = _join(self.grids[low], self.grids[high], lam)
        return Multipliers(lams, {end: duals[rows] for end, rows in self.marginals.items()})


def build_programme(
    core: PairModel,
    variables: tuple[int, ...],
    limits: SolveLimits,
    grids: Grids | None = None,
) -> TransportProgramme:
    """
    Pass the core to the solver as arrays.

    Parameters
    ----------
    grids
        The values to restrict it to, if not all.
    """
    matrix = Matrix()
    grids = grids or {x: np.arange(core.unary[x].size) for x in variables}
    scale = _scale(core, variables)
    tails = _add_tails(matrix, core, variables, grids, scale)
    marginals: dict[tuple[int, int, int], Ints] = {}
    pairs: dict[tuple[int, int], tuple[NDArray[np.bool_], Ints]] = {}
    orders: list[Order] = []
    plain = []
    for x in variables:
        for edge in [edge for y, edge in sorted(core.edges[x].items()) if x < y]:
            if isinstance(edge, Order):
                orders.append(edge)
            else:
                table = edge.values[np.ix_(grids[edge.first], grids[edge.second])] / scale
                pairs[ends(edge)] = _add_joint(matrix, ends(edge), table, (tails, marginals))
        if all(isinstance(edge, Order) for edge in core.edges[x].values()):
            plain.append(tails[x])
    monotone, firsts = _add_monotone(matrix, plain)
    rows = add_orders(matrix, orders, tails, grids)
    # presolve costs more than it saves: the core is already presolved, and dual simplex starts feasible
    highs = new_highs(limits, presolve="off", solver="simplex", dual_feasibility_tolerance=1e-9)
    pass_model(highs, matrix)
    blocks = (tails, (monotone, firsts), rows, marginals, pairs)
    return TransportProgramme(matrix.columns, matrix.rows, grids, highs, scale, *blocks)


def count_pairs(core: PairModel, variables: tuple[int, ...], grids: Grids | None = None) -> int:
    """Columns that the joints of a core take, an upper bound."""
    sizes = {x: core.unary[x].size if grids is None else grids[x].size for x in variables}
    return sum(
        sizes[x] * sizes[y]
        for x in variables
        for y, edge in core.edges[x].items()
        if x < y and not isinstance(edge, Order)
    )


def _scale(core: PairModel, variables: tuple[int, ...]) -> float:
    """The largest finite cost, so that the solver's absolute tolerances are relative to it."""
    largest = 0.0
    for x in variables:
        tables = [core.unary[x]] + [
            e.values for y, e in core.edges[x].items() if x < y and not isinstance(e, Order)
        ]
        largest = max(largest, *(float(np.abs(t[np.isfinite(t)]).max(initial=0.0)) for t in tables))
    return largest or 1.0


def _add_tails(
    matrix: Matrix, core: PairModel, variables: tuple[int, ...], grids: Grids, scale: float
) -> dict[int, Ints]:
    """Columns x[1] .. x[M] of every variable."""
    steps = [tail_costs(core.unary[x][grids[x]]) for x in variables]
    columns = matrix.add_columns(
        "tail", (sum(s.size for s in steps),), upper=1.0, cost=np.concatenate(steps) / scale
    )
    return dict(zip(variables, np.split(columns, np.cumsum([s.size for s in steps])[:-1]), strict=True))


def tail_costs(unary: Floats) -> Floats:
    """Cost of each further step; an infinite cost at either end is a domain, not a coefficient."""
    is_finite = np.isfinite(unary)
    if is_finite.all():
        return np.diff(unary)
    return np.where(is_finite[1:] & is_finite[:-1], np.diff(np.where(is_finite, unary, 0.0)), 0.0)


def _add_joint(
    matrix: Matrix,
    pair: tuple[int, int],
    table: Floats,
    known: tuple[dict[int, Ints], dict[tuple[int, int, int], Ints]],
) -> tuple[NDArray[np.bool_], Ints]:
    """The w of a joint with the rows `marginals` of both its ends; which pairs are possible."""
    tails, marginals = known
    is_possible = np.isfinite(table)
    places = np.nonzero(is_possible)
    pairs = matrix.add_columns("w", (places[0].size,), cost=table[places])
    for x, place, size in zip(pair, places, table.shape, strict=True):
        right = np.zeros(size)
        right[0] = 1.0
        rows = matrix.add_rows("marginals", (size,), lower=right, upper=right)
        matrix.put(rows[place], pairs, 1.0)
        matrix.put(rows[1:], tails[x], -1.0)
        matrix.put(rows[:-1], tails[x], 1.0)
        marginals[x, pair[0], pair[1]] = rows
    return is_possible, pairs


def _joint_values(core: PairModel, pair: tuple[int, int]) -> Floats:
    edge = core.edges[pair[0]][pair[1]]
    assert not isinstance(edge, Order)  # noqa: S101 - the core has kept its edges
    return edge.values


def _add_monotone(matrix: Matrix, plain: list[Ints]) -> tuple[Ints, Ints]:
    """x[t+1] - x[t] <= 0, with the columns of x[t]."""
    if not plain:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    first = np.concatenate([tails[:-1] for tails in plain])
    rows = matrix.add_rows("tails", (first.size,), upper=0.0)
    matrix.put(rows, first + 1, 1.0)  # the tails of a variable are neighbours
    matrix.put(rows, first, -1.0)
    return rows, first


def _join(low: Ints, high: Ints, lam: Floats) -> Floats:
    """Lam on all values up to the largest of `low`: constant up to each value of `high`, then a line."""
    if low.size == low[-1] + 1:
        return lam
    reached = np.searchsorted(low, high, side="right") - 1
    knots = np.concatenate([low, high])
    order = knots.argsort(kind="stable")  # at a value of both, that of `low` comes first and counts
    knots, heights = knots[order], np.concatenate([lam, lam[reached]])[order]
    is_first = np.concatenate([[True], knots[1:] != knots[:-1]])
    joined: Floats = np.interp(np.arange(low[-1] + 1), knots[is_first], heights[is_first])
    return joined
