"""
A plan in the making: every item's lots, what they cost and what they take of the resources.

Overload is counted against capacities a hair smaller than the real ones, so that the rounding of
many additions and subtractions never turns a full resource into an overloaded one.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Instance, Ints, Items
from optimization.decomposition.item_program import add_use, costs_of, use_of

HAIR = 1e-9


@dataclass(slots=True)
class State:
    """Plans in block order, with the sums that follow from them; `accept` is the only change."""

    instance: Instance
    plans: Ints
    costs: Floats
    supply: Floats
    storage: Floats

    @property
    def overload(self) -> tuple[Floats, Floats]:
        """What use exceeds capacity by, by supplier and by store."""
        return (
            np.maximum(self.supply - self.instance.supply, 0.0),
            np.maximum(self.storage - self.instance.storage, 0.0),
        )

    @property
    def objective(self) -> float:
        """Cost of the plans and of the overload."""
        supply, storage = self.overload
        penalty = self.instance.supply_penalty * supply.sum() + self.instance.storage_penalty * storage.sum()
        return float(self.costs.sum() + penalty)

    def recount(self) -> None:
        """Take the sums afresh from the plans."""
        self.supply[:], self.storage[:] = 0.0, 0.0
        use_of(self.instance.items, self.plans, self.supply, self.storage)
        self.costs[:] = costs_of(self.instance.items, self.plans)

    def accept(self, which: Ints, plans: Ints, costs: Floats) -> int:
        """
        Take the proposals one by one where they help; how many were taken.

        A proposal helps if the overload of its supplier and store falls, or if it does not rise
        and the cost falls.
        """
        capacity = (1.0 - HAIR) * self.instance.supply, (1.0 - HAIR) * self.instance.storage
        use = self.supply, self.storage
        return int(_accept(self.instance.items, which, plans, costs, self.plans, self.costs, use, capacity))


def start(instance: Instance, plans: Ints) -> State:
    """The state of given plans."""
    state = State(
        instance,
        plans,
        np.empty(len(plans)),
        np.zeros_like(instance.supply),
        np.zeros_like(instance.storage),
    )
    state.recount()
    return state


@njit(cache=True, nogil=True)
def _row_overload(use: Floats, capacity: Floats) -> float:
    total = 0.0
    for t in range(use.size):
        if use[t] > capacity[t]:
            total += use[t] - capacity[t]
    return total


@njit(cache=True, nogil=True)
def _accept(  # noqa: PLR0913 - compiled: the state's arrays and the proposals
    items: Items,
    which: Ints,
    proposed: Ints,
    proposed_costs: Floats,
    plans: Ints,
    costs: Floats,
    use: tuple[Floats, Floats],
    capacity: tuple[Floats, Floats],
) -> int:
    taken = 0
    for r in range(which.size):
        i = which[r]
        g, d = items.supplier[i], items.store[i]
        supply, storage = use[0][g].copy(), use[1][d].copy()
        before = _row_overload(supply, capacity[0][g]) + _row_overload(storage, capacity[1][d])
        add_use(items, i, plans[i], -1.0, supply, storage)
        add_use(items, i, proposed[r], 1.0, supply, storage)
        after = _row_overload(supply, capacity[0][g]) + _row_overload(storage, capacity[1][d])
        tie = 1e-12 * (1.0 + before)
        if after < before - tie or (after <= before and proposed_costs[r] < costs[i] - 1e-9):
            use[0][g], use[1][d] = supply, storage
            plans[i], costs[i] = proposed[r], proposed_costs[r]
            taken += 1
    return taken
