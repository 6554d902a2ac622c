"""
Parts that share nothing: stages tied by materials, limited resources, room or a pooled minimum.

Each part is a problem of its own; the plan, its cost and its bound are the sums over parts.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from optimization.replenishment.problem import (
    Arcs,
    Flags,
    Floats,
    Groups,
    Ints,
    Lanes,
    OrderProblem,
    Resources,
    Stages,
    Stores,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A problem of its own, and where its lanes and stages stand in the whole."""

    problem: OrderProblem
    stages: Ints
    lanes: Ints


def parts_of(problem: OrderProblem) -> list[Part]:
    """The parts, in the order of their first stage."""
    return _among(problem, _labels(problem))


def gathered(problem: OrderProblem, is_alike: Flags, least: int) -> list[Part]:
    """
    The parts; stages that share nothing with any other and are alike are one, if they are at least so many.

    What needs no solver is planned for all of them at once.
    """
    labels = _labels(problem)
    is_alone = (np.bincount(labels)[labels] == 1) & is_alike if labels.size else is_alike
    if np.count_nonzero(is_alone) >= least:
        labels = np.where(is_alone, labels[is_alone].min(), labels)
    return _among(problem, labels)


def part_with(problem: OrderProblem, stage: int) -> Part:
    """The part that a stage belongs to."""
    labels = _labels(problem)
    return _part(problem, np.flatnonzero(labels == labels[stage]))


def part_of(problem: OrderProblem, members: Ints) -> Part:
    """The problem of some stages; arcs to stages outside are left out, shared capacity is theirs alone."""
    lanes = np.flatnonzero(np.isin(problem.lanes.stage, members))
    buckets = max(problem.horizon, int(problem.stages.end[members].max(initial=0)))
    restricted = OrderProblem(
        problem.as_of,
        problem.bucket_days,
        problem.horizon,
        _stages(problem.stages, members, buckets),
        _lanes(problem, members, lanes, buckets),
        _arcs(problem.arcs, members, lanes),
        _resources(problem.resources, lanes),
        _stores(problem.stores, members, buckets),
        _groups(problem.groups, lanes),
        problem.missing_cost[members],
    )
    return Part(restricted, members, lanes)


def _among(problem: OrderProblem, labels: Ints) -> list[Part]:
    """Stages of one label are one part."""
    first: dict[int, list[int]] = {}
    for stage, label in enumerate(labels.tolist()):
        first.setdefault(label, []).append(stage)
    return [_part(problem, np.array(members, dtype=np.int64)) for members in first.values()]


def _part(problem: OrderProblem, members: Ints) -> Part:
    if members.size < len(problem.stages.ids):
        return part_of(problem, members)
    return Part(problem, members, np.arange(len(problem.lanes.ids)))


def is_limited(problem: OrderProblem) -> Flags:
    """Resources that tie their users together: a capacity, or whole units that are paid for."""
    resources = problem.resources
    return np.isfinite(resources.capacity).any(axis=1) | (
        (resources.unit_size > 0.0) & (resources.unit_cost > 0.0)
    )


def _labels(problem: OrderProblem) -> Ints:
    """Connected components over stages, with one extra node per resource, store and group."""
    count, arcs, resources = len(problem.stages.ids), problem.arcs, problem.resources
    stage = problem.lanes.stage
    limited = is_limited(problem)[resources.resource]
    after_resources = count + len(resources.ids)
    after_stores = after_resources + len(problem.stores.ids)
    pairs = [
        (arcs.stage, stage[arcs.lane]),
        (stage[resources.lane[limited]], count + resources.resource[limited]),
        (problem.stores.stage, after_resources + problem.stores.store),
        (stage[problem.groups.lane], after_stores + problem.groups.group),
    ]
    left, right = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
    size = after_stores + len(problem.groups.ids)
    graph = coo_matrix((np.ones(left.size), (left, right)), shape=(size, size))
    labels: Ints = connected_components(graph, directed=False)[1][:count].astype(np.int64)
    return labels


def _place(members: Ints, size: int) -> Ints:
    """Old number to new number."""
    place = np.full(size, -1, dtype=np.int64)
    place[members] = np.arange(members.size)
    return place


def _stages(stages: Stages, members: Ints, buckets: int) -> Stages:
    def pick(values: Floats) -> Floats:
        return values[members, :buckets] if values.ndim == 2 else values[members]

    chosen: dict[str, Any] = {
        name: pick(getattr(stages, name)) for name in Stages.__dataclass_fields__ if name != "ids"
    }
    return Stages(ids=tuple(stages.ids[k] for k in members), **chosen)


def _lanes(problem: OrderProblem, members: Ints, chosen: Ints, buckets: int) -> Lanes:
    lanes = problem.lanes
    return replace(
        lanes,
        ids=tuple(lanes.ids[k] for k in chosen),
        stage=_place(members, len(problem.stages.ids))[lanes.stage[chosen]],
        arrival=np.minimum(lanes.arrival[chosen], buckets),
        is_open=lanes.is_open[chosen] & (lanes.arrival[chosen] < buckets),
        closures={name: closed[chosen] for name, closed in lanes.closures.items()},
        rules=tuple(lanes.rules[k] for k in chosen),
        **{
            name: getattr(lanes, name)[chosen]
            for name in (
                "unit_cost",
                "surcharge",
                "fixed_cost",
                "step",
                "is_whole",
                "smallest",
                "largest",
                "lead_days",
            )
        },
    )


def _arcs(arcs: Arcs, members: Ints, lanes: Ints) -> Arcs:
    kept = np.isin(arcs.lane, lanes) & np.isin(arcs.stage, members)
    lane_place = _place(lanes, int(arcs.lane.max(initial=-1)) + int(lanes.max(initial=-1)) + 2)
    stage_place = _place(members, int(arcs.stage.max(initial=-1)) + int(members.max(initial=-1)) + 2)
    return Arcs(lane_place[arcs.lane[kept]], stage_place[arcs.stage[kept]], arcs.quantity[kept])


def _resources(resources: Resources, lanes: Ints) -> Resources:
    kept = np.isin(resources.lane, lanes)
    used = np.unique(resources.resource[kept])
    place = _place(used, len(resources.ids))
    lane_place = _place(lanes, int(resources.lane.max(initial=-1)) + int(lanes.max(initial=-1)) + 2)
    return Resources(
        tuple(resources.ids[k] for k in used),
        resources.capacity[used],
        resources.unit_size[used],
        resources.unit_cost[used],
        resources.over_cost[used],
        place[resources.resource[kept]],
        lane_place[resources.lane[kept]],
        resources.per_unit[kept],
        resources.per_order[kept],
    )


def _stores(stores: Stores, members: Ints, buckets: int) -> Stores:
    kept = np.isin(stores.stage, members)
    used = np.unique(stores.store[kept])
    stage_place = _place(members, int(stores.stage.max(initial=-1)) + int(members.max(initial=-1)) + 2)
    return Stores(
        tuple(stores.ids[k] for k in used),
        stores.capacity[used, :buckets],
        stores.over_cost[used],
        _place(used, len(stores.ids))[stores.store[kept]],
        stage_place[stores.stage[kept]],
        stores.per_unit[kept],
    )


def _groups(groups: Groups, lanes: Ints) -> Groups:
    kept = np.isin(groups.lane, lanes)
    used = np.unique(groups.group[kept])
    lane_place = _place(lanes, int(groups.lane.max(initial=-1)) + int(lanes.max(initial=-1)) + 2)
    return Groups(
        tuple(groups.ids[k] for k in used),
        groups.minimum[used],
        _place(used, len(groups.ids))[groups.group[kept]],
        lane_place[groups.lane[kept]],
        groups.weight[kept],
    )
