"""
What the bound charges a stage for its stock: a compass for plans of other stages not made yet.

The bound splits the cost of the network into one sum per stage. At its multipliers

    W[t](k) = E N + B N- + G (P - N)+,       N = a[t] + q k

says what k lots by t are worth to the stage and to all above and below it (`stage_program`), whatever
these have planned so far.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats
from optimization.decomposition.network.bound import with_room_price
from optimization.decomposition.network.problem import Network
from optimization.decomposition.network.stage_program import Multipliers, passed_on


class Guide(NamedTuple):
    """Echelon positions and the bound's prices on them, as compiled code takes them."""

    net: Floats
    safety: Floats
    prices: Any  # E, B, G: eta, beta, rho less what the parents' rows pass on


def guide(network: Network, at: Multipliers) -> Guide:
    """The prices of a bound."""
    prices = []
    for own in with_room_price(network, at):
        out = np.empty(own.shape)
        passed_on(network.links, network.stages.lead_time, own, out)
        prices.append(out)
    return Guide(network.echelon_net, network.echelon_safety, tuple(prices))


@njit(cache=True, nogil=True)
def period_cost(guide: Guide, i: int, t: int, lot: float, wait: Floats) -> None:
    """W[t](k) for every k."""
    eta, beta, rho = guide.prices
    for k in range(wait.size):
        n = guide.net[i, t] + lot * k
        cost = eta[i, t] * n
        if n < 0.0:
            cost -= beta[i, t] * n
        if n < guide.safety[i]:
            cost += rho[i, t] * (guide.safety[i] - n)
        wait[k] = cost
