"""
The joint transport linear programme on the core.

Tails x[t] = [value of x >= t], t >= 1, relaxed to 0..1; w[x,y] in 0..1 for every finite pair of a joint.

    min   constant + sum over x [u(0) + sum over t (u(t) - u(t-1)) x[t]] + sum over joints E(x,y) w[x,y]
    s.t.  sum over y of w[x,y] = x[x] - x[x+1]     (marginals)    both ends of a joint; x[0] = 1, x[M+1] = 0
          x[t+1] <= x[t]                           (tails)        variables without a joint
          low[t] <= high[t]                        (orders)       arcs, t = 1 .. M of low

An integral solution is a placement, and conversely; exact on trees. On all chains of Willems
(2008) it is integral at the root, as Blaettchen, Calmon, Hall and Tawarmalani report.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.errors import SolverError
from optimization.matrix import Matrix
from optimization.report import SolveLimits
from optimization.safety_stock.certificate import Multipliers
from optimization.safety_stock.model import Joint, Order, PairModel, ends
from optimization.solver import new_highs, pass_model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
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
    """The programme in the solver, ready to be solved again with other domains."""

    columns: int
    rows: int
    _highs: Any
    _scale: float
    _tails: dict[int, Ints]
    _orders: dict[tuple[int, int], Ints]
    _marginals: dict[tuple[int, int, int], Ints]

    def solve(self, domains: Domains) -> Relaxation:
        """Solve within the domains, which must leave a placement possible."""
        self._restrict(domains)
        self._highs.run()
        if self._highs.getModelStatus().name != "kOptimal":
            raise SolverError(f"HiGHS stopped with `{self._highs.getModelStatus().name}` on a relaxation")
        solution = self._highs.getSolution()
        values, duals = np.array(solution.col_value), np.array(solution.row_dual) * self._scale
        return Relaxation(
            {x: values[columns] for x, columns in self._tails.items()},
            self._prices(duals),
            int(self._highs.getInfo().simplex_iteration_count),
        )

    def _restrict(self, domains: Domains) -> None:
        columns, lower, upper = [], [], []
        for x, tails in self._tails.items():
            low, high = domains[x]
            t = np.arange(1, tails.size + 1)
            columns.append(tails)
            lower.append((t <= low).astype(np.float64))
            upper.append((t <= high).astype(np.float64))
        all_columns = np.concatenate(columns).astype(np.int32)
        self._highs.changeColsBounds(
            all_columns.size, all_columns, np.concatenate(lower), np.concatenate(upper)
        )

    def _prices(self, duals: Floats) -> Multipliers:
        orders = {
            pair: np.concatenate([[0.0], np.cumsum(np.maximum(0.0, -duals[rows]))])
            for pair, rows in self._orders.items()
        }
        return Multipliers(orders, {end: duals[rows] for end, rows in self._marginals.items()})


def build_programme(core: PairModel, variables: tuple[int, ...], limits: SolveLimits) -> TransportProgramme:
    """Pass the core to the solver as arrays."""
    matrix = Matrix()
    scale = _scale(core, variables)
    tails = {x: _add_tails(matrix, core.unary[x] / scale) for x in variables}
    marginals: dict[tuple[int, int, int], Ints] = {}
    orders: list[Order] = []
    for x in variables:
        edges = [edge for y, edge in sorted(core.edges[x].items()) if x < y]
        for edge in edges:
            if isinstance(edge, Order):
                orders.append(edge)
            else:
                _add_joint(matrix, edge, scale, (tails, marginals))
        if all(isinstance(edge, Order) for edge in core.edges[x].values()):
            _add_monotone(matrix, tails[x])
    rows = _add_orders(matrix, orders, tails)
    # presolve costs more than it saves: the core is already presolved, and dual simplex starts feasible
    highs = new_highs(limits, presolve="off", solver="simplex", dual_feasibility_tolerance=1e-9)
    pass_model(highs, matrix)
    return TransportProgramme(matrix.columns, matrix.rows, highs, scale, tails, rows, marginals)


def _scale(core: PairModel, variables: tuple[int, ...]) -> float:
    """The largest finite cost, so that the solver's absolute tolerances are relative to it."""
    largest = 0.0
    for x in variables:
        tables = [core.unary[x]] + [
            e.values for y, e in core.edges[x].items() if x < y and not isinstance(e, Order)
        ]
        largest = max(largest, *(float(np.abs(t[np.isfinite(t)]).max(initial=0.0)) for t in tables))
    return largest or 1.0


def _add_tails(matrix: Matrix, unary: Floats) -> Ints:
    """Columns x[1] .. x[M]; an infinite cost at either end is a domain, not a coefficient."""
    finite = np.where(np.isfinite(unary), unary, 0.0)
    steps = np.where(np.isfinite(unary[1:]) & np.isfinite(unary[:-1]), np.diff(finite), 0.0)
    return matrix.add_columns("tail", (unary.size - 1,), upper=1.0, cost=steps)


def _add_joint(
    matrix: Matrix,
    edge: Joint,
    scale: float,
    known: tuple[dict[int, Ints], dict[tuple[int, int, int], Ints]],
) -> None:
    """The w of a joint with the rows `marginals` of both its ends."""
    tails, marginals = known
    table = edge.values / scale
    places = np.nonzero(np.isfinite(table))
    pairs = matrix.add_columns("w", (places[0].size,), cost=table[places])
    for x, place, size in zip(ends(edge), places, table.shape, strict=True):
        right = np.zeros(size)
        right[0] = 1.0
        rows = matrix.add_rows("marginals", (size,), lower=right, upper=right)
        matrix.put(rows[place], pairs, 1.0)
        matrix.put(rows[1:], tails[x], -1.0)
        matrix.put(rows[:-1], tails[x], 1.0)
        marginals[x, edge.first, edge.second] = rows


def _add_monotone(matrix: Matrix, tails: Ints) -> None:
    """x[t+1] - x[t] <= 0."""
    if tails.size > 1:
        rows = matrix.add_rows("tails", (tails.size - 1,), upper=0.0)
        matrix.put(rows, tails[1:], 1.0)
        matrix.put(rows, tails[:-1], -1.0)


def _add_orders(matrix: Matrix, orders: list[Order], tails: dict[int, Ints]) -> dict[tuple[int, int], Ints]:
    """low[t] - high[t] <= 0, all arcs at once; beyond the reach of `high` the domain of `low` ends."""
    if not orders:
        return {}
    sizes = [min(tails[o.low].size, tails[o.high].size) for o in orders]
    rows = matrix.add_rows("orders", (sum(sizes),), upper=0.0)
    matrix.put(rows, np.concatenate([tails[o.low][:n] for o, n in zip(orders, sizes, strict=True)]), 1.0)
    matrix.put(rows, np.concatenate([tails[o.high][:n] for o, n in zip(orders, sizes, strict=True)]), -1.0)
    parts = np.split(rows, np.cumsum(sizes)[:-1])
    return {(o.low, o.high): part for o, part in zip(orders, parts, strict=True)}


def has_integral_tails(relaxation: Relaxation) -> bool:
    """Whether every tail is 0 or 1, within the solver's tolerance."""
    return all(bool((np.minimum(t, 1.0 - t) < 1e-6).all()) for t in relaxation.tails.values())
