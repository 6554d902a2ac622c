"""
The bound: every stage planned alone, at prices on what ties it to the others.

Echelon net position (its recursion holds demand, receipts, lead times and bills of materials):

    N[i,t] = a[i,t] + q[i] k[i,t],       s[i,t] = N[i,t] - sum_j r[i,j] N[j, t(+)L[j]]

Rows and their multipliers, by stage and period. The last two kinds are implied by the first, and
make the bound strong: a stage cannot be short by more than what is short below it.

    s[i,t] >= 0                                                          h - eta >= 0   (inner)
    N[i,t]- <= sum_j r[i,j] N[j,t(+)L]-                                  beta >= 0      (inner)
    (P[i] - N[i,t])+ <= sum_j r[i,j] (P[j] - N[j,t(+)L])+                rho >= 0       (inner)
    resource, room                                                       mu, sigma >= 0

with P the echelon safety stock. z >= volume / size relaxes whole trucks to the price F / size per
unit of volume. At end stages eta = h, beta = b + h, rho = p. The room price adds v sigma to eta,
and at end stages to beta. Relaxing all of them leaves one problem per stage,

    min sum_t  E N + B N- + G (P - N)+  +  (K + f mu) 1(n > 0) + (e mu + v F / size) q n
    X^[j,t] = X[j,t] - sum_{parents p} r[p,j] sum_{u: u(+)L[j] = t} X[p,u],   (E,B,G) = (eta,beta,rho)^

over 0 <= k[t] <= most[t], what parents and capacity can have let through by then (`Network.most`),
and n[t] <= largest[t], what capacity lets through at once (`Network.largest`): prices alone would let
half an order of twice that size pass. The dynamic programme of `item_program` solves it exactly; E, B and G may be negative, which is
harmless, since k is bounded. The sum of the stages' values less mu . C and
sigma . S is below the cost of every plan, whatever the multipliers.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.item_program import _choose as choose
from optimization.decomposition.item_program import _choose_capped as choose_capped
from optimization.decomposition.network.problem import Links, Stages


class Multipliers(NamedTuple):
    """By stage and period: eta, beta, rho; by resource and by place and period: mu, sigma."""

    eta: Floats
    beta: Floats
    rho: Floats
    mu: Floats
    sigma: Floats


@njit(cache=True, nogil=True)
def passed_on(links: Links, lead_time: Ints, own: Floats, out: Floats) -> None:
    """X^ of every stage."""
    last = own.shape[1] - 1
    out[:] = own
    for j in range(own.shape[0]):
        for a in range(links.parent_start[j], links.parent_start[j + 1]):
            p, r = links.parent[a], links.parent_quantity[a]
            for u in range(last + 1):
                out[j, min(u + lead_time[j], last)] -= r * own[p, u]


@njit(cache=True, nogil=True)
def plan_stages(  # noqa: PLR0913 - compiled: arrays in, arrays out
    stages: Stages,
    net: Floats,
    safety: Floats,
    most: Ints,
    largest: Ints,
    prices: Any,
    mu: Floats,
    volume_price: Floats,
    plans: Ints,
    values: Floats,
) -> None:
    """The cheapest plan of every stage at the prices (E, B, G), and its value."""
    eta, beta, rho = prices
    periods, top = net.shape[1], np.max(most) + 1
    stays, value_all = np.empty(top), np.empty(top)
    choices, window = np.empty((periods, top), np.int32), np.empty(top, np.int32)
    for i in range(most.shape[0]):
        value_all[:] = 0.0
        lead, lot = stages.lead_time[i], stages.lot[i]
        for t in range(periods - 1, -1, -1):
            stay, value = stays[: most[i, t] + 1], value_all[: most[i, t] + 1]
            for k in range(stay.size):
                n = net[i, t] + lot * k
                cost = eta[i, t] * n
                if n < 0.0:
                    cost -= beta[i, t] * n
                if n < safety[i]:
                    cost += rho[i, t] * (safety[i] - n)
                stay[k] = value[k] + cost
            if t < lead:
                value[:] = stay
                for k in range(stay.size):
                    choices[t, k] = k
                continue
            price = mu[stages.resource[i], t - lead] if stages.resource[i] >= 0 else 0.0
            fixed = stages.order_cost[i] + stages.order_use[i] * price
            lot_price = lot * (stages.unit_use[i] * price + volume_price[i])
            step = (fixed, lot_price, stages.minimum[i], largest[i, t])
            choose_order(stay, step, value, choices[t], window)
        values[i] = value_all[0]
        k = 0
        for t in range(periods):
            plans[i, t] = choices[t, k] - k
            k = choices[t, k]


@njit(cache=True, nogil=True, inline="always")
def choose_order(stay: Floats, step: Any, value: Floats, choice: Ints, window: Ints) -> None:
    """V[t] and the k' chosen for every k; the order costs and its least and largest size are `step`."""
    if step[3] < stay.size - 1:
        choose_capped(stay, step, value, choice, window)
    else:
        choose(stay, step, value, choice)


@njit(cache=True, nogil=True)
def installation_stock(stages: Stages, links: Links, own_net: Floats, plans: Ints, stock: Floats) -> None:
    """s[i,t] of plans."""
    last = plans.shape[1] - 1
    arrived = np.empty(last + 1)
    stock[:] = own_net
    for j in range(plans.shape[0]):
        total = 0.0
        for t in range(last + 1):
            total += plans[j, t] * stages.lot[j]
            arrived[t] = total
            stock[j, t] += total
        for a in range(links.parent_start[j], links.parent_start[j + 1]):
            p, r = links.parent[a], links.parent_quantity[a]
            for u in range(last + 1):
                stock[p, u] -= r * arrived[min(u + stages.lead_time[j], last)]


@njit(cache=True, nogil=True)
def excess_of_parents(links: Links, lead_time: Ints, own: Floats, out: Floats) -> None:
    """own[i,t] - sum_j r[i,j] own[j,t(+)L[j]] for every stage."""
    last = own.shape[1] - 1
    out[:] = own
    for j in range(own.shape[0]):
        for a in range(links.parent_start[j], links.parent_start[j + 1]):
            p, r = links.parent[a], links.parent_quantity[a]
            for u in range(last + 1):
                out[p, u] -= r * own[j, min(u + lead_time[j], last)]


@njit(cache=True, nogil=True)
def loads(stages: Stages, plans: Ints, capacity_used: Floats, lane_volume: Floats) -> None:
    """Use of every resource and volume on every lane, by release period."""
    for i in range(plans.shape[0]):
        for t in range(stages.lead_time[i], plans.shape[1]):
            if plans[i, t] > 0:
                units, at = plans[i, t] * stages.lot[i], t - stages.lead_time[i]
                if stages.resource[i] >= 0:
                    capacity_used[stages.resource[i], at] += stages.unit_use[i] * units + stages.order_use[i]
                if stages.lane[i] >= 0:
                    lane_volume[stages.lane[i], at] += stages.volume[i] * units
