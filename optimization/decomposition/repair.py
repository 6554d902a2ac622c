"""
Exact repair: items of overloaded resources are planned again at higher prices, until nothing overflows.

Prices rise on overloaded cells and, so that the trouble does not move next door, on cells with
less room than one large lot. Proposals are sorted by what a unit of relief costs and taken one by
one, each judged by the overload that it really leaves.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimization.decomposition.blocks import Prices
from optimization.decomposition.instance import Floats, Instance, Ints, Items
from optimization.decomposition.proposals import Planners, Proposals
from optimization.decomposition.state import State

_RAISES = (0.05, 0.15, 0.4, 1.0, 2.5, 6.0, 15.0, 180.0)  # times the price scale; the next every two rounds
_ROUNDS = 40
_MOST = 50_000  # items a round: what overflows is a thousandth of the whole, moved by a few of them


def repair(state: State, planners: Planners, centre: Prices) -> None:
    """Re-plan until no resource is overloaded, at most forty rounds."""
    for step in range(_ROUNDS):
        supply, storage = state.overload
        if not (supply.any() or storage.any()):
            return
        prices = _raised(state, centre, _RAISES[min(step // 2, len(_RAISES) - 1)])
        which = _some_of(_touching(state, supply > 0.0, storage > 0.0), step)
        proposals = planners.propose(which, np.zeros(len(which), np.int32), [prices])
        relief = _relief(state, proposals, supply > 0.0, storage > 0.0)
        helps = relief > 0.0
        rate = (proposals.costs - state.costs[which])[helps] / relief[helps]
        rank = np.flatnonzero(helps)[np.argsort(rate, kind="stable")]
        state.accept(which[rank], proposals.plans[rank], proposals.costs[rank])


def large_lot(instance: Instance) -> float:
    """The space that nine lots in ten do not exceed."""
    return float(np.quantile(instance.items.unit_use * instance.items.lot, 0.9))


def _raised(state: State, centre: Prices, factor: float) -> Prices:
    """Prices plus factor x scale on nearly full cells, and again on overloaded ones."""
    instance, (supply, storage) = state.instance, state.overload
    scale, lot = factor * instance.price_scale, large_lot(instance)
    is_tight = state.supply > instance.supply - lot
    return Prices(
        centre.supply + scale * is_tight + scale * (supply > 0.0),
        centre.storage + 0.2 * scale * (storage > 0.0),
    )


def _touching(state: State, supply: NDArray[np.bool_], storage: NDArray[np.bool_]) -> Ints:
    """Items that order or store something where a cell is marked."""
    return np.flatnonzero(touch_counts(state, supply, storage) > 0.0).astype(np.int32)


def _some_of(which: Ints, step: int) -> Ints:
    """Every so many-th, others in the next round, where there are more than a round can look at."""
    stride = -(-len(which) // _MOST)
    return which[step % stride :: stride] if stride > 1 else which


def touch_counts(state: State, supply: NDArray[np.bool_], storage: NDArray[np.bool_]) -> Floats:
    """By item, how much of the marked cells it takes."""
    every = np.arange(state.instance.items.count, dtype=np.int32)
    return _taken(state.instance.items, every, state.plans, every, supply, storage)


def _relief(
    state: State, proposals: Proposals, supply: NDArray[np.bool_], storage: NDArray[np.bool_]
) -> Floats:
    """By proposal, how much less it takes of the marked cells than the present plan."""
    items, which = state.instance.items, proposals.which.astype(np.int32)
    row = np.arange(which.size, dtype=np.int32)
    before = _taken(items, which, state.plans, which, supply, storage)
    return before - _taken(items, which, proposals.plans, row, supply, storage)


@njit(cache=True, nogil=True)
def _taken(  # noqa: PLR0913 - which items, their plans and where these stand, the marked cells
    items: Items,
    which: Ints,
    plans: Ints,
    row: Ints,
    supply: NDArray[np.bool_],
    storage: NDArray[np.bool_],
) -> Floats:
    """What plan `row[r]` of item `which[r]` takes of marked cells: supply by order period, storage by period."""
    taken = np.zeros(which.size)
    for r in range(which.size):
        i, plan, lots = which[r], plans[row[r]], 0
        for t in range(items.end[i]):
            lots += plan[t]
            y = items.net[i, t] + items.lot[i] * lots
            if y > 0.0 and storage[items.store[i], t]:
                taken[r] += items.volume[i] * y
            if plan[t] > 0 and supply[items.supplier[i], t - items.lead_time[i]]:
                taken[r] += items.unit_use[i] * items.lot[i] * plan[t] + items.order_use[i]
    return taken


def clear(state: State) -> None:
    """
    Drop orders, cheapest relief first, while a supplier is still overloaded.

    To order less is always possible, so that supplier capacity holds whatever repair could not do.
    """
    instance = state.instance
    items = instance.items
    for g, t in np.argwhere(state.overload[0] > 0.0):
        arrival = t + items.lead_time
        at = np.minimum(arrival, instance.periods - 1)
        here = np.flatnonzero((items.supplier == g) & (arrival < instance.periods))
        here = here[state.plans[here, at[here]] > 0]
        use = items.unit_use[here] * items.lot[here] * state.plans[here, at[here]] + items.order_use[here]
        harm = items.backlog[here] / np.maximum(items.unit_use[here], 1e-12)
        excess = state.overload[0][g, t]
        for r in np.argsort(harm, kind="stable"):
            if excess <= 0.0:
                break
            state.plans[here[r], at[here[r]]] = 0
            excess -= use[r]
    state.recount()
