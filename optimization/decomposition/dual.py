"""
Resource prices: maximise the dual function, whose value at any prices >= 0 bounds every plan.

    L(l,m) = sum_i phi[i](l,m) - l . C - m . S,      phi[i] the value of the item programme

Cutting planes (`master`) with in-out smoothing: the next prices lie between the best seen (the
centre) and where the master points. An unseeded search starts with damped subgradient steps.
Iterations are counted, never timed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimization.decomposition.blocks import Blocks, Cuts, Prices, price_part
from optimization.decomposition.crew import Crew
from optimization.decomposition.instance import Floats, Instance
from optimization.decomposition.master import Master, MasterSolution
from optimization.report import SolveLimits

_WARM_UP = 12
_FIRST_RADIUS = 0.07
_LEAST_RADIUS = 0.01


@dataclass(frozen=True, slots=True)
class Dual:
    """The best bound and its prices, every price vector tried, and the master that saw them."""

    bound: float
    centre: Prices
    tried: tuple[Prices, ...]
    master: Master
    iterations: int


def zero_prices(instance: Instance) -> Prices:
    """Resources for nothing."""
    return Prices(np.zeros_like(instance.supply), np.zeros_like(instance.storage))


def evaluate(crew: Crew, prices: Prices) -> Cuts:
    """Plan every item at the prices; the sums of the parts in their order."""
    answers = crew.each(price_part, [(prices,)] * len(crew.parts))
    return Cuts(
        np.concatenate([a.cost for a in answers]),
        np.concatenate([a.supply for a in answers]),
        np.concatenate([a.storage for a in answers]),
    )


def maximise(
    blocks: Blocks, crew: Crew, limits: SolveLimits, seeds: Sequence[Prices], iterations: int
) -> Dual:
    """
    Evaluate every seed, then do `iterations` steps, fewer once bound and master meet.

    Without seeds the search starts from zero prices and takes `_WARM_UP` subgradient steps first.
    """
    instance = blocks.instance
    master, tried = Master(blocks, limits), list(seeds)
    best, centre, alpha = -np.inf, zero_prices(instance), 0.5
    warm_up = 0 if seeds else _WARM_UP
    queue = list(seeds) or [centre]
    tried = []
    prices = queue.pop(0)
    radius = _FIRST_RADIUS
    for step in range(max(iterations, 1) + len(seeds)):
        cuts = evaluate(crew, prices)
        tried.append(prices)
        master.add(cuts)
        value = price_value(blocks, cuts, prices)
        is_better = value > best
        if is_better:
            best, centre = value, prices
        if queue:
            prices = queue.pop(0)
            continue
        if step < warm_up:
            prices = _subgradient_step(blocks, cuts, prices, step)
            continue
        alpha = max(0.3, 0.9 * alpha) if is_better else min(0.9, alpha + 0.07)
        if seeds:  # what the sample taught is nearly right: do not let few cuts point far away
            radius = 1.5 * radius if is_better else max(_LEAST_RADIUS, 0.7 * radius)
            master.trust(centre, radius)
        point = master.solve()
        if point.value - best <= limits.gap * abs(best):
            break
        prices = _between(centre, point, alpha)
    return Dual(best, centre, tuple(tried), master, len(tried))


def price_value(blocks: Blocks, cuts: Cuts, prices: Prices) -> float:
    """L: what the plans cost with their resources priced, less what the capacities are worth."""
    instance = blocks.instance
    paid = np.sum(cuts.cost) + np.sum(cuts.supply * prices.supply[blocks.supplier])
    paid += np.sum(cuts.storage * prices.storage)
    return float(paid - _worth(instance.supply, prices.supply) - _worth(instance.storage, prices.storage))


def _worth(capacity: Floats, price: Floats) -> float:
    """Capacity times price, where capacity is finite."""
    return float(np.sum(np.where(np.isfinite(capacity), capacity, 0.0) * price))


def total_use(blocks: Blocks, cuts: Cuts) -> tuple[Floats, Floats]:
    """Use by supplier and by store."""
    supply = np.zeros_like(blocks.instance.supply)
    np.add.at(supply, blocks.supplier, cuts.supply)
    return supply, cuts.storage.sum(axis=0)


def _subgradient_step(blocks: Blocks, cuts: Cuts, prices: Prices, step: int) -> Prices:
    """Raise prices where use exceeds capacity, by a share of the price scale that falls with the step."""
    instance = blocks.instance
    length = 1.2 * instance.price_scale / (1.0 + 0.15 * step)
    supply, storage = total_use(blocks, cuts)
    excess = np.clip(_ratio(supply, instance.supply) - 1.0, -1.0, 1.5)
    crowding = np.clip(_ratio(storage, instance.storage) - 1.0, -1.0, 1.0)
    return Prices(
        np.clip(prices.supply + length * excess, 0.0, instance.supply_penalty),
        np.clip(prices.storage + 2.0 * length * crowding, 0.0, instance.storage_penalty),
    )


def _ratio(use: Floats, capacity: Floats) -> Floats:
    """Use over capacity; 0 where nothing limits."""
    return np.where(np.isfinite(capacity), use / np.maximum(capacity, 1e-9), 0.0)


def _between(centre: Prices, point: MasterSolution, alpha: float) -> Prices:
    return Prices(
        alpha * centre.supply + (1.0 - alpha) * point.prices.supply,
        alpha * centre.storage + (1.0 - alpha) * point.prices.storage,
    )
