"""
The upper end of the stock corridor: a maximum stock is a longest net replenishment time.

    least_out[j] = max(0, least_in[j] + T[j] - longest_net[j]),  least_in[j] = max(floor, least_out[suppliers])

A stage that may not hold much must pass waiting on, as far as its own promise allows. Where even that
is not enough, the promise to customers stands and the maximum gives way by as little as possible.
"""

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.layout import Layout
from optimization.safety_stock.problem import GsmStage

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def close_corridors(
    layout: Layout, faces: list[GsmStage], stocks: tuple[Ints, Floats], cost: Floats
) -> tuple[int, ...]:
    """Make the cost infinite where stock would exceed its maximum; the nodes where that is impossible."""
    first, stock = stocks
    longest = {}
    for j, stage in enumerate(faces):
        if stage.max_stock is not None and layout.owner[j] < 0:
            table = stock[first[j] : first[j + 1]]
            longest[j] = int(np.searchsorted(table, stage.max_stock * (1.0 + 1e-12), side="right")) - 1
    if not longest:
        return ()
    exceeded = _relax(layout, longest)
    for j, net in longest.items():
        cost[first[j] + net + 1 : first[j + 1]] = np.inf
    return exceeded


def _relax(layout: Layout, longest: dict[int, int]) -> tuple[int, ...]:
    """Raise, in place, each longest net replenishment time that the promises leave no room for."""
    exceeded = []
    into, out = layout.floor.tolist(), [0] * layout.nodes
    for j in layout.order:
        for i in layout.suppliers[j]:
            into[j] = max(into[j], out[i])
        if j not in longest:
            continue
        ready = into[j] + int(layout.time[j])
        most = min(ready, int(layout.reach_out[j]))
        out[j] = min(most, max(0, ready - longest[j]))
        if ready - out[j] > longest[j]:
            longest[j] = ready - out[j]
            exceeded.append(j)
    return tuple(exceeded)
