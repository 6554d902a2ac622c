"""
Plan item-locations: prices first, then a plan from the prices, then both side by side.

1. prices on samples, then on all items (`sample`, `dual`): a bound that the prices prove;
2. one plan per item from the master's weights (`rounding`);
3. plans settled against each other until they fit (`settle`); exchange of plans by a restricted MILP
   (`exchange`).

All steps count work, none looks at a clock, and sums are taken in the order of the blocks: the
same plan comes out of one process, many processes or a cluster.
"""

import itertools
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from optimization.decomposition.blocks import Blocks, Prices, split
from optimization.decomposition.correction import Level, corrected
from optimization.decomposition.crew import Crew
from optimization.decomposition.dual import Dual, maximise
from optimization.decomposition.exchange import exchange
from optimization.decomposition.instance import Floats, Instance, Ints
from optimization.decomposition.proposals import planners
from optimization.decomposition.rounding import round_weights
from optimization.decomposition.sample import sample, sample_sizes
from optimization.decomposition.settle import fit, mend, set_plans, turns
from optimization.decomposition.state import State
from optimization.report import SolveLimits, relative_gap

# Iterations after seeds are dear on many items and few are needed on most samples.
_SEEDED_ITERATIONS = 14
_CORRECTIONS, _SAMPLE_ITERATIONS, _LAST_ITERATIONS = 5, 12, 6
EXCHANGE_MOST = 5_000
_EXCHANGE_NODES, _EXCHANGE_GAP = 5, 1e-5


@dataclass(frozen=True, slots=True)
class DecompositionPlan:
    """
    Lots by item and arrival period, with the proof.

    `objective` counts what is overloaded at its penalty; the overloads are 0 wherever a plan
    without overload was found. `prices` are those that prove `bound`: money per unit of each
    supplier's and store's capacity, by period. `iterations` counts passes over all items.
    """

    orders: Ints
    objective: float
    bound: float
    gap: float
    prices: Prices
    iterations: int
    supply_overload: Floats
    storage_overload: Floats


def plan_item_locations(
    instance: Instance,
    limits: SolveLimits,
    executor: Executor | None = None,
    *,
    warm: Prices | None = None,
) -> DecompositionPlan:
    """
    The cheapest orders found, and a bound on how cheap any could be.

    Parameters
    ----------
    limits
        `iterations` bounds the unseeded price search; `slices` multiplies the exchanges.
    executor
        Where items are planned; None is this process.
    warm
        Prices of an earlier plan of these suppliers and stores: the search starts from them.
    """
    blocks = split(instance)
    parts = blocks.parts()
    crew = Crew(parts, executor if len(parts) > 1 else None)
    dual = _search_prices(instance, blocks, crew, limits, (warm,) if warm else ())
    state = round_weights(blocks, dual, planners(crew))
    _improve(state, dual, limits)
    supply, storage = state.overload
    return DecompositionPlan(
        _in_caller_order(blocks, state.plans),
        state.objective,
        dual.bound,
        relative_gap(state.objective, dual.bound),
        dual.centre,
        dual.iterations,
        supply,
        storage,
    )


def _search_prices(
    instance: Instance, blocks: Blocks, crew: Crew, limits: SolveLimits, known: Sequence[Prices]
) -> Dual:
    """Prices on growing samples, each correcting the next, then on all items."""
    close = replace(limits, gap=min(limits.gap, 1e-4))
    if known:
        return maximise(blocks, crew, close, known, _SEEDED_ITERATIONS)
    levels = [_level(sample(instance, size, limits.seed)) for size in sample_sizes(instance.items.count)]
    levels.append(Level(blocks, crew))
    dual = maximise(levels[0].blocks, levels[0].crew, close, (), limits.iterations)
    for smaller, larger in itertools.pairwise(levels):
        trials = corrected(smaller, dual, larger, close, (_CORRECTIONS, _SAMPLE_ITERATIONS))
        dual = maximise(larger.blocks, larger.crew, close, (), _LAST_ITERATIONS, trials)
    return dual


def _level(instance: Instance) -> Level:
    """A sample, planned in this process: it is too small to be worth sending."""
    blocks = split(instance)
    return Level(blocks, Crew(blocks.parts()))


def _improve(state: State, dual: Dual, limits: SolveLimits) -> None:
    """Settle; where that is not close, exchange plans while there are few enough for it to matter."""
    rng = np.random.default_rng(limits.seed)
    few = state.instance.items.count <= EXCHANGE_MOST
    begun = state.plans.copy() if few else state.plans
    seen = fit(state, dual.centre, rng)
    work = replace(limits, slices=1, nodes=_EXCHANGE_NODES, gap=_EXCHANGE_GAP)
    for number in range(limits.slices if few else 0):
        before, kept = state.objective, state.plans.copy()
        if before - dual.bound <= limits.gap * abs(before + state.instance.offset):
            break
        if number:  # everything so far was mixed: more to mix
            set_plans(state, begun)
            seen = [*seen, kept, *fit(state, dual.centre, rng)]
            set_plans(state, kept)
        exchange(state, seen, work)
        mend(state, dual.centre, turns(state.instance.items.count, rng), rng)
        if state.objective > before:
            set_plans(state, kept)


def _in_caller_order(blocks: Blocks, plans: Ints) -> Ints:
    orders = np.empty_like(plans)
    orders[blocks.order] = plans
    return orders
