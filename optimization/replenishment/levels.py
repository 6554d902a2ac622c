"""How far each stage is from the suppliers, and which stages planning cannot treat apart."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from optimization.replenishment.problem import Arcs, Ints, Lanes, OrderProblem


def circles(problem: OrderProblem) -> tuple[int, Ints]:
    """Stages that supply each other (lateral transfers) share a number."""
    return circles_among(len(problem.stages.ids), problem.lanes, problem.arcs)


def circles_among(size: int, lanes: Lanes, arcs: Arcs) -> tuple[int, Ints]:
    """The same before there is a problem."""
    graph = coo_matrix((np.ones(arcs.lane.size), (arcs.stage, lanes.stage[arcs.lane])), shape=(size, size))
    count, labels = connected_components(graph, directed=True, connection="strong")
    return int(count), labels.astype(np.int64)


def levels(problem: OrderProblem) -> Ints:
    """0 for stages that consume nothing; a stage is above everything it consumes, circles aside."""
    count, circle = circles(problem)
    source, target = circle[problem.arcs.stage], circle[problem.lanes.stage[problem.arcs.lane]]
    is_arc = source != target
    source, target = source[is_arc], target[is_arc]
    level = np.zeros(count, dtype=np.int64)
    for _ in range(count):
        before = level.copy()
        np.maximum.at(level, target, before[source] + 1)
        if np.array_equal(before, level):
            break
    return level[circle]
