"""What a plan's arrivals do on every demand path when demand reacts to service."""

import numpy as np
from numpy.typing import NDArray

from optimization.network import DemandKind
from optimization.uncertain.problem import Market

Floats = NDArray[np.float64]


def replay(market: Market, probability: Floats, arrivals: Floats, on_hand: float) -> tuple[Floats, Floats]:
    """
    Demand and shortage, both of shape (paths, periods).

    Parameters
    ----------
    probability
        Of the demand of each path and period; the same draw under another service level is the
        same quantile of a shifted distribution.
    arrivals
        Units received at the market's point by period, beyond `on_hand`.
    """
    paths, horizon = probability.shape
    demand, shortage = np.empty((paths, horizon)), np.empty((paths, horizon))
    level = np.full(paths, market.response.level)
    stock = np.full(paths, on_hand - market.backorders)
    for k in range(horizon):
        demand[:, k] = market.forecast.at(probability[:, k], k, level)
        stock = stock + arrivals[k] - demand[:, k]
        shortage[:, k] = np.maximum(0.0, -stock)
        if market.kind is DemandKind.LOST_SALE:
            stock = np.maximum(0.0, stock)
        level = market.response.after(level, shortage[:, k] > 0.0)
    return demand, shortage
