"""
The placement problem as variables and pairs: what presolve, solver and certificate share.

Every node j has two whole variables, a[j] = SI and b[j] = S; a hub has one. Costs stand on single
variables (`unary`) and on pairs of them:

    Order  (x, y)          x <= y                          an arc: S[i] <= SI[k]
    Joint  (x, y)          a table over both               a stage: cost[j](a + T[j] - b)

A node without suppliers has a fixed SI, so its cost is unary in S and `a[j]` does not exist.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.layout import Layout

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Order:
    """low <= high."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class StageJoint:
    """cost(a + time - b) over (first = a, second = b); infinite where b > a + time."""

    first: int
    second: int
    cost: Floats
    time: int
    floor: int
    sizes: tuple[int, int]

    @property
    def values(self) -> Floats:
        """The table, [a, b]; made when asked for, because a long chain has many large ones."""
        rows, columns = self.sizes
        padded = np.concatenate([np.full(columns, np.inf), self.cost])
        start = columns + self.time
        step = padded.strides[0]
        # [a, b] looks at padded[start + a - b]: a window that moves, not a copy
        table: Floats = np.ndarray(
            (rows, columns), np.float64, padded, offset=start * step, strides=(step, -step)
        )
        table.flags.writeable = False
        return table if self.floor == 0 else table[np.maximum(np.arange(rows), self.floor)]


@dataclass(frozen=True, slots=True)
class TableJoint:
    """Any cost over a pair of variables, [first, second]."""

    first: int
    second: int
    values: Floats


Joint = StageJoint | TableJoint
Edge = Order | Joint


@dataclass(slots=True)
class PairModel:
    """Variables, their unary costs, and the edges between them (at most one per pair)."""

    unary: list[Floats] = field(default_factory=list)
    edges: list[dict[int, Edge]] = field(default_factory=list)
    constant: float = 0.0

    def add_variable(self, unary: Floats) -> int:
        """Number of a new variable with values 0 .. len(unary) - 1."""
        self.unary.append(unary)
        self.edges.append({})
        return len(self.unary) - 1

    def connect(self, edge: Edge) -> None:
        """Put an edge between two variables, adding to the one that is there."""
        x, y = ends(edge)
        if y in self.edges[x]:
            edge = _add(self.edges[x][y], edge, (self.unary[x].size, self.unary[y].size))
        self.edges[x][y] = self.edges[y][x] = edge

    def join_new(self, low: int, high: int) -> None:
        """Put an arc between two variables that have none yet."""
        self.edges[low][high] = self.edges[high][low] = Order(low, high)

    def disconnect(self, x: int) -> None:
        """Take a variable out of the graph."""
        for y in self.edges[x]:
            del self.edges[y][x]
        self.edges[x] = {}

    def copy(self) -> "PairModel":
        """A copy whose graph may be changed; tables are shared, they are never written to."""
        return PairModel(list(self.unary), [dict(e) for e in self.edges], self.constant)


@dataclass(frozen=True, slots=True)
class NodeVariables:
    """Which variables stand for SI (-1 where it is fixed) and S of each node."""

    into: tuple[int, ...]
    out: tuple[int, ...]


def build_model(layout: Layout, first: NDArray[np.int64], cost: Floats) -> tuple[PairModel, NodeVariables]:
    """
    Variables and edges of a network.

    Parameters
    ----------
    first, cost
        Cost tables of the nodes end to end, as in `DemandBounds`.
    """
    model = PairModel()
    into, out = [], []
    for j in range(layout.nodes):
        into.append(model.add_variable(np.zeros(0)) if layout.suppliers[j] else -1)
        out.append(model.add_variable(np.zeros(0)))
    variables = NodeVariables(tuple(into), tuple(out))
    for j, customers in enumerate(layout.customers):
        put_costs(model, layout, (first, cost), variables, j)
        for k in customers:
            model.join_new(out[j], into[k])
    return model, variables


def put_costs(
    model: PairModel,
    layout: Layout,
    tables: tuple[NDArray[np.int64], Floats],
    variables: NodeVariables,
    j: int,
) -> None:
    """Give the variables of a node their sizes and costs."""
    first, cost = tables
    table = cost[first[j] : first[j + 1]]
    time, floor, states = int(layout.time[j]), int(layout.floor[j]), int(layout.reach_out[j]) + 1
    a, b = variables.into[j], variables.out[j]
    if a < 0:
        model.unary[b] = table[floor + time - np.arange(states)]
        return
    rows = int(layout.reach_in[j]) + 1
    model.unary[a], model.unary[b] = np.zeros(rows), np.zeros(states)
    model.edges[a][b] = model.edges[b][a] = StageJoint(a, b, table, time, floor, (rows, states))


def ends(edge: Edge) -> tuple[int, int]:
    """The two variables of an edge, in the order of its table."""
    return (edge.low, edge.high) if isinstance(edge, Order) else (edge.first, edge.second)


def table_from(edge: Edge, x: int, sizes: tuple[int, int]) -> Floats:
    """The edge as a table [x, other]."""
    if isinstance(edge, Order):
        here, there = np.arange(sizes[0])[:, None], np.arange(sizes[1])[None, :]
        is_kept = here <= there if edge.low == x else here >= there
        return np.where(is_kept, 0.0, np.inf)
    return edge.values if edge.first == x else edge.values.T


def column_at(edge: Edge, x: int, size: int, value: int) -> Floats:
    """What the edge costs each value of `x` while its other end has `value`."""
    here = np.arange(size)
    if isinstance(edge, Order):
        return np.where(here <= value if edge.low == x else here >= value, 0.0, np.inf)
    if isinstance(edge, TableJoint):
        return edge.values[:, value] if edge.first == x else edge.values[value]
    into, out = (here, value) if edge.first == x else (value, here)
    tau = np.maximum(into, edge.floor) + edge.time - out
    return np.where(tau >= 0, edge.cost[np.maximum(tau, 0)], np.inf)


def _add(old: Edge, new: Edge, sizes: tuple[int, int]) -> Edge:
    if isinstance(old, Order) and isinstance(new, Order) and old == new:
        return old
    x, y = ends(new)
    return TableJoint(x, y, table_from(old, x, sizes) + table_from(new, x, sizes))
