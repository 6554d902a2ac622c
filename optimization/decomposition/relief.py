"""Whom an overloaded resource concerns, and the last resort."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimization.decomposition.instance import Ints, Items
from optimization.decomposition.state import State


def touching(state: State, supply: NDArray[np.bool_], storage: NDArray[np.bool_]) -> Ints:
    """Items that order from a supplier, or lie in a store, in a period where its cell is marked."""
    return np.flatnonzero(_touches(state.instance.items, state.plans, supply, storage)).astype(np.int32)


@njit(cache=True, nogil=True)
def _touches(
    items: Items, plans: Ints, supply: NDArray[np.bool_], storage: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    touches = np.zeros(plans.shape[0], np.bool_)
    for i in range(plans.shape[0]):
        lots = 0
        for t in range(items.end[i]):
            lots += plans[i, t]
            is_stored = items.net[i, t] + items.lot[i] * lots > 0.0 and items.volume[i] > 0.0
            is_ordered = plans[i, t] > 0 and items.unit_use[i] + items.order_use[i] > 0.0
            if (is_stored and storage[items.store[i], t]) or (
                is_ordered and supply[items.supplier[i], t - items.lead_time[i]]
            ):
                touches[i] = True
                break
    return touches


def clear(state: State) -> None:
    """
    Drop orders, cheapest relief first, while a supplier is still overloaded.

    To order less is always possible, so that supplier capacity holds whatever `unload` could not do.
    """
    if not state.overload[0].any():
        return
    for g, t in np.argwhere(state.overload[0] > 0.0):
        _drop(state, int(g), int(t))
    state.recount()


def _drop(state: State, g: int, t: int) -> None:
    """Orders of one cell; more relief than is needed counts for nothing."""
    instance = state.instance
    items, excess = instance.items, float(state.overload[0][g, t])
    arrival = t + items.lead_time
    at = np.minimum(arrival, instance.periods - 1)
    here = np.flatnonzero((items.supplier == g) & (arrival < instance.periods))
    here = here[state.plans[here, at[here]] > 0]
    lots = items.lot[here] * state.plans[here, at[here]]
    use = items.unit_use[here] * lots + items.order_use[here]
    harm = (items.backlog[here] + items.settlement[here]) * lots
    while excess > 0.0 and use.any():
        rate = np.where(use > 0.0, harm / np.maximum(np.minimum(use, excess), 1e-12), np.inf)
        dropped = int(np.argmin(rate))
        state.plans[here[dropped], at[here[dropped]]] = 0
        excess -= use[dropped]
        use[dropped] = 0.0
