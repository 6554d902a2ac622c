"""
The prices that set how much risk to carry; nothing here is tuned.

Landed cost c: the cheapest route from outside to a market. Price of a stock-out event in
period k, beyond the units that are short:

    pi[k] = event_cost + (1 - decay / growth) (p - c) sum_{j > k} E[d[j]]

because a stock-out multiplies all later demand by decay where full service would have
multiplied it by growth.
"""

import math

import numpy as np
from numpy.typing import NDArray

from optimization.uncertain.problem import OUTSIDE, Market, UncertainProblem

Floats = NDArray[np.float64]


def landed_cost(problem: UncertainProblem, point: str) -> float:
    """Money per unit brought to `point` on the cheapest route: purchase, handling and transit."""
    handling = {p.id: p.handling_cost for p in problem.points}
    cost = {OUTSIDE: 0.0} | dict.fromkeys(handling, math.inf)
    for _ in problem.points:  # Bellman-Ford: a longest simple path has as many routes as points
        for route in problem.routes:
            own = route.unit_cost + route.transit_cost * route.lead_time + handling.get(route.source, 0.0)
            cost[route.target] = min(cost[route.target], cost[route.source] + own)
    return cost[point]


def margin(problem: UncertainProblem, market: Market) -> float:
    """Money earned per unit sold and replaced; 0 where nothing supplies the market."""
    return max(0.0, market.price - min(market.price, landed_cost(problem, market.point)))


def event_prices(problem: UncertainProblem, market: Market, expected: Floats) -> Floats:
    """Money per stock-out event, by period; `expected` is mean demand per period."""
    later = expected[::-1].cumsum()[::-1] - expected
    return market.event_cost + market.response.lasting_loss() * margin(problem, market) * later
