"""
Shrinking the network exactly until only its hard core is left.

    peel            leave out variables with at most one neighbour, to a fixpoint
    merge twins     stages with the same customers (or suppliers) get a hub between the two sides;
                    twins that are sources then peel into the hub
    series-parallel leave out variables with two neighbours where that finishes a whole component

A tree ends with nothing left. Messages are running minima of what arrived, taken when they are
sent: a table that received further terms is no longer monotone, so an earlier minimum is stale.
"""

import heapq
import math
from collections import defaultdict
from dataclasses import dataclass

from optimization.safety_stock.elimination import Hub, Step, add_hub, eliminate
from optimization.safety_stock.model import Order, PairModel


@dataclass(frozen=True, slots=True)
class Reduction:
    """What is left of a model, and how it came to that."""

    core: PairModel
    variables: tuple[int, ...]
    steps: tuple[Step | Hub, ...]


def reduce_model(model: PairModel) -> Reduction:
    """Peel, merge and eliminate; the model is used up."""
    steps: list[Step | Hub] = []
    left = set(range(len(model.unary)))
    _eliminate_up_to(model, left, steps, degree=1)
    while hubs := _merge_twins(model):
        steps += hubs
        left.update(hub.variable for hub in hubs)
        _eliminate_up_to(model, left, steps, degree=1)
    for component in _components(model, left):
        if _is_series_parallel(model, component):
            left -= component
            _eliminate_up_to(model, component, steps, degree=2)
    return Reduction(model, tuple(sorted(left)), tuple(steps))


def _eliminate_up_to(model: PairModel, left: set[int], steps: list[Step | Hub], degree: int) -> None:
    """Leave out variables with at most `degree` neighbours, the least effort first."""
    queue = [(_effort(model, x), x) for x in left if len(model.edges[x]) <= degree]
    heapq.heapify(queue)
    while queue:
        effort, x = heapq.heappop(queue)
        if x not in left or len(model.edges[x]) > degree or effort != _effort(model, x):
            continue
        step = eliminate(model, x)
        left.discard(x)
        steps.append(step)
        for y in step.neighbours:
            if len(model.edges[y]) <= degree:
                heapq.heappush(queue, (_effort(model, y), y))


def _effort(model: PairModel, x: int) -> int:
    """Size of the message; times the variable's own size where no arc makes it one pass."""
    edges = model.edges[x]
    if len(edges) < 2:
        return 0
    effort = math.prod(model.unary[y].size for y in edges)
    is_swept = any(isinstance(edge, Order) for edge in edges.values())
    return effort if is_swept else effort * model.unary[x].size


def _merge_twins(model: PairModel) -> list[Hub]:
    """Hubs for all groups with two or more equal neighbours on one side."""
    hubs = []
    for lows, highs in _groups(model, is_low=True):
        hubs.append(add_hub(model, lows, highs))
    for highs, lows in _groups(model, is_low=False):
        hubs.append(add_hub(model, lows, highs))
    return hubs


def _groups(model: PairModel, *, is_low: bool) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for x, edges in enumerate(model.edges):
        if len(edges) < 2:
            continue
        across = tuple(
            sorted(y for y, e in edges.items() if isinstance(e, Order) and (e.low if is_low else e.high) == x)
        )
        if len(across) > 1:
            groups[across].append(x)
    return [(tuple(twins), across) for across, twins in sorted(groups.items()) if len(twins) > 1]


def _components(model: PairModel, left: set[int]) -> list[set[int]]:
    components, seen = [], set()
    for start in sorted(left):
        if start in seen:
            continue
        component, stack = {start}, [start]
        while stack:
            for y in model.edges[stack.pop()]:
                if y not in component:
                    component.add(y)
                    stack.append(y)
        seen |= component
        components.append(component)
    return components


def _is_series_parallel(model: PairModel, component: set[int]) -> bool:
    """Whether leaving out variables with two neighbours, one after the other, leaves nothing."""
    around = {x: set(model.edges[x]) for x in component}
    stack = [x for x in sorted(component) if len(around[x]) <= 2]
    while stack:
        x = stack.pop()
        if x not in around or len(around[x]) > 2:
            continue
        neighbours = around.pop(x)
        for y in neighbours:
            around[y].discard(x)
            around[y] |= neighbours - {y}
        stack += [y for y in neighbours if len(around[y]) <= 2]
    return not around
