"""
The same reduction again, after some stages have changed.

Which variable leaves when depends only on who supplies whom, as long as each sends its message to one
neighbour at most. So a message is computed, and its part of the bound evaluated, only where the
sender's costs, a size or an incoming message are new; sums run in the same order as in a reduction from
scratch and give the same bits.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.collection import uncollected
from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.certificate import message_slack, replay_steps
from optimization.safety_stock.elimination import Hub, Step, message_over
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.model import (
    Edge,
    NodeVariables,
    PairModel,
    StageJoint,
    TableJoint,
    build_model,
    put_costs,
)
from optimization.safety_stock.presolve import Reduction, reduce_model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reduced:
    """
    A network, its model, and what is left of it.

    Parameters
    ----------
    given
        The model before any step.
    core
        What is left, as the certificate has read it.
    slacks
        What each step's variable costs at least.
    """

    layout: Layout
    bounds: DemandBounds
    given: PairModel
    variables: NodeVariables
    reduction: Reduction
    core: PairModel
    slacks: tuple[float, ...]

    @property
    def offset(self) -> float:
        """Bound on everything outside the core."""
        return sum(self.slacks)


@uncollected()
def reduce_network(layout: Layout, bounds: DemandBounds) -> Reduced:
    """The reduction from scratch."""
    given, variables = build_model(layout, bounds.first, bounds.cost)
    model, core = given.copy(), given.copy()
    reduction = reduce_model(model)
    slacks = replay_steps(core, reduction.steps)
    return Reduced(layout, bounds, given, variables, reduction, core, tuple(slacks))


@uncollected()
def reduce_again(before: Reduced, layout: Layout, bounds: DemandBounds) -> Reduced | None:
    """The reduction of a network with the same arcs; None where it has to be done from scratch."""
    if layout.suppliers != before.layout.suppliers or layout.customers != before.layout.customers:
        return None
    given = before.given.copy()
    changed = _changed_nodes(before, layout, bounds)
    for j in changed:
        put_costs(given, layout, (bounds.first, bounds.cost), before.variables, j)
    stale = {v for j in changed for v in (before.variables.into[j], before.variables.out[j]) if v >= 0}
    passing = _Passing(before, given, stale)
    steps: list[Step | Hub] = []
    slacks = []
    for step, slack in zip(before.reduction.steps, before.slacks, strict=True):
        if isinstance(step, Hub):
            passing.size_hub(step)
            steps.append(step)
            slacks.append(slack)
            continue
        if passing.is_current(step):
            again, least = step, slack
        elif len(step.neighbours) > 1 or any(isinstance(edge, TableJoint) for edge in step.edges):
            return None  # the order of a series-parallel reduction depends on sizes
        else:
            again, least = passing.send(step)
        steps.append(again)
        slacks.append(least)
        passing.receive(again)
    core = passing.core()
    reduction = Reduction(core, before.reduction.variables, tuple(steps))
    return Reduced(layout, bounds, given, before.variables, reduction, core, tuple(slacks))


class _Passing:
    """Which variables are out of date while the steps are gone through again."""

    def __init__(self, before: Reduced, given: PairModel, stale: set[int]) -> None:
        self._before, self._given, self._stale = before, given, stale
        self._unary = list(given.unary)
        hubs = before.core.unary[len(given.unary) :]
        self._unary += [np.zeros(unary.size) for unary in hubs]
        self._resized = {x for x in stale if given.unary[x].size != before.given.unary[x].size}
        self._messages: dict[int, list[Floats]] = defaultdict(list)

    def size_hub(self, hub: Hub) -> None:
        """A hub reaches as far as the farthest of what it stands for."""
        size = max(self._unary[x].size for x in hub.lows)
        if size != self._unary[hub.variable].size:
            self._unary[hub.variable] = np.zeros(size)
            self._stale.add(hub.variable)
            self._resized.add(hub.variable)

    def is_current(self, step: Step) -> bool:
        """Whether nothing that the message was made from has changed."""
        return step.variable not in self._stale and self._resized.isdisjoint(step.neighbours)

    def send(self, step: Step) -> tuple[Step, float]:
        """The step with its message made again, and what its variable costs at least."""
        x, unary = step.variable, self._total(step.variable)
        if not step.neighbours:
            return Step(x, (), unary, (), np.array(unary.min())), float(unary.min())
        y = step.neighbours[0]
        edge = self._edge(x, y, step.edges[0])
        message = message_over(unary, edge, x, self._unary[y].size)
        if not np.array_equal(message, step.message):
            self._stale.add(y)
        return Step(x, step.neighbours, unary, (edge,), message), message_slack(unary, edge, x, message)

    def receive(self, step: Step) -> None:
        """Note a message for its receiver."""
        if len(step.neighbours) == 1:
            self._messages[step.neighbours[0]].append(step.message)

    def _total(self, x: int) -> Floats:
        total = self._unary[x]
        for message in self._messages[x]:
            total = total + message
        return total

    def core(self) -> PairModel:
        """What is left, with the costs of the variables that changed."""
        old = self._before.core
        core = PairModel(list(old.unary), [dict(e) if e else e for e in old.edges], old.constant)
        for x in self._stale & set(self._before.reduction.variables):
            core.unary[x] = self._total(x)
            for y, edge in core.edges[x].items():
                core.edges[x][y] = core.edges[y][x] = self._edge(x, y, edge)
        return core

    def _edge(self, x: int, y: int, before: Edge) -> Edge:
        """The edge as it is now; only those of stages change."""
        return self._given.edges[x][y] if isinstance(before, StageJoint) else before


def _changed_nodes(before: Reduced, layout: Layout, bounds: DemandBounds) -> list[int]:
    """Nodes with other sizes or another table."""
    pairs = (
        (getattr(layout, name), getattr(before.layout, name))
        for name in ("time", "floor", "reach_in", "reach_out")
    )
    is_same = np.all([new == old for new, old in pairs], axis=0)
    sizes = np.where(is_same, np.diff(bounds.first), 0)
    node = np.repeat(np.arange(layout.nodes), sizes)
    within = np.arange(node.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    differs = (
        bounds.cost[bounds.first[node] + within] != before.bounds.cost[before.bounds.first[node] + within]
    )
    is_same[node[differs]] = False
    changed: list[int] = np.flatnonzero(~is_same).tolist()
    return changed
