"""
Polish: every item is planned again at prices near the final ones; what is cheaper and fits is taken.
"""

import numpy as np

from optimization.decomposition.blocks import Prices
from optimization.decomposition.proposals import Planners
from optimization.decomposition.repair import large_lot
from optimization.decomposition.state import State

# Share of the prices, and what nearly full cells cost on top in price scales.
_VARIANTS = ((0.9, 0.5), (1.0, 1.0), (0.75, 3.0), (1.05, 0.5), (0.5, 8.0), (0.95, 2.0))
_SMALL = 20_000


def polish(state: State, planners: Planners, centre: Prices) -> None:
    """Six rounds, twelve for small instances; cost never rises and no overload appears."""
    instance, lot = state.instance, large_lot(state.instance)
    rounds = 2 if instance.items.count <= _SMALL else 1
    for share, extra in _VARIANTS * rounds:
        is_tight = state.supply > instance.supply - lot
        is_crowded = state.storage > instance.storage - lot
        prices = Prices(
            share * centre.supply + extra * instance.price_scale * is_tight,
            share * centre.storage + 0.2 * extra * instance.price_scale * is_crowded,
        )
        proposals = planners.cheaper(state.costs, prices)
        saving = state.costs[proposals.which] - proposals.costs
        rank = np.argsort(-saving, kind="stable")
        state.accept(proposals.which[rank], proposals.plans[rank], proposals.costs[rank])
