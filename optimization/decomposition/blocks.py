"""
Items split into blocks: what one cut of the master speaks about, and what one machine computes.

Items are sorted by (supplier, store) and cut into blocks that each have one supplier. A part is
a run of whole blocks; since sums are taken inside a block only, in the order of its items, the
answer does not depend on how blocks are dealt out to machines.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimization.decomposition.instance import Floats, Instance, Ints, Items
from optimization.decomposition.item_program import plan_items, price_blocks

_BLOCKS = 160  # in all: more make the master slow, fewer make the cuts weak
_PART_ITEMS = 4_000  # smaller parts cost more to send than to compute
_MOST_PARTS = 16


@dataclass(frozen=True, slots=True)
class Prices:
    """What a unit of each supplier's and each store's capacity costs, by period; all >= 0."""

    supply: Floats
    storage: Floats


@dataclass(frozen=True, slots=True)
class Part:
    """A run of whole blocks: their items, and where each block starts among them."""

    items: Items
    starts: Ints
    suppliers: int
    stores: int


@dataclass(frozen=True, slots=True)
class Cuts:
    """By block: cost of the plans at some prices, and what they take of supplier and stores."""

    cost: Floats
    supply: Floats
    storage: Floats


@dataclass(frozen=True, slots=True)
class Blocks:
    """An instance in block order; `order[r]` is the caller's number of item r."""

    instance: Instance
    order: NDArray[np.int64]
    starts: Ints
    supplier: Ints

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return len(self.supplier)

    def parts(self) -> tuple[Part, ...]:
        """Runs of whole blocks of about equal size, fixed by the instance alone."""
        items = self.instance.items
        count = int(np.clip(items.count // _PART_ITEMS, 1, min(_MOST_PARTS, self.count)))
        edges = np.unique(np.round(np.linspace(0, self.count, count + 1)).astype(int))
        suppliers, stores = len(self.instance.supply), len(self.instance.storage)
        return tuple(
            Part(
                items.take(slice(self.starts[a], self.starts[b])),
                self.starts[a : b + 1] - self.starts[a],
                suppliers,
                stores,
            )
            for a, b in itertools.pairwise(edges)
        )


def split(instance: Instance) -> Blocks:
    """Sort the items and cut them into blocks of one supplier, equally many per supplier."""
    items = instance.items
    order = np.lexsort((np.arange(items.count), items.store, items.supplier))
    present, first = np.unique(items.supplier[order], return_index=True)
    edges = np.append(first, items.count)
    starts, supplier = [0], []
    for g, begin, end in zip(present, edges[:-1], edges[1:], strict=True):
        pieces = min(max(1, _BLOCKS // len(present)), int(end - begin))
        inner = np.round(np.linspace(begin, end, pieces + 1)).astype(int)[1:]
        starts.extend(inner.tolist())
        supplier.extend([g] * pieces)
    sorted_instance = replace(instance, items=items.take(order))
    return Blocks(sorted_instance, order, np.array(starts, np.int32), np.array(supplier, np.int32))


def price_part(part: Part, prices: Prices) -> Cuts:
    """Plan every item of a part at the prices; sums by block."""
    periods, blocks = part.items.net.shape[1], len(part.starts) - 1
    cuts = Cuts(np.zeros(blocks), np.zeros((blocks, periods)), np.zeros((blocks, part.stores, periods)))
    price_blocks(part.items, part.starts, prices.supply, prices.storage, cuts.cost, cuts.supply, cuts.storage)
    return cuts


def plan_part(
    part: Part, which: Ints, supply_prices: Floats, storage_prices: Floats, choice: Ints
) -> tuple[Ints, Floats]:
    """Plans and costs of some items of a part, each at the price vector chosen for it."""
    plans = np.empty((len(which), part.items.net.shape[1]), np.int32)
    costs = np.empty(len(which))
    plan_items(part.items, which, supply_prices, storage_prices, choice, plans, costs)
    return plans, costs
