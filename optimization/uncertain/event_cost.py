"""
The price of a stock-out event as a convex function of what has arrived.

On path s, period k is free of a stock-out when the cumulated arrivals A[k] reach what the path
requires, R[s,k] = A[k] - (net stock before it is cut off at zero). So events cost

    pi[k] P(R[k] > A[k]),

a survival function: concave where stock-outs are likely, convex in its tail. It is replaced by
its lower convex hull to the right of the current plan's A[k], or of the median requirement where
the plan is beyond it, continued to the left with the first slope. Where service is within reach the hull is the tail itself, which prices the last
per mille of risk; where a stock-out cannot be avoided it is a gentle slope towards the point
from which service pays. Solving again moves A[k] and with it the hull (majorise, minimise).

References
----------
Hunter, Lange (2004), The American Statistician 58(1), 30-37 (MM algorithms).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SURVIVAL = np.concatenate([np.arange(0.95, 0.0, -0.05), [0.03, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0]])


@dataclass(frozen=True, slots=True)
class EventCost:
    """
    Convex cost per period: `start` is the first breakpoint, `slope[0]` holds to its left too.

    `width` and `slope` have shape (periods, pieces); pieces of width 0 are padding. Slopes are
    not positive: more arrivals, fewer events.
    """

    start: Floats
    width: Floats
    slope: Floats


def no_events(periods: int) -> EventCost:
    """Events cost nothing."""
    return EventCost(np.zeros(periods), np.zeros((periods, 0)), np.zeros((periods, 0)))


def event_cost(required: Floats, arrived: Floats, prices: Floats) -> EventCost:
    """
    The hulls of all periods.

    Parameters
    ----------
    required
        R, shape (paths, periods).
    arrived
        A of the current plan by period; minus infinity = no plan yet.
    prices
        pi by period.
    """
    ordered = np.sort(required, axis=0)
    paths, periods = required.shape
    ranks = np.clip(np.ceil((1.0 - _SURVIVAL) * paths).astype(np.int64) - 1, 0, paths - 1)
    start = np.clip(arrived, ordered[0], ordered[(paths - 1) // 2])
    width, slope = np.zeros((periods, ranks.size)), np.zeros((periods, ranks.size))
    for k in range(periods):
        above = 1.0 - np.searchsorted(ordered[:, k], start[k], side="right") / paths
        x, y = _lower_hull([start[k], *ordered[ranks, k].tolist()], [above, *_SURVIVAL.tolist()])
        width[k, : x.size - 1] = np.diff(x)
        slope[k, : x.size - 1] = np.diff(y) / np.diff(x) * prices[k]
    return EventCost(start, width, slope)


def _lower_hull(x: list[float], y: list[float]) -> tuple[Floats, Floats]:
    """Vertices of the lower convex hull of points with ascending x, from the first one on."""
    kept: list[tuple[float, float]] = []
    for point in zip(x, y, strict=True):
        if kept and point[0] <= kept[0][0]:
            continue
        while len(kept) > 1 and _turns_right(kept[-2], kept[-1], point):
            kept.pop()
        if point[0] > (kept[-1][0] if kept else -np.inf):
            kept.append(point)
    return np.array([p[0] for p in kept]), np.array([p[1] for p in kept])


def _turns_right(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) <= (b[1] - a[1]) * (c[0] - a[0])
