"""
The tree dynamic programme of Graves and Willems (2000), compiled, for large networks without cycles.

A stage with one neighbour left sends it the best that its side of the network can do:

    to its customer k   P(m) = min over b <= m, a of C(a,b)       Gin[k](a)  += P(min(a, reach_out))
    to its supplier i   Q(s) = min over a >= s, b of C(a,b)       Gout[i](b) += Q(b)
    C(a,b) = cost(a + T - b) + Gin(a) + Gout(b)

The bound does not reuse C: Lam(x) = P(last) - P(x) or Q(x) - Q(0) are multipliers of the arc, and

    cost >= sum over j of min over a, b of cost[j](a + T - b) + sum out of j Lam(b) - sum into j Lam(a)

holds for any finite nondecreasing Lam. Compiled code is kept on disk; small networks never load it.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.layout import Layout

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_EXACT = {"nnan", "nsz"}  # no NaN arises, so least values may be found several at a time; no sum is reordered


@dataclass(frozen=True, slots=True)
class Forest:
    """
    A layout and its tables as flat arrays.

    Parameters
    ----------
    tails, heads
        Supplier and customer of each arc.
    links
        Arcs at node j: `links[starts[j] : starts[j + 1]]`.
    into, out
        Where the values of SI and S of each node start in flat tables.
    """

    tails: Ints
    heads: Ints
    starts: Ints
    links: Ints
    into: Ints
    out: Ints
    first: Ints
    time: Ints
    floor: Ints
    cost: Floats


def flatten(layout: Layout, bounds: DemandBounds) -> Forest:
    """Arrays of a network whose arcs form no cycle."""
    counts = np.fromiter(map(len, layout.customers), np.int64, layout.nodes)
    tails = np.repeat(np.arange(layout.nodes), counts)
    heads = np.fromiter((k for customers in layout.customers for k in customers), np.int64, tails.size)
    ends = np.concatenate([tails, heads])
    links = np.argsort(ends, kind="stable") % max(1, tails.size)
    starts = np.searchsorted(np.sort(ends), np.arange(layout.nodes + 1))
    return Forest(
        tails,
        heads,
        starts,
        links,
        np.concatenate([[0], np.cumsum(layout.reach_in + 1)]),
        np.concatenate([[0], np.cumsum(layout.reach_out + 1)]),
        bounds.first,
        layout.time,
        layout.floor,
        bounds.cost,
    )


def solve_forest(forest: Forest) -> tuple[Ints, float]:
    """Service times S of every node, the smallest of several, and a lower bound on the cost."""
    out, bound = _solve(
        forest.starts,
        forest.links,
        forest.tails,
        forest.heads,
        forest.into,
        forest.out,
        forest.first,
        forest.time,
        forest.floor,
        forest.cost,
    )
    return out, float(bound)


@numba.njit(cache=True)
def _peel(tails, heads, starts, links):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - compiled
    """Nodes in the order they become leaves, each with the arc to the neighbour left, -1 for none."""
    nodes = starts.size - 1
    degree = starts[1:] - starts[:-1]
    order = np.empty(nodes, np.int64)
    parent = np.full(nodes, -1, np.int64)
    done = np.zeros(nodes, np.bool_)
    filled = 0
    for j in range(nodes):
        if degree[j] <= 1:
            order[filled] = j
            filled += 1
    for n in range(nodes):
        j = order[n]
        done[j] = True
        for link in links[starts[j] : starts[j + 1]]:
            k = heads[link] if tails[link] == j else tails[link]
            if not done[k]:
                parent[j] = link
                degree[k] -= 1
                if degree[k] == 1:
                    order[filled] = k
                    filled += 1
    return order, parent


@numba.njit(cache=True, fastmath=_EXACT)
def _dynamic_programme(order, parent, tails, heads, into, out, first, time, floor, cost):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913, C901, PLR0912 - compiled
    nodes = order.size
    gin, gout = np.zeros(into[nodes]), np.zeros(out[nodes])
    lam_starts = np.zeros(nodes + 1, np.int64)
    for j in range(nodes):
        size = out[tails[parent[j]] + 1] - out[tails[parent[j]]] if parent[j] >= 0 else 0
        lam_starts[j + 1] = lam_starts[j] + size
    message = np.zeros(lam_starts[nodes])
    for j in order:
        reach_in, reach_out = into[j + 1] - into[j] - 1, out[j + 1] - out[j] - 1
        link = parent[j]
        if link < 0:
            continue
        base = first[j] + time[j]
        start = lam_starts[j]
        if tails[link] == j:
            k, best = heads[link], np.inf
            for b in range(reach_out + 1):
                low = np.inf
                for a in range(max(floor[j], b - time[j]), reach_in + 1):
                    low = min(low, cost[base + a - b] + gin[into[j] + a])
                best = min(best, low + gout[out[j] + b])
                message[start + b] = best
            for a in range(into[k + 1] - into[k]):
                gin[into[k] + a] += message[start + min(a, reach_out)]
        else:
            i, best = tails[link], np.inf
            size = out[i + 1] - out[i]
            for a in range(reach_in, floor[j] - 1, -1):
                low = np.inf
                for b in range(min(reach_out, a + time[j]) + 1):
                    low = min(low, cost[base + a - b] + gout[out[j] + b])
                best = min(best, low + gin[into[j] + a])
                if a < size:
                    message[start + a] = best
            for a in range(min(floor[j], size)):
                message[start + a] = best
            for b in range(size):
                gout[out[i] + b] += message[start + b]
    chosen_in, chosen_out = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
    for n in range(nodes - 1, -1, -1):
        j = order[n]
        lowest_in, highest_out = floor[j], out[j + 1] - out[j] - 1
        link = parent[j]
        if link >= 0:
            if tails[link] == j:
                highest_out = min(highest_out, chosen_in[heads[link]])
            else:
                lowest_in = max(lowest_in, chosen_out[tails[link]])
        base, best = first[j] + time[j], np.inf
        for b in range(highest_out + 1):
            for a in range(max(lowest_in, b - time[j]), into[j + 1] - into[j]):
                value = cost[base + a - b] + gin[into[j] + a] + gout[out[j] + b]
                if value < best:
                    best, chosen_in[j], chosen_out[j] = value, a, b
    _multiply(parent, tails, lam_starts, message)
    return chosen_out, lam_starts, message


@numba.njit(cache=True, fastmath=_EXACT)
def _multiply(parent, tails, lam_starts, message):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - compiled
    """Messages to multipliers, in place."""
    for j in range(parent.size):
        start, end = lam_starts[j], lam_starts[j + 1]
        if start < end:
            is_supplier = tails[parent[j]] == j
            least = message[end - 1] if is_supplier else message[start]
            for x in range(start, end):
                message[x] = least - message[x] if is_supplier else message[x] - least


@numba.njit(cache=True)
def _without_infinity(first, cost):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - compiled
    """The tables with more than everything costs where a stock corridor closes them, so that multipliers are finite."""
    total = 0.0
    for j in range(first.size - 1):
        dearest = 0.0
        for value in cost[first[j] : first[j + 1]]:
            if value < np.inf:
                dearest = max(dearest, value)
        total += dearest
    return np.where(np.isinf(cost), 2.0 * total + 1.0, cost)


@numba.njit(cache=True, fastmath=_EXACT)
def _lagrangian(parent, lam_starts, lam, tails, heads, into, out, first, time, floor, cost):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913 - compiled
    nodes = parent.size
    price_in, price_out = np.zeros(into[nodes]), np.zeros(out[nodes])
    for j in range(nodes):
        if parent[j] >= 0:
            i, k = tails[parent[j]], heads[parent[j]]
            size = lam_starts[j + 1] - lam_starts[j]
            for b in range(size):
                price_out[out[i] + b] += lam[lam_starts[j] + b]
            for a in range(into[k + 1] - into[k]):
                price_in[into[k] + a] += lam[lam_starts[j] + min(a, size - 1)]
    total = 0.0
    for j in range(nodes):
        best = np.inf
        for b in range(out[j + 1] - out[j]):
            for a in range(max(floor[j], b - time[j]), into[j + 1] - into[j]):
                tau = a + time[j] - b
                best = min(best, cost[first[j] + tau] + price_out[out[j] + b] - price_in[into[j] + a])
        total += best
    return total


@numba.njit(cache=True)
def _solve(starts, links, tails, heads, into, out, first, time, floor, cost):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913 - compiled
    order, parent = _peel(tails, heads, starts, links)
    finite = _without_infinity(first, cost)
    chosen, lam_starts, lam = _dynamic_programme(
        order, parent, tails, heads, into, out, first, time, floor, finite
    )
    bound = _lagrangian(parent, lam_starts, lam, tails, heads, into, out, first, time, floor, cost)
    return chosen, bound
