"""
How demand adds up on its way to the suppliers.

    PATHS  k[j]^2 = sum over demand stages d of (paths(j,d) z[d] sigma[d])^2      exact
    LOCAL  k[j]^2 = (z[j] sigma[j])^2 + sum over customers s of (q k[s])^2
    mu[j]  = mu of own demand + sum q mu[s]

`paths(j,d)` counts directed paths, weighted with the quantities along them. The two agree
exactly where no two customers of a stage lead to the same demand (no diamonds); on diamonds the
local form understates, because it takes one customer's demand seen twice for two independent ones.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimization.parameters import Pooling
from optimization.safety_stock.layout import Layout

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK = 256  # demand stages whose path counts are held at once, or more in a small network:
_HELD = 4_000_000  # counts held at once
_KEPT = 20_000_000  # path counts that are kept from one question to the next


@dataclass(slots=True)
class PathCounts:
    """Paths of one network, kept from one question about it to the next; other arcs start it anew."""

    arcs: object = None
    counts: dict[bytes, Floats] = field(default_factory=dict)

    def to(self, layout: Layout, demand: Ints) -> Floats:
        """Paths from every node to each of these demand stages."""
        arcs = (layout.customers, layout.quantities)
        if self.arcs != arcs:
            self.arcs, self.counts = arcs, {}
        key = demand.tobytes()
        if key not in self.counts:
            if sum(held.size for held in self.counts.values()) + layout.nodes * demand.size > _KEPT:
                self.counts = {}
            self.counts[key] = _count_paths(layout, demand)
        return self.counts[key]


def pool_deviation(
    layout: Layout, deviation: Floats, pooling: Pooling, known: PathCounts | None = None
) -> Floats:
    """Root sum of squares, at every node, of the deviations of the demand it serves."""
    if pooling is Pooling.LOCAL or layout.is_forest:
        return _pool_locally(layout, deviation)
    return _pool_along_paths(layout, deviation, known)


def cumulate_demand(layout: Layout, mean: Floats) -> Floats:
    """Mean demand per day at every node, own and its customers'."""
    total = mean.tolist()
    for j in reversed(layout.order):
        for k, quantity in zip(layout.customers[j], layout.quantities[j], strict=True):
            total[j] += quantity * total[k]
    return np.array(total)


def cumulate_cost(layout: Layout, added: Floats) -> Floats:
    """Unit value at every node: cost added here plus the suppliers' unit values."""
    value = added.tolist()
    for j in layout.order:
        for k, quantity in zip(layout.customers[j], layout.quantities[j], strict=True):
            value[k] += quantity * value[j]
    return np.array(value)


def greatest_downstream(layout: Layout, factor: Floats) -> Floats:
    """The largest factor among the demand that a node serves, 0 without demand."""
    largest = factor.tolist()
    for j in reversed(layout.order):
        for k in layout.customers[j]:
            largest[j] = max(largest[j], largest[k])
    return np.array(largest)


def _pool_locally(layout: Layout, deviation: Floats) -> Floats:
    square = (deviation**2).tolist()
    for j in reversed(layout.order):
        for k, quantity in zip(layout.customers[j], layout.quantities[j], strict=True):
            square[j] += quantity * quantity * square[k]
    return np.array(square) ** 0.5


def _pool_along_paths(layout: Layout, deviation: Floats, known: PathCounts | None) -> Floats:
    square = np.zeros(layout.nodes)
    demand = np.flatnonzero(deviation)
    together = max(_CHUNK, _HELD // layout.nodes)
    for first in range(0, demand.size, together):
        chunk = demand[first : first + together]
        paths = _count_paths(layout, chunk) if known is None else known.to(layout, chunk)
        square += ((paths * deviation[chunk]) ** 2).sum(axis=1)
    return square**0.5


def _count_paths(layout: Layout, demand: Ints) -> Floats:
    """Paths from every node (rows) to each of these demand stages."""
    paths = np.zeros((layout.nodes, demand.size))
    paths[demand, np.arange(demand.size)] = 1.0
    for j in reversed(layout.order):
        if layout.customers[j]:
            quantities = np.array(layout.quantities[j])
            paths[j] += quantities @ paths[list(layout.customers[j])]
    return paths
