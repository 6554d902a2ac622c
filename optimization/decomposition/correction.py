"""
Prices of all items from prices of a sample, corrected by what all items answer.

Near the best prices the dual function L of many items is smooth, and a sample with share s of the
items knows its curvature well; what it gets wrong is its slope, capacity less use. So after each
pass over all items, at prices p, the sample is given the capacities at which its slope at p is
the true one,

    C' = use'(p) + s (C - use(p)),

and its dual function, maximised again from the trials it has, gives the next p. That is Newton's
method with a sampled second derivative: a few passes over all items do what took sixty, and each
pass proves a bound whatever the sample says.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.decomposition.blocks import Blocks
from optimization.decomposition.crew import Crew
from optimization.decomposition.dual import Dual, Trial, evaluate, maximise, total_use
from optimization.decomposition.instance import Floats
from optimization.report import SolveLimits

_KEPT_TRIALS = 40
_LEAST_WEIGHT = 1e-4


@dataclass(frozen=True, slots=True)
class Level:
    """Items in blocks, and who plans them: a sample, or all."""

    blocks: Blocks
    crew: Crew


def corrected(
    sample: Level, dual: Dual, whole: Level, limits: SolveLimits, rounds: tuple[int, int]
) -> list[Trial]:
    """
    Trials of all items at prices that the sample, corrected after each of them, points at.

    Parameters
    ----------
    dual
        Of the sample, at its own capacities.
    rounds
        Passes over all items, and iterations on the sample between two of them.
    """
    share = sample.blocks.instance.items.count / whole.blocks.instance.items.count
    trials: list[Trial] = []
    known, prices = [*dual.heaviest(_KEPT_TRIALS, _LEAST_WEIGHT)], dual.centre
    for _ in range(rounds[0]):
        trials.append(Trial(prices, evaluate(whole.crew, prices)))
        known.append(Trial(prices, evaluate(sample.crew, prices)))
        blocks = _with_true_slope(sample.blocks, known[-1], whole.blocks, trials[-1], share)
        better = maximise(blocks, sample.crew, limits, (), rounds[1], known)
        known = [*better.heaviest(_KEPT_TRIALS, _LEAST_WEIGHT)]
        if better.centre is prices:
            break
        prices = better.centre
    return trials


def _with_true_slope(sample: Blocks, seen: Trial, whole: Blocks, true: Trial, share: float) -> Blocks:
    """The sample with the capacities C'."""
    mine, all_items = total_use(sample, seen.cuts), total_use(whole, true.cuts)
    capacities = whole.instance.supply, whole.instance.storage
    supply, storage = (
        _slack_of(capacity, used, own, share)
        for capacity, used, own in zip(capacities, all_items, mine, strict=True)
    )
    return replace(sample, instance=replace(sample.instance, supply=supply, storage=storage))


def _slack_of(capacity: Floats, used: Floats, own: Floats, share: float) -> Floats:
    """C' for one kind of resource; what has no limit keeps none."""
    limited = np.isfinite(capacity)
    moved: Floats = own + share * (np.where(limited, capacity, 0.0) - used)
    return np.where(limited, np.maximum(moved, 0.0), np.inf)
