"""What a plan's arrivals do on every demand path when demand reacts to service."""

import numpy as np
from numpy.typing import NDArray

from optimization.network import DemandKind
from optimization.uncertain.problem import Market

Floats = NDArray[np.float64]


def replay(market: Market, probability: Floats, arrived: Floats) -> tuple[Floats, Floats]:
    """
    Demand, and the cumulated arrivals that would have spared each period its stock-out.

    Parameters
    ----------
    probability
        Of the demand of each path and period, shape (paths, periods); the same draw under
        another service level is the same quantile of a shifted distribution.
    arrived
        Stock on hand and receipts at the market's point, cumulated, by period.
    """
    paths, horizon = probability.shape
    demand, required = np.empty((paths, horizon)), np.empty((paths, horizon))
    level = np.full(paths, market.response.level)
    gone = np.full(paths, market.backorders)
    for k in range(horizon):
        demand[:, k] = market.forecast.at(probability[:, k], k, level)
        gone = required[:, k] = gone + demand[:, k]
        if market.kind is DemandKind.LOST_SALE:
            gone = np.minimum(gone, arrived[k])
        level = market.response.after(level, required[:, k] > arrived[k])
    return demand, required
