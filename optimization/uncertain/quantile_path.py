"""
A deterministic demand path whose safety is priced by the economics.

With C[k] the demand up to period k, h holding, u underage and pi[k] the price of a stock-out
event, the network is asked to have delivered, up to period k,

    S[k] = argmin_S  h E(S - C[k])+ + u E(C[k] - S)+ + pi[k] P(C[k] > S),

u = shortage cost where demand waits, margin + shortage cost where it is lost. Stock left at the
end is worthless, so no S[k] exceeds the newsvendor's S[T] (underage = margin, overage = landed
cost). The path's demand is the increments of S.
"""

import numpy as np
from numpy.typing import NDArray

from optimization.network import DemandKind
from optimization.uncertain.economics import event_prices, margin
from optimization.uncertain.problem import Market, UncertainProblem

Floats = NDArray[np.float64]


def quantile_path(problem: UncertainProblem, market: Market) -> Floats:
    """Demand per period that the network should be able to serve."""
    level, horizon = market.response.level, problem.horizon
    totals = market.forecast.cumulative(level)[:horizon]
    prices = event_prices(problem, market, market.forecast.expected(level)[:horizon])
    earned = margin(problem, market)
    holding = next(p.holding_cost for p in problem.points if p.id == market.point)
    underage = market.shortage_cost + (earned if market.kind is DemandKind.LOST_SALE else 0.0)
    levels = [
        cheapest_level(*total, holding=holding, underage=underage, event=price)
        for total, price in zip(totals, prices, strict=True)
    ]
    cap = cheapest_level(*totals[-1], holding=market.price - earned, underage=earned, event=0.0)
    reached = np.maximum.accumulate(np.minimum(levels, cap))
    return np.diff(reached, prepend=0.0)


def cheapest_level(
    support: Floats, probability: Floats, *, holding: float, underage: float, event: float
) -> float:
    """The S of the module's formula; the cost is piecewise linear and falls at the support's points."""
    reached = np.cumsum(probability)
    mean_below = np.cumsum(probability * support)
    over = support * reached - mean_below
    under = (mean_below[-1] - mean_below) - support * (1.0 - reached)
    cost = holding * over + underage * under + event * np.maximum(0.0, 1.0 - reached)
    return float(support[int(np.argmin(cost))])
