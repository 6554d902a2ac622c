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
class Trial:
    """A price vector and what the blocks answered; the answer does not depend on capacities."""

    prices: Prices
    cuts: Cuts


@dataclass(frozen=True, slots=True)
class Dual:
    """The best bound and its prices, every trial, and the master that saw them."""

    bound: float
    centre: Prices
    tried: tuple[Trial, ...]
    master: Master
    iterations: int

    def heaviest(self, most: int, least_weight: float) -> tuple[Trial, ...]:
        """The trials the master weighs more than `least_weight`, the heaviest first."""
        weights = self.master.solve().weights.mean(axis=1)
        ranked = np.argsort(-weights, kind="stable")
        return tuple(self.tried[int(j)] for j in ranked[:most] if weights[j] > least_weight)


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


def maximise(  # noqa: PLR0913 - where to start from, in two ways
    blocks: Blocks,
    crew: Crew,
    limits: SolveLimits,
    seeds: Sequence[Prices],
    iterations: int,
    known: Sequence[Trial] = (),
) -> Dual:
    """
    Evaluate every seed, then do `iterations` steps, fewer once bound and master meet.

    Without seeds or known trials the search starts from zero prices and takes `_WARM_UP`
    subgradient steps first.
    """
    instance = blocks.instance
    search = _Search(blocks, limits)
    for trial in known:
        search.learn(trial)
    queue = list(seeds)
    warm_up = 0 if queue or known else _WARM_UP
    if warm_up:
        queue = [zero_prices(instance)]
    passes = max(iterations, 1) + len(seeds)
    prices = queue.pop(0) if queue else search.next_prices(is_seeded=True)
    for step in range(passes):
        if prices is None:
            break
        cuts = evaluate(crew, prices)
        search.learn(Trial(prices, cuts))
        if queue:
            prices = queue.pop(0)
        elif step < warm_up:
            prices = _subgradient_step(blocks, cuts, prices, step)
        elif step + 1 < passes:
            prices = search.next_prices(is_seeded=not warm_up)
    return search.result(len(known))


class _Search:
    """Trials so far, the best of them as the centre, and how far from it to look next."""

    def __init__(self, blocks: Blocks, limits: SolveLimits) -> None:
        self._blocks, self._limits = blocks, limits
        self._master = Master(blocks, limits)
        self._tried: list[Trial] = []
        self._best, self._centre = -np.inf, zero_prices(blocks.instance)
        self._alpha, self._radius, self._is_better = 0.5, _FIRST_RADIUS, False

    def learn(self, trial: Trial) -> None:
        """One more cut for every block; a better bound moves the centre."""
        self._tried.append(trial)
        self._master.add(trial.cuts)
        value = price_value(self._blocks, trial.cuts, trial.prices)
        self._is_better = value > self._best
        if self._is_better:
            self._best, self._centre = value, trial.prices

    def next_prices(self, *, is_seeded: bool) -> Prices | None:
        """Between the centre and where the master points; None once bound and master meet."""
        better = self._is_better
        self._alpha = max(0.3, 0.9 * self._alpha) if better else min(0.9, self._alpha + 0.07)
        if is_seeded:  # what the seeds taught is nearly right: do not let few cuts point far away
            self._radius = 1.5 * self._radius if better else max(_LEAST_RADIUS, 0.7 * self._radius)
            self._master.trust(self._centre, self._radius)
        point = self._master.solve()
        if point.value - self._best <= self._limits.gap * abs(self._best):
            return None
        return _between(self._centre, point, self._alpha)

    def result(self, known: int) -> Dual:
        """What was found; `known` trials cost no pass."""
        passes = len(self._tried) - known
        return Dual(self._best, self._centre, tuple(self._tried), self._master, passes)


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
