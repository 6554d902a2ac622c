"""
When to make how much: capacitated lot sizing with set-up times, families, levels and backlog.

    min   sum h[i] s[i,t] + b[i] r[i,t] + sum K[i] y[i,t] + sum K[f] z[f,t]
    s.t.  s[i,t-1] - r[i,t-1] + x[i,t] = d[i,t] + sum_j q[i,j] x[j,t] + s[i,t] - r[i,t]   (balance)
          sum_i a[i] x[i,t] + S[i] y[i,t] + sum_f S[f] z[f,t] <= C[m,t] + o[m,t]          (capacity)
          x[i,t] <= M[i,t] y[i,t]                                                         (setup)
          y[i,t] <= z[f(i),t]                                                             (family)

An item whose set-up takes nothing of its own uses its family's column as y; one without family
needs no set-up. Tight M: what can be needed, and what the machine can make beside the set-up,
unless overtime o, at a price no saving can repay, lets it make more.

The rows above leave a weak relaxation. Two ways to strengthen it, with the same bound on one
level without backlog; both are stated in echelon terms, D[i,t] = sum_j R[i,j] d[j,t], where R
counts the units of i in one j, so they also hold over a bill of materials:

**Facility location** (Krarup, Bilde 1977). w[i,u,t]: made in u for the echelon demand of t.

    sum_u w[i,u,t] + unmet[i,t] = D[i,t],   x[i,u] = sum_t w[i,u,t],   w[i,u,t] <= D[i,t] y[i,u]
    sum_j R[i,j] s[j,k] >= sum_{u <= k < t} w[i,u,t]                                      (echelon)

Production serves demand first in, first out. Without backlog below i, u <= t and unmet = 0.

**(l,S) rows** (Barany, Van Roy, Wolsey 1984), for items without backlog below them:

    sum_j R[i,j] s[j,k-1] >= sum_{t=k..l} D[i,t] (1 - sum_{u=k..t} y[i,u])   for all k <= l
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from optimization.lot_sizing.problem import NO_FAMILY, LotSizingProblem
from optimization.matrix import Ints, Matrix

Floats = NDArray[np.float64]
NO_COLUMN = -1


class Formulation(StrEnum):
    """How the relaxation is strengthened."""

    FACILITY_LOCATION = "FACILITY_LOCATION"
    L_S_ROWS = "L_S_ROWS"


@dataclass(frozen=True, slots=True)
class Sizes:
    """The problem as arrays; item by period unless said otherwise."""

    demand: Floats
    echelon: Floats  # item by item: units of i in one j
    echelon_demand: Floats
    may_owe: NDArray[np.bool_]  # per item: it, or something made of it, may be backlogged
    need: Floats  # the most that can be worth making


@dataclass(frozen=True, slots=True)
class Columns:
    """Column numbers of the model, item (family) by period; `setup` is `NO_COLUMN` where free."""

    make: Ints
    stock: Ints
    owed: Ints
    setup: Ints
    binaries: Ints  # every distinct set-up decision: items' own, then families'; by period
    overtime: Ints  # machine by period


def measure(problem: LotSizingProblem) -> Sizes:
    """The arrays the model is built from."""
    demand = np.array([item.demand for item in problem.items])
    echelon = problem.echelon()
    total = echelon @ demand
    owes = np.array([item.backlog_cost is not None for item in problem.items])
    may_owe = ((echelon > 0.0) & owes[None, :]).any(axis=1)
    later = total[:, ::-1].cumsum(axis=1)[:, ::-1]
    return Sizes(
        demand, echelon, total, may_owe, np.where(may_owe[:, None], total.sum(axis=1)[:, None], later)
    )


def lot_sizing_model(problem: LotSizingProblem, formulation: Formulation) -> tuple[Matrix, Columns]:
    """The strengthened model, set-ups integer."""
    matrix, sizes = Matrix(), measure(problem)
    columns = _add_columns(matrix, problem, sizes)
    _add_balance(matrix, columns, problem, sizes)
    _add_capacity(matrix, columns, problem)
    _add_setup(matrix, columns, problem, sizes)
    for item in np.flatnonzero(columns.setup[:, 0] != NO_COLUMN):
        if formulation is Formulation.FACILITY_LOCATION:
            _add_facility_location(matrix, columns, sizes, int(item))
        elif not sizes.may_owe[item]:
            _add_l_s_rows(matrix, columns, sizes, int(item))
    return matrix, columns


def _add_columns(matrix: Matrix, problem: LotSizingProblem, sizes: Sizes) -> Columns:
    items, shape = problem.items, sizes.demand.shape
    holding = np.array([item.holding_cost for item in items])[:, None]
    backlog = np.array([item.backlog_cost or 0.0 for item in items])[:, None]
    is_owed = np.array([item.backlog_cost is not None for item in items])[:, None]
    make = matrix.add_columns("make", shape)
    stock = matrix.add_columns("stock", shape, cost=holding)
    owed = matrix.add_columns("owed", shape, cost=backlog, upper=np.where(is_owed, np.inf, 0.0))
    own = [n for n, item in enumerate(items) if item.has_own_setup]
    cost = np.array([items[n].setup_cost for n in own]).reshape(-1, 1)
    alone = matrix.add_columns("setup", (len(own), shape[1]), upper=1.0, cost=cost, integer=True)
    cost = np.array([f.setup_cost for f in problem.families]).reshape(-1, 1)
    shared = matrix.add_columns(
        "family_setup", (len(problem.families), shape[1]), upper=1.0, cost=cost, integer=True
    )
    setup = np.full(shape, NO_COLUMN, np.int64)
    for n, item in enumerate(items):
        if item.family != NO_FAMILY:
            setup[n] = shared[item.family]
    setup[own] = alone
    price = _overtime_price(problem)
    overtime = matrix.add_columns("overtime", (len(problem.machines), shape[1]), cost=price)
    return Columns(make, stock, owed, setup, np.vstack([alone, shared]), overtime)


def _overtime_price(problem: LotSizingProblem) -> float:
    """Ten times what a unit of time can save: a set-up, or a unit held or owed to the end."""
    setup = max([*(i.setup_cost for i in problem.items), *(f.setup_cost for f in problem.families)])
    waiting = max(i.holding_cost + (i.backlog_cost or 0.0) for i in problem.items)
    return 10.0 * (setup + waiting * problem.periods) + 1.0


def _add_balance(matrix: Matrix, columns: Columns, problem: LotSizingProblem, sizes: Sizes) -> None:
    rows = matrix.add_rows("balance", sizes.demand.shape, lower=sizes.demand, upper=sizes.demand)
    matrix.put(rows, columns.make, 1.0)
    for net, sign in ((columns.stock, 1.0), (columns.owed, -1.0)):
        matrix.put(rows, net, -sign)
        matrix.put(rows[:, 1:], net[:, :-1], sign)
    for bill in problem.bills:
        matrix.put(rows[bill.component], columns.make[bill.successor], -bill.quantity)


def _add_capacity(matrix: Matrix, columns: Columns, problem: LotSizingProblem) -> None:
    capacity = np.array([m.capacity for m in problem.machines]).reshape(
        len(problem.machines), problem.periods
    )
    rows = matrix.add_rows("capacity", capacity.shape, upper=capacity)
    matrix.put(rows, columns.overtime, -1.0)
    for n, item in enumerate(problem.items):
        matrix.put(rows[item.machine], columns.make[n], item.unit_time)
        if item.has_own_setup:
            matrix.put(rows[item.machine], columns.setup[n], item.setup_time)
    for family, shared in zip(
        problem.families, columns.binaries[len(columns.binaries) - len(problem.families) :], strict=True
    ):
        matrix.put(rows[family.machine], shared, family.setup_time)


def _add_setup(matrix: Matrix, columns: Columns, problem: LotSizingProblem, sizes: Sizes) -> None:
    shared = columns.binaries[len(columns.binaries) - len(problem.families) :]
    for n, item in enumerate(problem.items):
        if columns.setup[n, 0] == NO_COLUMN:
            continue
        family = problem.families[item.family] if item.family != NO_FAMILY else None
        capacity = np.array(problem.machines[item.machine].capacity) - item.setup_time
        if family is not None and family.machine == item.machine:
            capacity = capacity - family.setup_time
        room = np.maximum(0.0, capacity) / item.unit_time if item.unit_time > 0.0 else np.inf
        rows = matrix.add_rows(f"setup[{item.id}]", (problem.periods,), upper=0.0)
        matrix.put(rows, columns.make[n], 1.0)
        matrix.put(rows, columns.setup[n], -np.minimum(sizes.need[n], room))
        if family is not None and item.has_own_setup:
            rows = matrix.add_rows(f"family[{item.id}]", (problem.periods,), upper=0.0)
            matrix.put(rows, columns.setup[n], 1.0)
            matrix.put(rows, shared[item.family], -1.0)


def _add_facility_location(matrix: Matrix, columns: Columns, sizes: Sizes, item: int) -> None:
    demand, owes = sizes.echelon_demand[item], bool(sizes.may_owe[item])
    periods = demand.size
    made, due = np.meshgrid(np.arange(periods), np.arange(periods), indexing="ij")
    keep = (demand[due] > 0.0) & ((made <= due) | owes)
    made, due = made[keep], due[keep]
    serve = matrix.add_columns(f"serve[{item}]", (made.size,), upper=demand[due])
    meet = matrix.add_rows(f"meet[{item}]", (periods,), lower=demand, upper=demand)
    matrix.put(meet[due], serve, 1.0)
    if owes:
        matrix.put(meet, matrix.add_columns(f"unmet[{item}]", (periods,)), 1.0)
    make = matrix.add_rows(f"made[{item}]", (periods,), lower=0.0, upper=0.0)
    matrix.put(make, columns.make[item], 1.0)
    matrix.put(make[made], serve, -1.0)
    allow = matrix.add_rows(f"allow[{item}]", (made.size,), upper=0.0)
    matrix.put(allow, serve, 1.0)
    matrix.put(allow, columns.setup[item, made], -demand[due])
    if owes:
        _add_echelon_stock(matrix, columns, sizes, item, (made, due, serve))


def _add_echelon_stock(
    matrix: Matrix, columns: Columns, sizes: Sizes, item: int, served: tuple[Ints, Ints, Ints]
) -> None:
    """Without these rows early and late production of one item would cancel out."""
    made, due, serve = served
    periods = sizes.demand.shape[1]
    rows = matrix.add_rows(f"echelon[{item}]", (periods,), lower=0.0)
    for above in np.flatnonzero(sizes.echelon[item]):
        matrix.put(rows, columns.stock[above], sizes.echelon[item, above])
    for k in range(periods):
        matrix.put(rows[k], serve[(made <= k) & (due > k)], -1.0)


def _add_l_s_rows(matrix: Matrix, columns: Columns, sizes: Sizes, item: int) -> None:
    demand = sizes.echelon_demand[item]
    above = np.flatnonzero(sizes.echelon[item])
    for k in range(demand.size):
        for last in range(k, demand.size):
            covered = np.arange(k, last + 1)
            # sum_t D[t] sum_{u<=t} y[u] = sum_u y[u] sum_{t>=u} D[t]
            served = demand[covered][::-1].cumsum()[::-1]
            row = matrix.add_rows(f"l_s[{item},{k},{last}]", (1,), lower=demand[covered].sum())
            matrix.put(row, columns.setup[item, covered], served)
            if k > 0:
                matrix.put(row, columns.stock[above, k - 1], sizes.echelon[item, above])
