"""
Prices near the final ones, under which items show what else they could do.

Dearer where a resource is overloaded, so that an item shows its best plan around it; scattered
elsewhere, because at the final prices themselves the best plans of an item hardly differ.
"""

import numpy as np

from optimization.decomposition.blocks import Prices
from optimization.decomposition.instance import Floats
from optimization.decomposition.state import State

_SPREAD = 0.3
_RAISES = (0.5, 1.0, 2.0, 4.0)  # times the highest price
_SHARE_RAISED = 0.6


def variants(state: State, centre: Prices, count: int, rng: np.random.Generator) -> list[Prices]:
    """`count` price vectors around the centre; the next draw of `rng` decides on them."""
    supply, storage = state.overload
    raises = [_RAISES[k % len(_RAISES)] for k in range(count)]
    return [
        Prices(_near(centre.supply, supply, raised, rng), _near(centre.storage, storage, raised, rng))
        for raised in raises
    ]


def _near(price: Floats, overload: Floats, raised: float, rng: np.random.Generator) -> Floats:
    """Prices times uniform factors, and a raise on most of the overloaded cells."""
    factor = rng.uniform(1.0 - _SPREAD, 1.0 + 2.0 * _SPREAD, price.shape)
    is_raised = (overload > 0.0) & (rng.random(price.shape) < _SHARE_RAISED)
    near: Floats = price * factor + raised * price.max(initial=0.0) * is_raised
    return near
