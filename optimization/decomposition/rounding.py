"""
From the master's weights to one plan per item.

The weights say which share of each block should follow which price vector. Items of a block,
sorted by store and lot size, are dealt to the price vectors in those shares by a low-discrepancy
sequence (multiples of the golden ratio), so that every share holds large and small lots alike.
"""

import numpy as np

from optimization.decomposition.blocks import Blocks
from optimization.decomposition.dual import Dual
from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.proposals import Planners
from optimization.decomposition.state import State, start

_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
_SMALL = 5_000


def round_weights(blocks: Blocks, dual: Dual, planners: Planners) -> State:
    """One exact plan per item; resources are nearly kept, not yet exactly."""
    count = blocks.instance.items.count
    dual.master.trust(dual.centre, np.inf)
    dual.master.use_capacity(0.998 if count < _SMALL else 0.9985)
    weights = dual.master.solve().weights
    used = np.flatnonzero(weights.sum(axis=1) > 0.0)
    choice = _deal(blocks, weights[used])
    which = np.arange(count, dtype=np.int32)
    proposals = planners.propose(which, choice, [dual.tried[j].prices for j in used])
    return start(blocks.instance, proposals.plans)


def _deal(blocks: Blocks, weights: Floats) -> Ints:
    """Which price vector each item follows."""
    items = blocks.instance.items
    block = np.repeat(np.arange(blocks.count), np.diff(blocks.starts))
    order = np.lexsort((np.arange(items.count), items.unit_use * items.lot, items.store, block))
    share = (np.arange(items.count) * _GOLDEN) % 1.0
    choice = np.zeros(items.count, np.int32)
    for b in range(blocks.count):
        members = order[blocks.starts[b] : blocks.starts[b + 1]]
        steps = np.cumsum(weights[:, b])
        choice[members] = np.searchsorted(steps / steps[-1], share[members], side="right")
    return np.minimum(choice, len(weights) - 1)
