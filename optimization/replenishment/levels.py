"""How far each stage is from the suppliers, and which stages planning cannot treat apart."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from optimization.replenishment.problem import Arcs, Flags, Ints, OrderProblem


def circles(problem: OrderProblem) -> tuple[int, Ints]:
    """Stages that supply each other (lateral transfers) share a number."""
    return circles_among(len(problem.stages.ids), problem.lanes.stage, problem.arcs)


def within_circles(size: int, stage: Ints, arcs: Arcs) -> Flags:
    """By lane, whether it consumes what it helps to supply; `stage` by lane."""
    _, circle = circles_among(size, stage, arcs)
    result = np.zeros(stage.size, dtype=np.bool_)
    result[arcs.lane[circle[arcs.stage] == circle[stage[arcs.lane]]]] = True
    return result


def circles_among(size: int, stage: Ints, arcs: Arcs) -> tuple[int, Ints]:
    """The same before there is a problem; `stage` by lane."""
    graph = coo_matrix((np.ones(arcs.lane.size), (arcs.stage, stage[arcs.lane])), shape=(size, size))
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
