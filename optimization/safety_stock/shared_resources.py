"""
What the stages of a snapshot share: room for safety stock, and how much can arrive a day.

    storage    locations[].storage per volume class, and STORAGE resources, of safety stocks together
    rate       SUPPLIER, PRODUCTION and TRANSPORT resources, of all lanes that use them

A stage's mean demand mu is spread evenly over its n usable lanes, a resource over the lanes in proportion:

    load[r] = sum over lanes l of mu[l] / n[l] per_unit[l,r] / capacity[r]           both a day
    rate[j] = sum over lanes l of j of min over its resources r of mu[j] / n[j] / load[r]

A stage with a lane that no resource limits is not limited, what is used once an order (set-ups) is not
counted, and of a capacity that differs from bucket to bucket the mean counts for rates, the least for room.
Where the rate is below mean demand, no stock can make up for it: a finding names the resource.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from optimization.network import Finding, Lane, Resource, ResourceKind, Snapshot
from optimization.safety_stock.layout import lay_out
from optimization.safety_stock.pooling import cumulate_demand
from optimization.safety_stock.problem import GsmProblem, StorageLimit

_RATES = (ResourceKind.SUPPLIER, ResourceKind.PRODUCTION, ResourceKind.TRANSPORT)

_Lanes = Mapping[str, tuple[Lane, ...]]


def storage_limits(snapshot: Snapshot) -> tuple[StorageLimit, ...]:
    """Room that is not unlimited, with the stages that take some of it."""
    limits = (*_rooms(snapshot), *_storage_resources(snapshot))
    return tuple(limit for limit in limits if limit.stages and limit.capacity < math.inf)


def limit_rates(
    problem: GsmProblem, snapshot: Snapshot, lanes: _Lanes
) -> tuple[GsmProblem, tuple[Finding, ...]]:
    """
    The problem with what can arrive at each stage a day, and the resources too small for mean demand.

    Parameters
    ----------
    lanes
        The usable ones by stage.
    """
    capacities = {r.id: _capacity_a_day(snapshot, r) for r in snapshot.resources if r.kind in _RATES}
    used = {name for served in lanes.values() for lane in served for name, _ in _uses(lane)}
    capacities = {name: c for name, c in capacities.items() if c < math.inf and name in used}
    if not capacities:
        return problem, ()
    flow = _flow(problem)
    needs = _needs(flow, lanes, capacities)
    loads = {name: _share(need, capacities[name]) for name, need in needs.items()}
    rates = {stage: _rate(flow[stage], served, loads) for stage, served in lanes.items()}
    short = {stage for stage, rate in rates.items() if rate < flow[stage]}
    stages = tuple(
        replace(s, capacity=rates[s.name])
        if rates.get(s.name, math.inf) < math.inf and s.name not in short
        else s
        for s in problem.stages
    )
    tightest = sorted({_tightest(lanes[stage], loads) for stage in short})
    return replace(problem, stages=stages), tuple(_overload(n, needs[n], capacities[n]) for n in tightest)


def _rooms(snapshot: Snapshot) -> Iterator[StorageLimit]:
    items = {item.id: item for item in snapshot.items}
    held: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for stage in snapshot.stages:
        item = items.get(stage.item)
        if item is not None and item.volume > 0.0:
            held[stage.location].append((stage.id, item.volume_class))
    for location in snapshot.locations:
        for room in location.storage:
            stages = (s for s, kind in held[location.id] if room.volume_class in ("", kind))
            name = f"{location.id}/{room.volume_class}" if room.volume_class else location.id
            yield StorageLimit(name, room.capacity, tuple(stages))


def _storage_resources(snapshot: Snapshot) -> Iterator[StorageLimit]:
    """A unit takes the most that any lane of its stage states."""
    taken: dict[str, dict[str, float]] = defaultdict(dict)
    for lane in snapshot.lanes:
        for name, each in _uses(lane):
            taken[name][lane.stage] = max(taken[name].get(lane.stage, 0.0), each)
    for resource in snapshot.resources:
        if resource.kind is ResourceKind.STORAGE:
            stages = sorted(taken[resource.id])
            volumes = tuple(taken[resource.id][stage] for stage in stages)
            least = min(_capacities(snapshot, resource))
            yield StorageLimit(resource.id, least, tuple(stages), volumes)


def _uses(lane: Lane) -> Iterator[tuple[str, float]]:
    return ((use.resource, use.per_unit) for use in lane.uses if use.per_unit > 0.0)


def _capacities(snapshot: Snapshot, resource: Resource) -> list[float]:
    """Per bucket, in what lanes use it in: the value given for it, else the one for all buckets."""
    every = math.inf if resource.capacity is None else resource.capacity
    given = resource.capacities[: snapshot.horizon]
    size = resource.unit_size or 1.0
    return [size * c for c in (*given, *[every] * (max(1, snapshot.horizon) - len(given)))]


def _capacity_a_day(snapshot: Snapshot, resource: Resource) -> float:
    each = _capacities(snapshot, resource)
    return math.fsum(each) / len(each) / snapshot.bucket_days


def _flow(problem: GsmProblem) -> dict[str, float]:
    """Mean demand a day of every stage, own and of what it supplies."""
    layout = lay_out(problem)
    own = np.array([problem.stages[k].demand for k in layout.stage.tolist()], dtype=object)
    own[layout.owner[layout.owner >= 0]] = None  # it stands at the sink
    total = cumulate_demand(layout, np.array([0.0 if d is None else d.mean for d in own]))
    names = [problem.stages[k].name for k in layout.stage.tolist()]
    return {
        name: mean for name, mean, owner in zip(names, total.tolist(), layout.owner, strict=True) if owner < 0
    }


def _needs(flow: Mapping[str, float], lanes: _Lanes, capacities: Mapping[str, float]) -> dict[str, float]:
    """What mean demand takes of each resource a day."""
    taken: dict[str, list[float]] = {name: [] for name in capacities}
    for stage, served in lanes.items():
        for lane in served:
            for name, each in _uses(lane):
                if name in taken:
                    taken[name].append(flow[stage] / len(served) * each)
    return {name: math.fsum(uses) for name, uses in taken.items()}


def _share(need: float, capacity: float) -> float:
    if need == 0.0:
        return 0.0
    return need / capacity if capacity else math.inf


def _rate(flow: float, lanes: tuple[Lane, ...], loads: Mapping[str, float]) -> float:
    """Units a day over all lanes of a stage."""
    shares = (max((loads.get(name, 0.0) for name, _ in _uses(lane)), default=0.0) for lane in lanes)
    return math.fsum(flow / len(lanes) / share if share else math.inf for share in shares)


def _tightest(lanes: tuple[Lane, ...], loads: Mapping[str, float]) -> str:
    """The resource that mean demand exceeds most."""
    return max((loads.get(name, 0.0), name) for lane in lanes for name, _ in _uses(lane))[1]


def _overload(name: str, need: float, capacity: float) -> Finding:
    return Finding(
        "CAPACITY",
        name,
        f"mean demand takes {need:g} a day of `{name}`, which has {capacity:g}: no stock can make"
        f" up for the {need - capacity:g} missing",
        "KEPT: the promises stand, safety stock is placed as if the capacity were enough",
    )
