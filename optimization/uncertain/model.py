"""
The network linear programme that both planning modes share.

    min   sum c[r,k] F[r,k] + sum h[i] X[i,k] + sum over markets of their expected cost
    s.t.  X[i,k] = X[i,k-1] + due[i,k] + sum_{r into i} F[r,k-L(r)] - sum_{r from i} F[r,k]   (balance)
          sum_{r from i} F[r,k] <= X[i,k-1]                                                  (ship)
          sum_{r from i} F[r,k] <= throughput[i]                                             (throughput)
          A[m,k] = A[m,k-1] + due[m,k] + sum_{r into m} F[r,k-L(r)]                          (arrive)

F are flows, the same on every demand path; A is what a market's point has had, cumulated.
c[r,k] charges transit only for the periods inside the horizon.

**Backorders.** A path's net stock is A[k] - C[s,k], so the expected cost of period k is convex
and piecewise linear in A[k] with the N breakpoints C[s,k]: slope -u before the first, then

    slope after j breakpoints = (j h - (N - j) u[k]) / N,   u[k] = b, and b + p in the last period

which needs N + 1 bounded columns and one row per period, not two columns and a row per path.

**Lost sales.** I[s,k] = I[s,k-1] + A[k] - A[k-1] - d[s,k] + B[s,k],  0 <= B <= d, cost h I + (p + b) B.

**Stock-out events** add a convex piecewise linear cost of A[k] (see `event_cost`). Revenue of all
demand, sum p d, is a constant and left out of the programme.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.matrix import Ints, Matrix
from optimization.network import DemandKind
from optimization.uncertain.event_cost import EventCost
from optimization.uncertain.problem import Market, Route, StockPoint, UncertainProblem

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MarketPaths:
    """Demand of one market, shape (paths, periods), and what its stock-out events cost."""

    market: Market
    demand: Floats
    events: EventCost


def network_model(problem: UncertainProblem, paths: Sequence[MarketPaths]) -> tuple[Matrix, Ints]:
    """The programme, and the column numbers of the flows, shape (routes, periods)."""
    matrix = Matrix()
    flows = _add_flows(matrix, problem)
    selling = {p.market.point for p in paths}
    for point in problem.points:
        if point.id not in selling:
            _add_point(matrix, flows, problem, point)
    for path in paths:
        point = next(p for p in problem.points if p.id == path.market.point)
        arrived = _add_arrivals(matrix, flows, problem, point)
        if path.market.kind is DemandKind.BACKORDER:
            _add_backorder_cost(matrix, arrived, point, path)
        else:
            _add_lost_sales(matrix, arrived, point, path)
        _add_events(matrix, arrived, point, path.events)
    return matrix, flows


def known_receipts(problem: UncertainProblem, point: str) -> Floats:
    """Units already under way to a point, by period of receipt."""
    received = np.zeros(problem.horizon)
    for route in problem.routes:
        if route.target == point:
            due = np.asarray(route.due[: problem.horizon])
            received[: due.size] += due
    return received


def arrivals(problem: UncertainProblem, point: str, flows: Floats) -> Floats:
    """A[k]: stock on hand, receipts due and receipts of planned flows, cumulated."""
    received = known_receipts(problem, point)
    received[0] += next(p.on_hand for p in problem.points if p.id == point)
    for number, route in enumerate(problem.routes):
        if route.target == point and route.lead_time < problem.horizon:
            received[route.lead_time :] += flows[number, : problem.horizon - route.lead_time]
    return received.cumsum()


def _add_flows(matrix: Matrix, problem: UncertainProblem) -> Ints:
    handling = {p.id: p.handling_cost for p in problem.points}
    left = problem.horizon - np.arange(problem.horizon)
    cost = [
        r.unit_cost + handling.get(r.source, 0.0) + r.transit_cost * np.minimum(r.lead_time, left)
        for r in problem.routes
    ]
    upper = [np.full(problem.horizon, np.inf if r.maximum is None else r.maximum) for r in problem.routes]
    shape = (len(problem.routes), problem.horizon)
    return matrix.add_columns("flow", shape, cost=np.reshape(cost, shape), upper=np.reshape(upper, shape))


def _add_point(matrix: Matrix, flows: Ints, problem: UncertainProblem, point: StockPoint) -> None:
    """Balance, ship and throughput of a point without a market."""
    stock = matrix.add_columns(f"stock[{point.id}]", (problem.horizon,), cost=point.holding_cost)
    opening = np.zeros(problem.horizon)
    opening[0] = point.on_hand
    right = opening + known_receipts(problem, point.id)
    balance = matrix.add_rows(f"balance[{point.id}]", (problem.horizon,), lower=right, upper=right)
    ship = matrix.add_rows(f"ship[{point.id}]", (problem.horizon,), upper=opening)
    most = np.inf if point.throughput is None else point.throughput
    throughput = matrix.add_rows(f"throughput[{point.id}]", (problem.horizon,), upper=most)
    matrix.put(balance, stock, 1.0)
    matrix.put(balance[1:], stock[:-1], -1.0)
    matrix.put(ship[1:], stock[:-1], -1.0)
    _put_receipts(matrix, balance, flows, problem.routes, point.id)
    for number, route in enumerate(problem.routes):
        if route.source == point.id:
            for rows in (balance, ship, throughput):
                matrix.put(rows, flows[number], 1.0)


def _add_arrivals(matrix: Matrix, flows: Ints, problem: UncertainProblem, point: StockPoint) -> Ints:
    """A[k]: stock on hand, receipts due and planned flows, cumulated."""
    arrived = matrix.add_columns(f"arrived[{point.id}]", (problem.horizon,))
    due = known_receipts(problem, point.id)
    due[0] += point.on_hand
    rows = matrix.add_rows(f"arrive[{point.id}]", (problem.horizon,), lower=due, upper=due)
    matrix.put(rows, arrived, 1.0)
    matrix.put(rows[1:], arrived[:-1], -1.0)
    _put_receipts(matrix, rows, flows, problem.routes, point.id)
    return arrived


def _put_receipts(matrix: Matrix, rows: Ints, flows: Ints, routes: Sequence[Route], point: str) -> None:
    for number, route in enumerate(routes):
        if route.target == point and route.lead_time < rows.size:
            matrix.put(rows[route.lead_time :], flows[number, : rows.size - route.lead_time], -1.0)


def _add_backorder_cost(matrix: Matrix, arrived: Ints, point: StockPoint, path: MarketPaths) -> None:
    """A[k] = C[1,k] - below[k] + sum_j above[j,k], the columns priced by their slopes."""
    market, (paths, horizon) = path.market, path.demand.shape
    total = np.sort(np.cumsum(path.demand, axis=1), axis=0) + market.backorders
    underage = np.full(horizon, market.shortage_cost)
    underage[-1] += market.price
    passed = np.arange(1, paths + 1)[:, None] / paths
    width = np.vstack([np.diff(total, axis=0), np.full(horizon, np.inf)])
    slope = passed * point.holding_cost - (1.0 - passed) * underage
    below = matrix.add_columns(f"below[{point.id}]", (horizon,), cost=underage)
    above = matrix.add_columns(f"above[{point.id}]", (paths, horizon), cost=slope, upper=width)
    rows = matrix.add_rows(f"position[{point.id}]", (horizon,), lower=total[0], upper=total[0])
    matrix.put(rows, arrived, 1.0)
    matrix.put(rows, below, 1.0)
    matrix.put(rows, above, -1.0)


def _add_lost_sales(matrix: Matrix, arrived: Ints, point: StockPoint, path: MarketPaths) -> None:
    """I[s,k] - I[s,k-1] - A[k] + A[k-1] - B[s,k] = -d[s,k]."""
    market, (paths, horizon) = path.market, path.demand.shape
    cost = (market.price + market.shortage_cost) / paths
    stock = matrix.add_columns(f"stock[{point.id}]", (paths, horizon), cost=point.holding_cost / paths)
    lost = matrix.add_columns(f"lost[{point.id}]", (paths, horizon), cost=cost, upper=path.demand)
    rows = matrix.add_rows(f"sell[{point.id}]", (paths, horizon), lower=-path.demand, upper=-path.demand)
    matrix.put(rows, stock, 1.0)
    matrix.put(rows[:, 1:], stock[:, :-1], -1.0)
    matrix.put(rows, lost, -1.0)
    matrix.put(rows, arrived, -1.0)
    matrix.put(rows[:, 1:], arrived[:-1], 1.0)


def _add_events(matrix: Matrix, arrived: Ints, point: StockPoint, events: EventCost) -> None:
    """A[k] = start[k] - before[k] + sum_j piece[k,j] + free[k]."""
    horizon, pieces = events.slope.shape
    if pieces == 0:
        return
    before = matrix.add_columns(f"before[{point.id}]", (horizon,), cost=-events.slope[:, 0])
    piece = matrix.add_columns(f"piece[{point.id}]", (horizon, pieces), cost=events.slope, upper=events.width)
    free = matrix.add_columns(f"free[{point.id}]", (horizon,))
    rows = matrix.add_rows(f"events[{point.id}]", (horizon,), lower=events.start, upper=events.start)
    matrix.put(rows, arrived, 1.0)
    matrix.put(rows, before, 1.0)
    matrix.put(rows[:, None], piece, -1.0)
    matrix.put(rows, free, -1.0)
