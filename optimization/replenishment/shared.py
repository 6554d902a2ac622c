"""What several stages share, as arrays: resources per order bucket, room for stock, pooled minima."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from optimization.network import LotBasis, Resource, ResourceKind
from optimization.replenishment.problem import Floats, Groups, Resources, Stores
from optimization.replenishment.reading import Reading


def read_resources(reading: Reading, reserved: Mapping[tuple[str, int], float]) -> Resources:
    """Supplier, production, transport and budget: used when the order is placed."""
    chosen = [r for r in reading.snapshot.resources if r.kind is not ResourceKind.STORAGE]
    number = {r.id: k for k, r in enumerate(chosen)}
    rows = [
        (
            number[use.resource],
            k,
            *_use(reading, chosen[number[use.resource]], k, use.per_unit, use.per_order),
        )
        for k, lane in enumerate(reading.lanes)
        for use in lane.uses
        if use.resource in number
    ]
    capacity = np.array([_capacity(r, reading.snapshot.horizon) for r in chosen]).reshape(
        len(chosen), reading.snapshot.horizon
    )
    size = np.array([r.unit_size for r in chosen])
    for (name, bucket), amount in reserved.items():
        if name in number and 0 <= bucket < reading.snapshot.horizon:
            # Reserved amounts are in the resource's own measure; whole units count units.
            taken = amount / size[number[name]] if size[number[name]] else amount
            capacity[number[name], bucket] -= taken
    return Resources(
        tuple(r.id for r in chosen),
        capacity,
        size,
        np.array([r.unit_cost for r in chosen]),
        np.ones(len(chosen)),
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=np.int64),
        np.array([r[2] for r in rows], dtype=np.float64),
        np.array([r[3] for r in rows], dtype=np.float64),
    )


def read_stores(reading: Reading, buckets: int, reserved: Mapping[tuple[str, int], float]) -> Stores:
    """Room per location and volume class, and storage resources: filled by stock."""
    names: list[str] = []
    capacities: list[Floats] = []
    rows: list[tuple[int, int, float]] = []
    held: dict[str, list[int]] = defaultdict(list)
    for k, stage in enumerate(reading.snapshot.stages):
        held[stage.location].append(k)
    for location in reading.snapshot.locations:
        for room in location.storage:
            for k in held[location.id]:
                item = reading.item(reading.snapshot.stages[k].id)
                if item.volume and room.volume_class in ("", item.volume_class):
                    rows.append((len(names), k, item.volume))
            names.append(f"{location.id}/{room.volume_class}" if room.volume_class else location.id)
            capacities.append(np.full(buckets, room.capacity))
    for resource in reading.snapshot.resources:
        if resource.kind is ResourceKind.STORAGE:
            rows.extend((len(names), k, per_unit) for k, per_unit in _stored(reading, resource))
            names.append(resource.id)
            capacities.append(_capacity(resource, buckets) * (resource.unit_size or 1.0))
    capacity = np.array(capacities).reshape(len(names), buckets)
    for (name, bucket), amount in reserved.items():
        if name in names and 0 <= bucket < buckets:
            capacity[names.index(name), bucket] -= amount
    return Stores(
        tuple(names),
        capacity,
        np.ones(len(names)),
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=np.int64),
        np.array([r[2] for r in rows], dtype=np.float64),
    )


def read_groups(reading: Reading) -> Groups:
    """Pooled minima over the lanes that name them."""
    chosen = [g for g in reading.snapshot.order_groups if g.minimum > 0.0]
    number = {g.id: k for k, g in enumerate(chosen)}
    rows = []
    for k, (lane, factor) in enumerate(zip(reading.lanes, reading.factors, strict=True)):
        if lane.minimum_group in number:
            is_value = chosen[number[lane.minimum_group]].basis is LotBasis.VALUE
            rows.append((number[lane.minimum_group], k, (lane.unit_cost if is_value else 1.0) / factor))
    return Groups(
        tuple(g.id for g in chosen),
        np.array([g.minimum for g in chosen]),
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=np.int64),
        np.array([r[2] for r in rows], dtype=np.float64),
    )


def _use(
    reading: Reading, resource: Resource, k: int, per_unit: float, per_order: float
) -> tuple[float, float]:
    """A budget that a lane names without figures pays the lane's own costs."""
    if resource.kind is ResourceKind.BUDGET and not per_unit and not per_order:
        lane = reading.lanes[k]
        return lane.unit_cost / reading.factors[k], lane.fixed_cost
    return per_unit, per_order


def _stored(reading: Reading, resource: Resource) -> list[tuple[int, float]]:
    """Room a unit takes, per stage whose lanes use the resource: the most any of them states."""
    room: dict[int, float] = {}
    for lane in reading.lanes:
        for use in lane.uses:
            if use.resource == resource.id and use.per_unit:
                stage = reading.position[lane.stage]
                room[stage] = max(room.get(stage, 0.0), use.per_unit)
    return sorted(room.items())


def _capacity(resource: Resource, buckets: int) -> Floats:
    """Per bucket: the value given for it, else the one for all buckets."""
    every = np.inf if resource.capacity is None else resource.capacity
    given = np.asarray(resource.capacities[:buckets], dtype=np.float64)
    result = np.full(buckets, every)
    result[: given.size] = given
    return result
