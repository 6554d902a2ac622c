"""
A plan in the making: every item's lots, what they cost and what they take of the resources.

Overload is counted against capacities a hair smaller than the real ones, so that the rounding of
many additions and subtractions never turns a full resource into an overloaded one.
"""

from dataclasses import dataclass

import numpy as np

from optimization.decomposition.instance import Floats, Instance, Ints
from optimization.decomposition.item_program import costs_of, use_of

HAIR = 1e-9


@dataclass(slots=True)
class State:
    """Plans in block order, with the sums that follow from them."""

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
