"""
Taking one variable out of the model, exactly: its best answer becomes a message to its neighbours.

    no neighbour    constant += min over x of u(x)
    one, y          u[y](y)  += min over x of u(x) + E(x,y)              (tree dynamic programme)
    two, y and z    E(y,z)   += min over x of u(x) + E(x,y) + E(x,z)     (series-parallel reduction)

An `Order` edge costs a running minimum instead of a table. Applied to a tree this *is* the dynamic
programme of Graves and Willems (2000). A `Step` keeps what is needed to go back (`restore`) and
to check the message without trusting this module (`certificate`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.model import (
    Edge,
    Order,
    PairModel,
    StageJoint,
    TableJoint,
    column_at,
    ends,
    table_from,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Step:
    """A variable that left, with the costs it had then and the message it sent."""

    variable: int
    neighbours: tuple[int, ...]
    unary: Floats
    edges: tuple[Edge, ...]
    message: Floats


@dataclass(frozen=True, slots=True)
class Hub:
    """A new variable that stands between all `lows` and all `highs` instead of an arc for each pair."""

    variable: int
    lows: tuple[int, ...]
    highs: tuple[int, ...]


def eliminate(model: PairModel, x: int) -> Step:
    """Take out a variable with at most two neighbours."""
    unary, around = model.unary[x], model.edges[x]
    neighbours = tuple(sorted(around))
    edges = tuple(around[y] for y in neighbours)
    sizes = tuple(model.unary[y].size for y in neighbours)
    model.disconnect(x)
    if not neighbours:
        message = np.array(unary.min())
        model.constant += float(message)
    elif len(neighbours) == 1:
        message = message_over(unary, edges[0], x, sizes[0])
        model.unary[neighbours[0]] = model.unary[neighbours[0]] + message
    else:
        message = _pair_message(unary, edges, x, sizes)
        model.connect(TableJoint(neighbours[0], neighbours[1], message))
    return Step(x, neighbours, unary, edges, message)


def message_over(unary: Floats, edge: Edge, x: int, size: int) -> Floats:
    """[y]: min over x of u(x) + E(x,y)."""
    return sweep(unary[:, None], edge, x, size)[:, 0]


def restore(steps: list[Step | Hub], values: dict[int, int]) -> None:
    """Give every eliminated variable its best value, the smallest of several, last out first."""
    for step in reversed(steps):
        if isinstance(step, Hub):
            continue
        values[step.variable] = _best_value(step, values)


def _best_value(step: Step, values: dict[int, int]) -> int:
    """The least of several; an arc alone only cuts off an end of the table."""
    x, total = step.variable, step.unary
    if len(step.edges) == 1 and isinstance(arc := step.edges[0], Order):
        value = values[step.neighbours[0]]
        return int(total[: value + 1].argmin()) if arc.low == x else value + int(total[value:].argmin())
    if len(step.edges) == 1 and isinstance(joint := step.edges[0], StageJoint) and joint.floor == 0:
        return _best_of_stage(total, joint, x, values[step.neighbours[0]])
    for y, edge in zip(step.neighbours, step.edges, strict=True):
        total = total + column_at(edge, x, total.size, values[y])
    return int(total.argmin())


def _best_of_stage(total: Floats, joint: StageJoint, x: int, value: int) -> int:
    """The least of u(x) + cost(a + T - b) where the other of a and b has this value."""
    if joint.first == x:
        least = max(0, value - joint.time)
        costs = joint.cost[least + joint.time - value : total.size + joint.time - value]
        return least + int((total[least:] + costs).argmin())
    most = min(total.size - 1, value + joint.time)
    costs = joint.cost[value + joint.time - most : value + joint.time + 1][::-1]
    return int((total[: most + 1] + costs).argmin())


def add_hub(model: PairModel, lows: tuple[int, ...], highs: tuple[int, ...]) -> Hub:
    """Replace the arcs from every low to every high by one variable between them."""
    hub = model.add_variable(np.zeros(max(model.unary[x].size for x in lows)))
    for x in lows:
        around = model.edges[x]
        for y in highs:
            del around[y], model.edges[y][x]
        model.join_new(x, hub)
    for y in highs:
        model.join_new(hub, y)
    return Hub(hub, lows, highs)


def sweep(wide: Floats, edge: Edge, x: int, size: int) -> Floats:
    """[y, z]: min over x of wide[x, z] + E(x, y)."""
    if not isinstance(edge, Order):
        table = table_from(edge, x, (wide.shape[0], size))
        if wide.shape[1] == 1:
            best: Floats = (table + wide).min(axis=0)[:, None]
            return best
        return _min_plus(table, wide)
    here = np.arange(size)
    if edge.low == x:
        rising: Floats = np.minimum.accumulate(wide, axis=0)
        return rising if size == wide.shape[0] else rising[np.minimum(here, wide.shape[0] - 1)]
    running: Floats = np.minimum.accumulate(wide[::-1], axis=0)[::-1]
    if size <= wide.shape[0]:
        return running[:size]
    beyond = np.full((size - wide.shape[0], wide.shape[1]), np.inf)
    return np.concatenate([running, beyond])


def _pair_message(unary: Floats, edges: tuple[Edge, ...], x: int, sizes: tuple[int, ...]) -> Floats:
    """[y, z]; the arc, if there is one, is swept last because it costs one pass only."""
    if isinstance(edges[0], Order):
        wide = unary[:, None] + table_from(edges[1], x, (unary.size, sizes[1]))
        return sweep(wide, edges[0], x, sizes[0])
    wide = unary[:, None] + table_from(edges[0], x, (unary.size, sizes[0]))
    return np.ascontiguousarray(sweep(wide, edges[1], x, sizes[1]).T)


def _min_plus(left: Floats, right: Floats) -> Floats:
    """[y, z]: min over x of left[x, y] + right[x, z]."""
    best = np.full((left.shape[1], right.shape[1]), np.inf)
    total = np.empty_like(best)
    for row_left, row_right in zip(left, right, strict=True):
        np.add(row_left[:, None], row_right[None, :], out=total)
        np.minimum(best, total, out=best)
    return best


def only_orders(model: PairModel, x: int) -> bool:
    """Whether nothing but arcs touches a variable."""
    return all(isinstance(edge, Order) for edge in model.edges[x].values())


def other_end(edge: Edge, x: int) -> int:
    """The neighbour across an edge."""
    first, second = ends(edge)
    return second if first == x else first
