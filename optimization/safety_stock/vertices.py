"""
Values at which an optimum can lie when every stage cost is concave and never falls.

A concave cost is least at a vertex of the polyhedron of service times, and there every time is tied
to another one or to a bound (Graves and Willems 2000; Magnanti et al. 2006):

    S[j]  in {0, promise[j]} + (SI[j] + T[j]) + SI[k] of every customer k
    SI[j] in {floor[j]} + S[i] of every supplier i + (S[j] - T[j])

Sets of values are bit masks, so a step of the fixpoint is a shift and an or. The relaxation on these
values only is much smaller; its multipliers, joined by straight lines, are checked on the full grid.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.model import NodeVariables, Order, PairModel

Ints = NDArray[np.int64]


def has_concave_costs(layout: Layout, bounds: DemandBounds) -> bool:
    """Whether vertices suffice: differences of every table never rise."""
    inside = np.ones(bounds.cost.size - 2 if bounds.cost.size > 2 else 0, dtype=bool)
    starts = bounds.first[1:-1]
    for shift in (1, 2):  # second differences that reach across two tables say nothing
        inside[starts[(starts >= shift) & (starts - shift < inside.size)] - shift] = False
    if not np.isfinite(bounds.cost).all():
        return False
    bends = np.diff(bounds.cost, 2)[inside]
    return (
        bool((bends <= 1e-12 * (1.0 + bounds.cost.max(initial=0.0))).all()) and not (layout.owner >= 0).any()
    )


def vertex_values(layout: Layout, model: PairModel, variables: NodeVariables) -> dict[int, Ints]:
    """Possible values of every variable of the model, hubs between nodes included."""
    into, out = _masks(layout)
    masks = dict(zip(variables.into, into, strict=True)) | dict(zip(variables.out, out, strict=True))
    masks.pop(-1, None)
    for x in range(len(model.unary)):
        if x not in masks:
            masks[x] = _between(model, masks, x)
    return {x: _values(mask, model.unary[x].size) for x, mask in masks.items()}


def _masks(layout: Layout) -> tuple[list[int], list[int]]:
    """The fixpoint, by revisiting nodes whose neighbours have gained a value."""
    time, floor = layout.time.tolist(), layout.floor.tolist()
    most_in = [(1 << (reach + 1)) - 1 for reach in layout.reach_in.tolist()]
    most_out = [(1 << (reach + 1)) - 1 for reach in layout.reach_out.tolist()]
    into = [1 << f for f in floor]
    out = [1 | (1 << reach) for reach in layout.reach_out.tolist()]
    queue, waiting = deque(layout.order), [True] * layout.nodes
    while queue:
        j = queue.popleft()
        waiting[j] = False
        arrivals = into[j] | (out[j] >> time[j])
        for i in layout.suppliers[j]:
            arrivals |= out[i]
        arrivals &= most_in[j] & ~((1 << floor[j]) - 1)
        promises = out[j] | (arrivals << time[j])
        for k in layout.customers[j]:
            promises |= into[k]
        promises &= most_out[j]
        if arrivals == into[j] and promises == out[j]:
            continue
        into[j], out[j] = arrivals, promises
        for k in (j, *layout.suppliers[j], *layout.customers[j]):
            if not waiting[k]:
                waiting[k] = True
                queue.append(k)
    return into, out


def _between(model: PairModel, masks: dict[int, int], hub: int) -> int:
    """A hub lies between its lows and highs; hubs are numbered after what they connect."""
    mask = 1
    for y, edge in model.edges[hub].items():
        if isinstance(edge, Order) and y in masks:
            mask |= masks[y]
    return mask


def _values(mask: int, size: int) -> Ints:
    mask &= (1 << size) - 1
    bits = np.frombuffer(mask.to_bytes(size // 8 + 1, "little"), dtype=np.uint8)
    return np.flatnonzero(np.unpackbits(bits, bitorder="little"))
