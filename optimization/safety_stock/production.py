"""
Production capacity in the demand bound (Schoenmeyr and Graves 2009, 2016).

With excess demand E(tau) = D(tau) - mu tau and capacity c per day, a stage that cannot make more
than c a day needs the stock of its worst spell, and never orders more than c a day itself:

    held[j](tau)    = max over n >= 0 of E[j](tau + n) - n (c[j] - mu[j])
    ordered[j](tau) = min(E[j](tau), tau (c[j] - mu[j]))
    E[j](tau)       = min(k[j] sqrt(tau), own z sigma sqrt(tau) + sum over customers s of q ordered[s](tau))

Capacity downstream can therefore make the whole chain cheaper: it censors the orders upstream. No stock
makes up for a capacity below mean demand, nor for one so close above it that a busy spell never ends:
there the promises stand, and the stage is placed as if the capacity were enough.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.layout import Layout
from optimization.safety_stock.problem import GsmStage

Floats = NDArray[np.float64]

_LONGEST = 1_000_000  # steps of a busy spell; beyond, capacity is too close to mean demand to plan with


@dataclass(frozen=True, slots=True)
class Rationing:
    """
    What capacities do to demand bounds.

    Parameters
    ----------
    held
        Excess demand to cover, by step of exposure, at the nodes that a capacity concerns.
    overloaded
        Nodes whose capacity no stock can make up for.
    """

    held: dict[int, Floats] = field(default_factory=dict)
    overloaded: tuple[int, ...] = ()


def ration_orders(
    layout: Layout, faces: list[GsmStage], flow: Floats, deviations: tuple[Floats, Floats]
) -> Rationing:
    """
    What the capacities of stages do.

    Parameters
    ----------
    flow
        Mean demand per day.
    deviations
        k and the part of it that is the node's own outer demand.
    """
    limited = [j for j, s in enumerate(faces) if s.capacity is not None and layout.owner[j] < 0]
    if not limited:
        return Rationing()
    gaps = {j: _gap(faces[j], float(flow[j])) for j in limited}
    slack = {j: gap for j, gap in gaps.items() if _spell(layout, float(deviations[0][j]), gap) <= _LONGEST}
    overloaded = tuple(j for j in limited if j not in slack)
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
    return Rationing(held, overloaded)


def _gap(stage: GsmStage, flow: float) -> float:
    """Units a day: c - mu."""
    assert stage.capacity is not None  # noqa: S101 - asked for limited stages only
    return stage.capacity - flow


def _spell(layout: Layout, deviation: float, gap: float) -> float:
    """Steps: a spell of x days can hurt only while k sqrt(x) > x (c - mu)."""
    if gap < 0.0:
        return np.inf
    if deviation == 0.0:
        return 0.0
    return (deviation / gap) ** 2 / layout.step if gap > 0.0 else np.inf


def _horizon(layout: Layout, slack: dict[int, float], deviation: Floats) -> int:
    longest = int((layout.reach_in + layout.time).max()) + 1
    spells = (_spell(layout, float(deviation[j]), gap) for j, gap in slack.items())
    return longest + int(max(spells, default=0.0)) + 1


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
