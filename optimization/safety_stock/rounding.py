"""
From a fractional relaxation to a placement.

For any threshold, value(x) = number of tails at or above it keeps every arc and every pair of a stage
(both are statements about tails), so rounding never fails. Coordinate descent then moves one promise
at a time to a value at which its own or a neighbour's cost has a kink.
"""

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.placement import ServiceTimes, settle, total_cost

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

THRESHOLDS = (0.999, 0.75, 0.5, 0.25, 0.001)


def threshold_values(tails: dict[int, Floats], grids: dict[int, Ints], threshold: float) -> dict[int, int]:
    """Value of each core variable at one threshold."""
    return {x: int(grids[x][np.count_nonzero(tail >= threshold)]) for x, tail in tails.items()}


def descend(layout: Layout, bounds: DemandBounds, times: ServiceTimes) -> tuple[float, ServiceTimes]:
    """Change one promise at a time while that lowers the cost."""
    out, best = times.out.tolist(), total_cost(bounds, times)
    tables = [bounds.cost_table(j).tolist() for j in range(layout.nodes)]
    improves = True
    while improves:
        improves = False
        for j in layout.order:
            out[j] = _best_promise(layout, tables, out, j)
        settled = settle(layout, out)
        cost = total_cost(bounds, settled)
        if cost < best * (1.0 - 1e-12):
            best, times, improves = cost, settled, True
            out = settled.out.tolist()
    return best, times


def _best_promise(layout: Layout, tables: list[list[float]], out: list[int], j: int) -> int:
    """The promise of one stage with the lowest cost at it and its customers, the others kept."""
    into = _arrival(layout, out, j, -1)
    top = min(into + int(layout.time[j]), int(layout.longest[j]))
    rivals = {k: _arrival(layout, out, k, j) for k in layout.customers[j]}
    choices = {0, top, *(min(top, r) for r in rivals.values()), min(top, out[j])}
    choices |= {max(0, min(top, out[k] - int(layout.time[k]))) for k in layout.customers[j]}
    best, chosen = float("inf"), min(top, out[j])
    for promise in sorted(choices):
        cost = tables[j][into + int(layout.time[j]) - promise]
        for k, rival in rivals.items():
            net = max(rival, promise) + int(layout.time[k]) - out[k]
            cost += tables[k][max(net, 0)]
        if cost < best:
            best, chosen = cost, promise
    return chosen


def _arrival(layout: Layout, out: list[int], k: int, without: int) -> int:
    """SI of a stage from all its suppliers but one."""
    return max([int(layout.floor[k]), *(out[i] for i in layout.suppliers[k] if i != without)])
