"""
The lower bound, evaluated without trusting presolve or solver.

Adding and subtracting a message K to the cost changes nothing, so for *any* messages

    cost >= sum over steps of min (u(x) + E(x,y) + E(x,z) - K(y,z))  +  bound of what is left

and for *any* nondecreasing Lam >= 0 with Lam(0) = 0 on arcs, and *any* delta on the ends of pairs,

    left >= sum over joints  min (E(x,y) + theta(x) + theta(y) - deltas)  +  sum over the others min theta(x)
    theta(x) = u(x) + sum over arcs out of x of Lam(x) - sum over arcs into x of Lam(x) + deltas

(the Lagrangian of the arcs; each variable's theta stands with its first joint). Multipliers come from
the solver, but a wrong one only weakens the bound. The network is read again from its tables.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.errors import SolverError
from optimization.safety_stock.elimination import Hub, Step
from optimization.safety_stock.model import Edge, Joint, Order, PairModel, TableJoint, ends, table_from

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Multipliers:
    """
    Prices of what the core relaxes.

    Parameters
    ----------
    orders
        Per arc (low, high): Lam at 0, 1, 2, ... up to the largest value of `low`.
    deltas
        Per end of a joint (variable, first, second): one price per value.
    """

    orders: dict[tuple[int, int], Floats]
    deltas: dict[tuple[int, int, int], Floats]


def replay_steps(model: PairModel, steps: tuple[Step | Hub, ...]) -> list[float]:
    """
    What each step's variable costs at least, leaving in `model` what is left for the core.

    Parameters
    ----------
    model
        The unreduced model; used up.
    """
    slacks = []
    for step in steps:
        if isinstance(step, Hub):
            _replay_hub(model, step)
            slacks.append(0.0)
        else:
            slacks.append(_replay_elimination(model, step))
    return slacks


def core_bound(
    core: PairModel, variables: tuple[int, ...], prices: Multipliers, domains: dict[int, tuple[int, int]]
) -> float:
    """
    Bound on the core for the given multipliers.

    Parameters
    ----------
    domains
        Smallest and largest value allowed per variable.
    """
    theta = {x: core.unary[x] for x in variables}
    home: dict[int, tuple[int, int]] = {}
    joints: list[Joint] = []
    for x in variables:
        for y, edge in sorted(core.edges[x].items()):
            if isinstance(edge, Order):
                lam = prices.orders[edge.low, edge.high]
                size = core.unary[x].size
                price = (
                    lam[:size]
                    if size <= lam.size
                    else np.concatenate([lam, np.full(size - lam.size, lam[-1])])
                )
                theta[x] = theta[x] + price if edge.low == x else theta[x] - price
            else:
                if x < y:
                    joints.append(edge)
                first = home.setdefault(x, ends(edge))
                if first != ends(edge):
                    theta[x] = theta[x] + prices.deltas[x, *ends(edge)]
    total = sum(_least(theta[x], domains[x]) for x in variables if x not in home)
    return total + sum(_least_joint(edge, theta, home, (prices, domains)) for edge in joints)


def _replay_hub(model: PairModel, hub: Hub) -> None:
    if hub.variable != len(model.unary):
        raise SolverError("a hub out of turn")
    model.add_variable(np.zeros(max(model.unary[x].size for x in hub.lows)))
    for x in hub.lows:
        around = model.edges[x]
        for y in hub.highs:
            arc = around.pop(y)
            if not isinstance(arc, Order) or arc.low != x:
                raise SolverError("a hub replaces arcs only")
            del model.edges[y][x]
        model.join_new(x, hub.variable)
    for y in hub.highs:
        model.join_new(hub.variable, y)


def _replay_elimination(model: PairModel, step: Step) -> float:
    x = step.variable
    unary, around = model.unary[x], model.edges[x]
    neighbours = tuple(sorted(around))
    edges = tuple(around[y] for y in neighbours)
    model.disconnect(x)
    if not neighbours:
        return float(unary.min())
    if len(neighbours) == 1:
        y = neighbours[0]
        model.unary[y] = model.unary[y] + step.message
        return message_slack(unary, edges[0], x, step.message)
    y, z = neighbours
    slack = _pair_slack(unary, edges, (x, y, z), step.message)
    model.connect(TableJoint(y, z, step.message))
    return slack


def message_slack(unary: Floats, edge: Edge, x: int, message: Floats) -> float:
    """Least u(x) + E(x,y) - K(y)."""
    if isinstance(edge, Order):
        return _arc_slack(unary[:, None], edge, x, message[:, None])
    return _slack(unary[:, None] + table_from(edge, x, (unary.size, message.size)), message)


def _pair_slack(
    unary: Floats, edges: tuple[Joint | Order, ...], around: tuple[int, int, int], message: Floats
) -> float:
    """Least u(x) + E(x,y) + E(x,z) - K(y,z), one row of x after the other or along the arc."""
    x, _, _ = around
    sizes = message.shape
    first, second = edges
    if isinstance(first, Order):
        return _arc_slack(unary[:, None] + table_from(second, x, (unary.size, sizes[1])), first, x, message)
    if isinstance(second, Order):
        return _arc_slack(unary[:, None] + table_from(first, x, (unary.size, sizes[0])), second, x, message.T)
    left, right = table_from(first, x, (unary.size, sizes[0])), table_from(second, x, (unary.size, sizes[1]))
    return min(_slack(unary[v] + left[v][:, None] + right[v][None, :], message) for v in range(unary.size))


def _arc_slack(wide: Floats, arc: Order, x: int, message: Floats) -> float:
    """The message at every y that x allows is at most wide[x]: compare with the greatest of them."""
    size, rows = message.shape[0], wide.shape[0]
    if arc.low == x:
        greatest = np.maximum.accumulate(message[::-1], axis=0)[::-1]
        return _slack(wide[: min(rows, size)], greatest[: min(rows, size)])
    greatest = np.maximum.accumulate(message, axis=0)
    return _slack(wide, greatest[np.minimum(np.arange(rows), size - 1)])


def _slack(reached: Floats, message: Floats) -> float:
    """Least difference; where the pair is impossible anyway there is nothing to lose."""
    with np.errstate(invalid="ignore"):
        difference = reached - message
    least = difference.min()
    return float(np.nanmin(difference, initial=np.inf) if np.isnan(least) else least)


def _least(theta: Floats, domain: tuple[int, int]) -> float:
    return float(theta[domain[0] : domain[1] + 1].min())


def _least_joint(
    edge: Joint,
    theta: dict[int, Floats],
    home: dict[int, tuple[int, int]],
    rest: tuple[Multipliers, dict[int, tuple[int, int]]],
) -> float:
    prices, domains = rest
    total = edge.values
    for axis, x in enumerate(ends(edge)):
        is_home = home[x] == ends(edge)
        price = theta[x] if is_home else -prices.deltas[x, *ends(edge)]
        total = total + (price[:, None] if axis == 0 else price[None, :])
    (a, b), (c, d) = domains[edge.first], domains[edge.second]
    return float(total[a : b + 1, c : d + 1].min())
