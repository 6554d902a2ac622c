"""
A linked part as a network of stages: a picture to find plans by.

The picture may leave out what it likes, since its plan is priced as any orders are and the bound
does not come from it. One lane a stage, the preferred one; its first lead time; one limited resource,
one kind of trucks and one hall a stage. Demand and safety stock of a stage that supplies others
stand at an end stage of their own below it, which takes what it needs at once, in small lots.
Lost sales wait, at a quarter of their price a bucket.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optimization.decomposition.network import Network, Stages, link
from optimization.decomposition.network.bound import first_multipliers
from optimization.decomposition.network.stage_program import Multipliers
from optimization.errors import InvalidNetworkError
from optimization.replenishment.problem import Flags, Floats, Ints, OrderProblem

_WAITS = 4.0  # buckets that a lost sale would wait
_SHARE = 4.0  # lots that serve a bucket's demand where quantities are free
_NONE = -1


@dataclass(frozen=True, slots=True)
class Picture:
    """The network, and by stage of the part its lane (or -1) and lead time."""

    network: Network
    lane: Ints
    lead: Ints


def as_network(problem: OrderProblem) -> Picture | None:
    """The picture of a part, or None where stages supply each other in circles."""
    lane = _preferred(problem)
    chosen = np.flatnonzero(np.isin(problem.arcs.lane, lane[lane >= 0]))
    source, target = problem.arcs.stage[chosen], problem.lanes.stage[problem.arcs.lane[chosen]]
    own = np.flatnonzero(_needs_end(problem, np.isin(np.arange(lane.size), source)))
    count, lead = lane.size, _leads(problem, lane)
    try:
        links = link(
            count + own.size,
            np.concatenate([source, own]).astype(np.int32),
            np.concatenate([target, count + np.arange(own.size)]).astype(np.int32),
            np.concatenate([problem.arcs.quantity[chosen], np.ones(own.size)]),
        )
    except InvalidNetworkError:
        return None
    stages = _with_ends(_stages(problem, lane, lead), own)
    resources, stores, after = problem.resources, problem.stores, problem.buckets - problem.horizon
    is_truck = resources.unit_size > 0.0
    size = np.where(is_truck, resources.unit_size, 1.0)
    capacity = np.where(is_truck[:, None], np.inf, np.maximum(resources.capacity, 0.0))
    network = Network(
        stages,
        links,
        np.append(capacity, np.zeros((len(capacity), after)), axis=1),
        size,
        np.where(is_truck, resources.unit_cost, 0.0),
        np.maximum(stores.capacity, 0.0),
        float(stores.over_cost.max(initial=1.0)),
    )
    return Picture(network, lane, lead)


def wanted_orders(problem: OrderProblem, picture: Picture, orders: Ints) -> Floats:
    """Lots by arrival as base units by lane and order bucket."""
    wanted = np.zeros(problem.lanes.is_open.shape)
    stage, arrival = np.nonzero(orders[: picture.lane.size])
    bucket, lane = arrival - picture.lead[stage], picture.lane[stage]
    seen = bucket < problem.horizon
    units = picture.network.stages.lot[stage] * orders[stage, arrival]
    wanted[lane[seen], bucket[seen]] = units[seen]
    return wanted


def in_network(problem: OrderProblem, picture: Picture, at: Multipliers) -> Multipliers:
    """
    A part's multipliers as the network's.

    There stock is not worth anything at the end, and costs what it costs beyond it; end stages'
    own costs are what they are.
    """
    first, count = first_multipliers(picture.network), picture.lane.size
    inner = ~picture.network.is_end[:count, None] & problem.counted
    for own, known in ((first.eta, at.eta + problem.kept_worth), (first.beta, at.beta), (first.rho, at.rho)):
        own[:count] = np.where(inner, known, own[:count])
    is_line = problem.resources.unit_size == 0.0
    first.mu[is_line, : problem.horizon] = at.mu[is_line]
    first.sigma[:] = np.minimum(at.sigma, picture.network.crowding)
    return first


def _preferred(problem: OrderProblem) -> Ints:
    """By stage, the lane of least surcharge, then cost; -1 where nothing can be ordered."""
    lanes, lane = problem.lanes, np.full(len(problem.stages.ids), _NONE, np.int64)
    used = np.flatnonzero(lanes.is_open.any(axis=1))
    for k in used[np.lexsort((used, lanes.unit_cost[used], lanes.surcharge[used]))][::-1]:
        lane[lanes.stage[k]] = k
    return lane


def _leads(problem: OrderProblem, lane: Ints) -> Ints:
    """Buckets from the first order to its arrival; beyond the end where nothing can be ordered."""
    lanes, at = problem.lanes, np.maximum(lane, 0)
    if not len(lanes.ids):
        return np.full(lane.size, problem.buckets)
    first = lanes.is_open[at].argmax(axis=1)
    return np.where(lane >= 0, lanes.arrival[at, first] - first, problem.buckets)


def _needs_end(problem: OrderProblem, supplies: Flags) -> Flags:
    """Stages that supply others and have demand or a target of their own."""
    stages = problem.stages
    wanted = stages.demand.sum(axis=1) + stages.backorders + stages.target.max(axis=1, initial=0.0)
    needs: Flags = supplies & (wanted > 0.0)
    return needs


def _stages(problem: OrderProblem, lane: Ints, lead: Ints) -> Stages:
    stages, lanes, count = problem.stages, problem.lanes, lane.size
    can, at = lane >= 0, np.maximum(lane, 0)
    rate = np.maximum(_drawn(problem), 1e-6) / _SHARE

    def of_lane(values: Floats, otherwise: float) -> Floats:
        return np.where(can, values[at], otherwise) if values.size else np.full(count, otherwise)

    free = of_lane(np.where(lanes.is_whole, 0.0, 1.0), 1.0) > 0.0
    lot = np.where(free, np.maximum(of_lane(lanes.smallest, 0.0), rate), of_lane(lanes.step, 1.0))
    minimum = np.maximum(np.ceil(of_lane(lanes.smallest, 0.0) / lot - 1e-9), 1.0)
    is_truck = problem.resources.unit_size > 0.0
    is_limited = ~is_truck & np.isfinite(problem.resources.capacity).any(axis=1)
    resource, unit_use, order_use = _uses(problem, lane, is_limited)
    truck, load, _ = _uses(problem, lane, is_truck)
    place, room = np.full(count, _NONE), np.zeros(count)
    place[problem.stores.stage], room[problem.stores.stage] = problem.stores.store, problem.stores.per_unit
    demand = stages.demand.copy()
    demand[:, 0] += stages.backorders
    return Stages(
        on_hand=stages.on_hand,
        receipts=stages.receipts,
        demand=demand,
        lot=lot,
        minimum=minimum.astype(np.int32),
        lead_time=lead.astype(np.int32),
        order_cost=of_lane(lanes.fixed_cost, 0.0),
        holding=stages.holding,
        backlog=np.where(stages.is_lost, stages.lateness_cost / _WAITS, stages.lateness_cost),
        safety_stock=stages.target.max(axis=1, initial=0.0),
        shortfall=stages.shortfall_cost,
        resource=resource.astype(np.int32),
        unit_use=unit_use,
        order_use=order_use,
        lane=truck.astype(np.int32),
        place=place.astype(np.int32),
        volume=np.where(truck >= 0, load, room),
    )


def _drawn(problem: OrderProblem) -> Floats:
    """Mean demand a bucket, or what the largest consumer draws."""
    drawn: Floats = problem.stages.demand.mean(axis=1)
    fed, arcs = problem.lanes.stage[problem.arcs.lane], problem.arcs
    for _ in range(len(drawn)):
        before = drawn.copy()
        np.maximum.at(drawn, arcs.stage, arcs.quantity * before[fed])
        if np.array_equal(before, drawn):
            break
    return np.asarray(drawn)


def _uses(problem: OrderProblem, lane: Ints, chosen: Flags) -> tuple[Ints, Floats, Floats]:
    """By stage, the first of the chosen resources that its lane uses, per unit and per order."""
    resources = problem.resources
    stage_of = np.full(len(problem.lanes.ids) + 1, _NONE)
    stage_of[lane[lane >= 0]] = np.flatnonzero(lane >= 0)
    owner = stage_of[resources.lane]
    kept = np.flatnonzero(chosen[resources.resource] & (owner >= 0))[::-1]
    which, per_unit, per_order = np.full(lane.size, _NONE), np.zeros(lane.size), np.zeros(lane.size)
    which[owner[kept]] = resources.resource[kept]
    per_unit[owner[kept]], per_order[owner[kept]] = resources.per_unit[kept], resources.per_order[kept]
    return which, per_unit, per_order


def _with_ends(stages: Stages, own: Ints) -> Stages:
    """Own demand and safety stock of stages that supply others, at end stages of their own."""
    columns: tuple[Any, ...] = tuple(stages)
    ends = Stages(*(column[own] for column in columns))
    need = np.maximum(ends.demand.mean(axis=1), ends.safety_stock)
    none = np.full(own.size, _NONE, np.int32)
    ends = ends._replace(
        on_hand=np.zeros(own.size), receipts=np.zeros(ends.receipts.shape),
        lot=np.maximum(need / _SHARE, 1e-6), minimum=np.ones(own.size, np.int32),
        lead_time=np.zeros(own.size, np.int32), order_cost=np.zeros(own.size),
        resource=none, lane=none, unit_use=np.zeros(own.size), order_use=np.zeros(own.size),
    )  # fmt: skip
    demand, safety = stages.demand.copy(), stages.safety_stock.copy()
    demand[own], safety[own] = 0.0, 0.0
    rest = stages._replace(demand=demand, safety_stock=safety)
    pairs: Any = zip(rest, ends, strict=True)
    return Stages(*(np.concatenate(pair) for pair in pairs))
