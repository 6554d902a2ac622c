"""
Prices learnt on a sample seed the search on all items, which then needs a dozen passes, not sixty.

The sample is systematic: items sorted by (supplier, store, space of a lot), every f-th of them.
Its capacities are the full ones scaled by supplier and store, by the share of the space that the
sample's items need. Samples nest: each stage is seeded by the one before.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimization.decomposition.instance import Floats, Instance, Ints, Items

_SMALLEST = 2_000  # below this a sample says little about each supplier
_GROWTH = 10
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def sample_sizes(count: int) -> tuple[int, ...]:
    """Sizes of the samples before the full problem, growing tenfold up to a tenth of it."""
    sizes = []
    size = count // _GROWTH
    while size >= _SMALLEST:
        sizes.append(size)
        size //= _GROWTH
    return tuple(reversed(sizes))


def sample(instance: Instance, size: int, seed: int) -> Instance:
    """About `size` items, evenly over suppliers, stores and lot sizes, with their share of capacity."""
    items = instance.items
    order = np.lexsort((np.arange(items.count), items.volume * items.lot, items.store, items.supplier))
    offset = (seed * _GOLDEN) % 1.0
    steps = (np.arange(size) + offset) * (items.count / size)
    chosen = np.sort(order[np.minimum(steps.astype(np.int64), items.count - 1)])
    return replace(
        instance,
        items=items.take(chosen),
        supply=_scaled(instance.supply, items.supplier, _needed_space(items), chosen),
        storage=_scaled(instance.storage, items.store, _idle_space(items), chosen),
    )


def _needed_space(items: Items) -> Floats:
    """What each item must order over the horizon, in supplier capacity."""
    return items.unit_use * np.maximum(items.safety_stock - items.net[:, -1], 0.0)


def _idle_space(items: Items) -> Floats:
    """What each item would store on average if it ordered nothing."""
    space: Floats = items.volume * np.maximum(items.net, 0.0).mean(axis=1)
    return space


def _scaled(capacity: Floats, row: Ints, space: Floats, chosen: NDArray[np.int64]) -> Floats:
    """Capacity times the sample's share of the space, row by row."""
    whole = np.bincount(row, space, len(capacity))
    part = np.bincount(row[chosen], space[chosen], len(capacity))
    share = np.where(whole > 0.0, part / np.maximum(whole, 1e-300), len(chosen) / len(row))
    scaled: Floats = np.where(np.isfinite(capacity), capacity, 0.0) * share[:, None]
    return np.where(np.isfinite(capacity), scaled, np.inf)
