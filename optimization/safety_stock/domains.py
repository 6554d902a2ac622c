"""
Which values each core variable may still take.

Costs that are infinite at either end of a table close that end; arcs pass bounds on: the least
value of `low` is one of `high`, the greatest of `high` is one of `low`. On differences alone this
propagation is complete, so a node of the search that survives it has a placement.
"""

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.model import Edge, Order, PairModel, ends

Floats = NDArray[np.float64]
Domains = dict[int, tuple[int, int]]


def root_domains(core: PairModel, variables: tuple[int, ...]) -> Domains | None:
    """What the tables leave; None when there is no placement at all."""
    domains = {}
    for x in variables:
        finite = np.flatnonzero(np.isfinite(core.unary[x]))
        if finite.size == 0:
            return None
        domains[x] = (int(finite[0]), int(finite[-1]))
    return propagate(core, domains, list(variables))


def propagate(core: PairModel, domains: Domains, changed: list[int]) -> Domains | None:
    """
    The domains after all consequences; None when one is empty.

    Parameters
    ----------
    changed
        Variables whose domain has just shrunk.
    """
    domains, queue, waiting = dict(domains), list(changed), set(changed)
    while queue:
        x = queue.pop()
        waiting.discard(x)
        here = domains[x]
        for y, edge in core.edges[x].items():
            there = domains[y]
            if isinstance(edge, Order) and (there[0] >= here[0] if edge.low == x else there[1] <= here[1]):
                continue
            narrowed = _narrow(edge, x, here, there)
            if narrowed == there:
                continue
            if narrowed[0] > narrowed[1]:
                return None
            domains[y] = narrowed
            if y not in waiting:
                waiting.add(y)
                queue.append(y)
    return domains


def _narrow(edge: Edge, x: int, here: tuple[int, int], there: tuple[int, int]) -> tuple[int, int]:
    if isinstance(edge, Order):
        if edge.low == x:
            return max(there[0], here[0]), there[1]
        return there[0], min(there[1], here[1])
    table = edge.values if ends(edge)[0] == x else edge.values.T
    block = table[here[0] : here[1] + 1, there[0] : there[1] + 1]
    possible = np.flatnonzero(np.isfinite(block).any(axis=0))
    if possible.size == 0:
        return 1, 0
    return there[0] + int(possible[0]), there[0] + int(possible[-1])
