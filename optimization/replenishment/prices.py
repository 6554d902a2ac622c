"""
Prices of the tiers, so that a lower tier never buys what a higher one needs.

    tier 3   hard rules: capacity, room, components     _DOMINANCE times the worst that can happen to demand
    tier 2   demand: late or lost                       the business's price, at least the floor below
    tier 1   soft targets: safety stock, corridor       a multiple of holding cost

Floor: where stages compete for a resource, a unit of it used to keep one stage's demand on time is
worth at least _PRIORITY times what it could save as safety stock of another stage,

    b[j] >= _PRIORITY u[j,r] max_i p[i] / u[i,r]        for every resource, store or component r.

A plan ends, business does not. What is still owed at a stage's end costs what it takes to supply it,
or else being late for the last few buckets would be cheaper than buying at all; a lost sale saves
that cost, so it is added to the price of losing it. What is still in stock at the end is worth what
it would cost to have (a little less, so that nobody buys for stock's sake), or else nothing that comes
in lots of 50 would be bought for a need of 20, and safety stock never. The worth w is a potential: no order gains by it,

    w[i] <= c[l] + sum_j r[l,j] w[j]        for every lane l into i.

What is on its way is no stage's stock and costs nothing to hold. Where stages supply each other it would pay
to have stock change places for ever, so lanes within such circles are charged a little more than to let it lie.
"""

from dataclasses import replace

import numpy as np

from optimization.replenishment.levels import within_circles
from optimization.replenishment.problem import Arcs, Floats, Ints, Lanes, Resources, Stages, Stores

_DOMINANCE = 10.0
_PRIORITY = 2.0
_KEPT = 0.999  # of its cost
_ON_ITS_WAY = 1.01  # of what lying costs
_LONGEST_CHAIN = 100  # levels of a bill of materials or distribution network


def with_floors(stages: Stages, lanes: Lanes, arcs: Arcs, resources: Resources, stores: Stores) -> Stages:
    """Lateness priced so that no soft target outbids demand for what both use."""
    cost = stages.lateness_cost.copy()
    for user, owner, use in (
        (lanes.stage[resources.lane], resources.resource, resources.per_unit),
        (stores.stage, stores.store, stores.per_unit),
    ):
        _raise(cost, _soft(stages), user, owner, use)
    return replace(stages, lateness_cost=np.maximum(cost, _PRIORITY * _rival_rates(stages, lanes, arcs)))


def _soft(stages: Stages) -> Floats:
    soft: Floats = stages.shortfall_cost * (stages.target.max(axis=1, initial=0.0) > 0)
    return soft


def _rival_rates(stages: Stages, lanes: Lanes, arcs: Arcs) -> Floats:
    """Per unit of a stage, what it, or what it is made from, could save as safety stock of another stage."""
    fed = lanes.stage[arcs.lane]
    upwards = _soft(stages)
    for _ in range(_LONGEST_CHAIN):
        before = upwards.copy()
        np.maximum.at(upwards, arcs.stage, before[fed] / arcs.quantity)
        if np.array_equal(before, upwards):
            break
    pairs = np.unique(np.stack([arcs.stage, fed]), axis=1)
    consumers = np.bincount(pairs[0], minlength=upwards.size)
    wanted = (stages.demand.sum(axis=1) + stages.backorders + stages.target.max(axis=1, initial=0.0)) > 0.0
    is_shared = consumers + wanted > 1
    rates = np.zeros(upwards.size)
    np.maximum.at(rates, arcs.stage, upwards[fed] / arcs.quantity)
    rates = np.where(is_shared, rates, 0.0)
    own = np.where(is_shared, upwards, 0.0)
    for _ in range(_LONGEST_CHAIN):
        before = rates.copy()
        np.maximum.at(rates, fed, arcs.quantity * np.maximum(before, own)[arcs.stage])
        if np.array_equal(before, rates):
            break
    return rates


def _raise(cost: Floats, soft: Floats, user: Ints, owner: Ints, use: Floats) -> None:
    is_user = use > 0.0
    user, owner, use = user[is_user], owner[is_user], use[is_user]
    if not user.size:
        return
    rate = np.zeros(owner.max() + 1)
    np.maximum.at(rate, owner, soft[user] / use)
    shared = np.bincount(owner, minlength=rate.size) > 1
    np.maximum.at(cost, user, np.where(shared[owner], _PRIORITY * rate[owner] * use, 0.0))


def with_transit(stages: Stages, lanes: Lanes, arcs: Arcs) -> Lanes:
    """Lanes within circles charged for their transit a little more than lying at the source costs, the corridor included."""
    above = np.where(np.isfinite(stages.ceiling), stages.excess_cost, 0.0)
    lying = _through(np.zeros(lanes.stage.size), arcs, stages.holding + above)
    transit = np.where(lanes.is_open, lanes.arrival - np.arange(lanes.arrival.shape[1]), 0).max(axis=1)
    return replace(
        lanes,
        surcharge=lanes.surcharge
        + np.where(within_circles(stages.value.size, lanes.stage, arcs), _ON_ITS_WAY * lying * transit, 0.0),
    )


def with_settlement(stages: Stages, lanes: Lanes, arcs: Arcs, resources: Resources) -> Stages:
    """Late and lost demand charged with the cost of the units that were not supplied, trucks included."""
    freight = _freight(lanes, resources)
    least = _cheapest(stages, lanes, arcs, lanes.unit_cost)
    moved = _cheapest(stages, lanes, arcs, lanes.unit_cost + freight)
    most = np.maximum(moved, _dearest(stages, lanes, arcs, lanes.unit_cost + lanes.surcharge + freight))
    lost = stages.lateness_cost + moved
    return replace(
        stages,
        lateness_cost=np.where(stages.is_lost, lost, stages.lateness_cost),
        settlement_cost=most,
        worth=_KEPT * least,
    )


def _freight(lanes: Lanes, resources: Resources) -> Floats:
    """Money per unit for its share of full trucks and whatever else is bought in whole units, by lane."""
    freight = np.zeros(lanes.stage.size)
    size = np.where(resources.unit_size > 0.0, resources.unit_size, np.inf)
    np.add.at(freight, resources.lane, resources.per_unit * (resources.unit_cost / size)[resources.resource])
    return freight


def _cheapest(stages: Stages, lanes: Lanes, arcs: Arcs, unit_cost: Floats) -> Floats:
    """Money per unit brought to a stage the cheapest way; its value where nothing brings it from outside."""
    usable = lanes.is_open.any(axis=1)
    outside = usable & ~within_circles(stages.value.size, lanes.stage, arcs)
    start = np.where(np.bincount(lanes.stage[outside], minlength=stages.value.size) > 0, np.inf, stages.value)
    landed = start
    for _ in range(stages.value.size + 1):
        before, landed = landed, start.copy()
        np.minimum.at(landed, lanes.stage[usable], _through(unit_cost, arcs, before)[usable])
        if np.array_equal(before, landed):
            break
    return np.where(np.isfinite(landed), landed, stages.value)


def _dearest(stages: Stages, lanes: Lanes, arcs: Arcs, unit_cost: Floats) -> Floats:
    """The same on the dearest lane of each stage, going round no circle."""
    outside = lanes.is_open.any(axis=1) & ~within_circles(stages.value.size, lanes.stage, arcs)
    start = np.where(np.bincount(lanes.stage[outside], minlength=stages.value.size) > 0, 0.0, stages.value)
    landed = start
    for _ in range(stages.value.size + 1):
        before, landed = landed, start.copy()
        cost = _through(unit_cost, arcs, before)
        np.maximum.at(landed, lanes.stage[outside], cost[outside])
        if np.array_equal(before, landed):
            break
    return landed


def _through(own: Floats, arcs: Arcs, landed: Floats) -> Floats:
    """Money per unit on each lane: its own cost and what it consumes."""
    cost = own.copy()
    np.add.at(cost, arcs.lane, arcs.quantity * landed[arcs.stage])
    return cost


def worst_costs(stages: Stages, lanes: Lanes, arcs: Arcs) -> Floats:
    """The most that one unit missing at a stage can cost anyone downstream."""
    longest = np.maximum(1, stages.end)
    late = stages.lateness_cost * np.where(stages.is_lost, 1.0, longest) + stages.settlement_cost
    late = late + np.where(stages.is_lost, stages.shortfall_cost * longest, 0.0)
    has_demand = (stages.demand.sum(axis=1) + stages.backorders) > 0.0
    soft = stages.shortfall_cost * np.maximum(1, stages.end) * (stages.target.max(axis=1, initial=0.0) > 0)
    worst: Floats = np.maximum(np.where(has_demand, late, 0.0), soft)
    for _ in range(_LONGEST_CHAIN):
        before = worst.copy()
        if arcs.lane.size:
            np.maximum.at(worst, arcs.stage, before[lanes.stage[arcs.lane]] / arcs.quantity)
        if np.array_equal(before, worst):
            break
    return np.maximum(worst, stages.value)


def overload_costs(
    worst: Floats, lanes: Lanes, resources: Resources, stores: Stores
) -> tuple[Resources, Stores]:
    """Hard rules priced above anything that keeping them can cost."""
    of_resource = np.ones(len(resources.ids))
    is_use = resources.per_unit > 0.0
    gain = _DOMINANCE * worst[lanes.stage[resources.lane[is_use]]] / resources.per_unit[is_use]
    np.maximum.at(of_resource, resources.resource[is_use], gain)
    of_resource *= np.where(resources.unit_size > 0.0, resources.unit_size, 1.0)
    of_store = np.ones(len(stores.ids))
    np.maximum.at(of_store, stores.store, _DOMINANCE * worst[stores.stage] / stores.per_unit)
    return replace(resources, over_cost=of_resource), replace(stores, over_cost=of_store)


def missing_costs(worst: Floats) -> Floats:
    """What a component that is not there costs, per unit and bucket."""
    return _DOMINANCE * worst
