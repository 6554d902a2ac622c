"""
What is still to come of a stage's cost, as the bound sees it: the compass of the search in families.

The bound splits the cost of the network into one sum per stage. With its multipliers, V[t](k) of a
stage's own dynamic programme (`stage_program`) says what the periods from t on cost at least if k
lots have arrived; the sum over stages is a lower bound of what is to come for all of them
together, and a good measure of which of two unfinished plans is the better one.

The bound knows that a stage cannot be short by more than what is short below it, but not that lots
below do not divide evenly: `margin` raises the positions from which an inner stage counts as short
by that share of the smallest orders below it. Which margin leads to the best plan differs from
family to family.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.bound import volume_prices, with_room_price
from optimization.decomposition.network.problem import Network, Stages
from optimization.decomposition.network.stage_program import Multipliers, choose_order, passed_on


class Guide(NamedTuple):
    """Echelon positions and the bound's prices, as compiled code takes them."""

    net: Floats
    low: Floats  # by stage, the position below which it counts as owing; 0 at end stages
    safety: Floats
    own: Any  # eta, beta, rho of each stage's own rows
    hats: Any  # the same less what the parents' rows pass on
    mu: Floats
    volume_price: Floats
    most: Ints
    largest: Ints


def guide(network: Network, at: Multipliers, margin: float = 0.0) -> Guide:
    """The prices of a bound."""
    low = margin * _smallest_below(network)
    own = tuple(np.ascontiguousarray(prices) for prices in with_room_price(network, at))
    hats = []
    for prices in own:
        out = np.empty_like(prices)
        passed_on(network.links, network.stages.lead_time, prices, out)
        hats.append(out)
    return Guide(
        network.echelon_net, low, network.echelon_safety + low, own, tuple(hats), at.mu,
        volume_prices(network), network.most, network.largest,
    )  # fmt: skip


def _smallest_below(network: Network) -> Floats:
    """The smallest orders of a stage's children, as if they were independent: root of the sum of squares."""
    stages, links = network.stages, network.links
    order = stages.lot * stages.minimum
    squares = (links.child_quantity * order[links.child]) ** 2
    sums: Floats = np.add.reduceat(np.append(squares, 0.0), links.child_start[:-1])
    return np.where(network.is_end, 0.0, np.sqrt(sums))


@njit(cache=True, nogil=True)
def period_cost(guide: Guide, i: int, t: int, lot: float, wait: Floats) -> None:
    """W[t](k): E N + B N- + G (P - N)+ for every k."""
    eta, beta, rho = guide.hats
    for k in range(wait.size):
        n = guide.net[i, t] + lot * k
        cost = eta[i, t] * n
        if n < guide.low[i]:
            cost += beta[i, t] * (guide.low[i] - n)
        if n < guide.safety[i]:
            cost += rho[i, t] * (guide.safety[i] - n)
        wait[k] = cost


@njit(cache=True, nogil=True)
def to_come(  # noqa: PLR0913 - compiled: arrays in, arrays filled
    stages: Stages, guide: Guide, i: int, order_cost: float, waits: Floats, values: Floats, choice: Ints
) -> None:
    """W[t](k) and V[t](k) of stage i; `values` has one row more than there are periods."""
    periods, top = guide.net.shape[1], choice.size
    lead, lot, g = stages.lead_time[i], stages.lot[i], stages.resource[i]
    values[periods, :top] = 0.0
    window = np.empty(top, np.int32)
    for t in range(periods - 1, -1, -1):
        period_cost(guide, i, t, lot, waits[t, :top])
        stay = waits[t, :top] + values[t + 1, :top]
        if t < lead:
            values[t, :top] = stay
            continue
        price = guide.mu[g, t - lead] if g >= 0 else 0.0
        lot_price = lot * (stages.unit_use[i] * price + guide.volume_price[i])
        fixed = order_cost + stages.order_use[i] * price
        most = guide.most[i, t] + 1
        values[t, most:top] = stay[most:]
        step = (fixed, lot_price, stages.minimum[i], guide.largest[i, t])
        choose_order(stay[:most], step, values[t, :most], choice[:most], window)
