"""
Production capacity in the demand bound (Schoenmeyr and Graves 2009, 2016).

With excess demand E(tau) = D(tau) - mu tau and capacity c per day, a stage that cannot make more
than c a day needs the stock of its worst spell, and never orders more than c a day itself:

    held[j](tau)    = max over n >= 0 of E[j](tau + n) - n (c[j] - mu[j])
    ordered[j](tau) = min(E[j](tau), tau (c[j] - mu[j]))
    E[j](tau)       = min(k[j] sqrt(tau), own z sigma sqrt(tau) + sum over customers s of q ordered[s](tau))

Capacity downstream can therefore make the whole chain cheaper: it censors the orders upstream.
"""

import numpy as np
from numpy.typing import NDArray

from optimization.errors import InvalidNetworkError
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.problem import GsmStage

Floats = NDArray[np.float64]

_LONGEST = 1_000_000  # steps of a busy spell; beyond, capacity is too close to mean demand to plan with


def ration_orders(
    layout: Layout, faces: list[GsmStage], flow: Floats, deviations: tuple[Floats, Floats]
) -> dict[int, Floats]:
    """
    Excess demand to cover, by step of exposure, at the nodes that a capacity concerns.

    Parameters
    ----------
    flow
        Mean demand per day.
    deviations
        k and the part of it that is the node's own outer demand.
    """
    limited = [j for j, s in enumerate(faces) if s.capacity is not None and layout.owner[j] < 0]
    if not limited:
        return {}
    slack = {j: _slack(faces[j], float(flow[j]), float(deviations[0][j])) for j in limited}
    tau: Floats = layout.step * np.arange(_horizon(layout, slack, deviations[0]), dtype=np.float64)
    held: dict[int, Floats] = {}
    ordered: dict[int, Floats] = {}
    for j in reversed(layout.order):
        if j not in slack and not any(k in ordered for k in layout.customers[j]):
            continue
        excess = _excess(layout, j, tau, deviations, ordered)
        held[j] = ordered[j] = excess
        if j in slack:
            held[j] = _worst_spell(excess, tau, slack[j])
            ordered[j] = np.minimum(excess, tau * slack[j])
    return held


def _slack(stage: GsmStage, flow: float, deviation: float) -> float:
    assert stage.capacity is not None  # noqa: S101 - asked for limited stages only
    if flow > stage.capacity or (flow == stage.capacity and deviation > 0.0):
        raise InvalidNetworkError(
            f"stages[{stage.name}].capacity",
            f"mean demand of {flow:g} a day {'exceeds' if flow > stage.capacity else 'takes all of'} the capacity"
            f" of {stage.capacity:g} a day: no stock can make up for it",
            "raise the capacity or move demand",
        )
    return stage.capacity - flow


def _horizon(layout: Layout, slack: dict[int, float], deviation: Floats) -> int:
    """A spell of x days can hurt only while k sqrt(x) > x (c - mu)."""
    longest = int((layout.reach_in + layout.time).max()) + 1
    spells = [(deviation[j] / gap) ** 2 / layout.step for j, gap in slack.items() if gap > 0.0]
    busiest = int(min(max(spells, default=0.0), 2.0 * _LONGEST)) + 1
    if busiest > _LONGEST:
        raise InvalidNetworkError(
            "stages.capacity", f"capacity is so close to mean demand that busy spells last {busiest} steps",
            "raise the capacity",
        )  # fmt: skip
    return longest + busiest


def _excess(
    layout: Layout, node: int, tau: Floats, deviations: tuple[Floats, Floats], ordered: dict[int, Floats]
) -> Floats:
    pooled, own = deviations
    root = np.sqrt(tau)
    total = own[node] * root
    for k, quantity in zip(layout.customers[node], layout.quantities[node], strict=True):
        total = total + quantity * (ordered[k] if k in ordered else pooled[k] * root)
    bounded: Floats = np.minimum(pooled[node] * root, total)
    return bounded


def _worst_spell(excess: Floats, tau: Floats, slack: float) -> Floats:
    behind = excess - tau * slack
    worst: Floats = np.maximum.accumulate(behind[::-1])[::-1] + tau * slack
    return worst
