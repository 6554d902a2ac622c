"""
Demand per bucket: the expectation.

    mean        as given
    quantiles   the mean of the distribution whose quantile function joins the points by straight
                lines and stays flat beyond the outermost ones
    history     the average of the latest buckets, at most a quarter of a year of weeks (13)

In each case the last value holds for later buckets.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from optimization.network import Demand

_RECENT = 13


def expected_demand(demand: Demand, buckets: int) -> NDArray[np.float64]:
    """Base units per bucket from `as_of`."""
    if demand.mean:
        return _extend(np.asarray(demand.mean, dtype=np.float64), buckets)
    if demand.quantiles:
        return _extend(_quantile_mean(demand), buckets)
    if demand.history:
        return np.full(buckets, np.mean(demand.history[-_RECENT:]))
    return np.zeros(buckets)


def _extend(values: NDArray[np.float64], buckets: int) -> NDArray[np.float64]:
    return values[np.minimum(np.arange(buckets), values.size - 1)]


def _quantile_mean(demand: Demand) -> NDArray[np.float64]:
    points = sorted(demand.quantiles, key=lambda q: q.probability)
    values = [np.asarray(q.values, dtype=np.float64) for q in points]
    knots = [
        (0.0, values[0]),
        *((q.probability, v) for q, v in zip(points, values, strict=True)),
        (1.0, values[-1]),
    ]
    mean = np.zeros(values[0].size)
    for (p, low), (q, high) in pairwise(knots):
        mean += (q - p) * (low + high) / 2.0
    return mean
