"""
Refuse a snapshot that contradicts itself, with every problem at once; note what is merely odd.

A contradiction (an unknown id, a cycle, a quantity that is no quantity) raises; what a planner can
live with (an overdue receipt, a lane whose unit has no factor) becomes a `Finding` that says what
planning will do instead. Linear in the size of the snapshot.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Protocol

from optimization.errors import InvalidNetworkError, Problem
from optimization.network import Finding, Lane, LaneKind, Receipt, Snapshot
from optimization.ranges import out_of_range
from optimization.units import Units
from optimization.words import plain

_EARLIEST, _LATEST = date(1970, 1, 1), date(2999, 12, 31)
_CENTURY = 36_525  # days; the end of what is planned stays within what a calendar can say
_LISTED = 1_000  # problems carried by the error; the message says how many there are


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def validate_snapshot(snapshot: Snapshot) -> tuple[Finding, ...]:
    """
    What is odd in a snapshot that can be planned.

    Raises
    ------
    InvalidNetworkError
        The snapshot contradicts itself; `problems` lists everything wrong with it.
    """
    problems = [p for check in _CHECKS for p in check(snapshot)]
    if not problems:
        problems = list(_cycles(snapshot))
    if problems:
        first = problems[0]
        raise InvalidNetworkError(first.field, first.problem, first.fix, others=tuple(problems[1:_LISTED]))
    return (*_overdue_receipts(snapshot), *_missing_factors(snapshot))


def _header(snapshot: Snapshot) -> Iterator[Problem]:
    if not snapshot.stages:
        yield Problem("stages", "the network is empty", "give at least one stage")
    if not 1 <= snapshot.bucket_days <= 366:
        yield Problem("bucket_days", f"`{snapshot.bucket_days}` is not between 1 and 366", "7 is a week")
    if not 1 <= snapshot.horizon <= 3_660:
        yield Problem("horizon", f"`{snapshot.horizon}` is not between 1 and 3660", "count buckets")


def _ids(snapshot: Snapshot) -> Iterator[Problem]:
    sets: Mapping[str, Sequence[_Named]] = {
        "items": snapshot.items,
        "locations": snapshot.locations,
        "suppliers": snapshot.suppliers,
        "calendars": snapshot.calendars,
        "stages": snapshot.stages,
        "lanes": snapshot.lanes,
        "order_groups": snapshot.order_groups,
        "resources": snapshot.resources,
        "receipts": snapshot.receipts,
    }
    for name, members in sets.items():
        seen: set[str] = set()
        for k, member in enumerate(members):
            if not member.id:
                yield Problem(f"{name}[{k}].id", "is empty", "every member of a set needs an id")
            elif member.id in seen:
                yield Problem(f"{name}[{k}].id", f"`{_short(member.id)}` is used twice", "ids are unique")
            seen.add(member.id)
    for stage, count in _repeated([demand.stage for demand in snapshot.demands]):
        yield Problem("demands", f"stage `{_short(stage)}` has {count} demands", "give one per stage")


def _repeated(names: list[str]) -> list[tuple[str, int]]:
    """Names that stand there more than once, and how often; in most snapshots none does."""
    if len(set(names)) == len(names):
        return []
    return [(name, count) for name, count in Counter(names).items() if count > 1]


def _references(snapshot: Snapshot) -> Iterator[Problem]:
    known = {
        "item": {x.id for x in snapshot.items},
        "location": {x.id for x in snapshot.locations},
        "supplier": {x.id for x in snapshot.suppliers},
        "calendar": {x.id for x in snapshot.calendars},
        "stage": {x.id for x in snapshot.stages},
        "lane": {x.id for x in snapshot.lanes},
        "order group": {x.id for x in snapshot.order_groups},
        "resource": {x.id for x in snapshot.resources},
    }
    for field, kind, value in _named_references(snapshot):
        if value not in known[kind]:
            problem = f"`{_short(value)}` is not a {kind}" if value else "is empty"
            yield Problem(field, problem, f"name an existing {kind}")


def _named_references(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:  # noqa: C901 - one line a reference
    for k, stage in enumerate(snapshot.stages):
        yield f"stages[{k}].item", "item", stage.item
        yield f"stages[{k}].location", "location", stage.location
    for k, location in enumerate(snapshot.locations):
        if location.calendar:
            yield f"locations[{k}].calendar", "calendar", location.calendar
    for k, lane in enumerate(snapshot.lanes):
        yield from _lane_references(f"lanes[{k}]", lane)
    for k, resource in enumerate(snapshot.resources):
        if resource.location:
            yield f"resources[{k}].location", "location", resource.location
        if resource.supplier:
            yield f"resources[{k}].supplier", "supplier", resource.supplier
    for k, demand in enumerate(snapshot.demands):
        yield f"demands[{k}].stage", "stage", demand.stage
    for k, receipt in enumerate(snapshot.receipts):
        yield f"receipts[{k}].stage", "stage", receipt.stage
        if receipt.lane:
            yield f"receipts[{k}].lane", "lane", receipt.lane
    for k, conversion in enumerate(snapshot.conversions):
        if conversion.item:
            yield f"conversions[{k}].item", "item", conversion.item


def _lane_references(field: str, lane: Lane) -> Iterator[tuple[str, str, str]]:
    yield f"{field}.stage", "stage", lane.stage
    if lane.kind is LaneKind.PURCHASE:
        yield f"{field}.supplier", "supplier", lane.supplier
    if lane.kind is LaneKind.TRANSFER:
        yield f"{field}.source", "stage", lane.source
    for n, component in enumerate(lane.components):
        yield f"{field}.components[{n}].stage", "stage", component.stage
    for n, use in enumerate(lane.uses):
        yield f"{field}.uses[{n}].resource", "resource", use.resource
    if lane.minimum_group:
        yield f"{field}.minimum_group", "order group", lane.minimum_group


def _probabilities(snapshot: Snapshot) -> Iterator[Problem]:
    fix = "give a number strictly between 0 and 1"
    for k, stage in enumerate(snapshot.stages):
        if stage.service_level and not 0.0 < stage.service_level.target < 1.0:
            yield Problem(
                f"stages[{k}].service_level.target", f"`{stage.service_level.target}` cannot be promised", fix
            )
    for k, demand in enumerate(snapshot.demands):
        for n, quantile in enumerate(demand.quantiles):
            if not 0.0 < quantile.probability < 1.0:
                field = f"demands[{k}].quantiles[{n}].probability"
                yield Problem(field, f"`{quantile.probability}` is no probability of a quantile", fix)
    for k, lane in enumerate(snapshot.lanes):
        total = math.fsum(p for _, p in lane.lead_time_distribution)
        if lane.lead_time_distribution and not abs(total - 1.0) <= 1e-6:
            yield Problem(
                f"lanes[{k}].lead_time_distribution", f"probabilities add up to `{total}`", "make it 1"
            )


def _shapes(snapshot: Snapshot) -> Iterator[Problem]:  # noqa: C901 - one line a shape
    for k, demand in enumerate(snapshot.demands):
        given = [n for n in ("mean", "quantiles", "history") if getattr(demand, n)]
        if len(given) > 1:
            yield Problem(f"demands[{k}]", f"gives {' and '.join(given)}", "give exactly one of them")
        if len(demand.std) > len(demand.mean):
            problem = f"{len(demand.std)} values for {len(demand.mean)} of mean"
            yield Problem(f"demands[{k}].std", problem, "give at most one a bucket; the last one holds")
        lengths = {len(q.values) for q in demand.quantiles}
        if len(lengths) > 1 or 0 in lengths:
            yield Problem(f"demands[{k}].quantiles", "differ in length", "give the same buckets to each")
    for k, stage in enumerate(snapshot.stages):
        if stage.max_stock is not None and (stage.min_stock or 0.0) > stage.max_stock:
            fix = "make the corridor's maximum at least its minimum"
            yield Problem(f"stages[{k}].max_stock", f"`{stage.max_stock}` is below min_stock", fix)
        falls = next((n for n, (a, b) in enumerate(pairwise(stage.cost_table), 1) if b < a), None)
        if falls is not None:
            problem = f"`{stage.cost_table[falls]}` is below the value before it"
            fix = "waiting longer never costs less"
            yield Problem(f"stages[{k}].cost_table[{falls}]", problem, fix)
    for k, calendar in enumerate(snapshot.calendars):
        if set(calendar.closed_weekdays) >= set(range(1, 8)):
            yield Problem(f"calendars[{k}].closed_weekdays", "closes every day", "leave a weekday open")
        if not set(calendar.closed_weekdays) <= set(range(1, 8)):
            yield Problem(f"calendars[{k}].closed_weekdays", "holds a day other than 1 .. 7", "1 is Monday")
    for k, lane in enumerate(snapshot.lanes):
        yield from _lane_shape(f"lanes[{k}]", lane)


def _lane_shape(field: str, lane: Lane) -> Iterator[Problem]:
    if lane.kind is LaneKind.PRODUCTION and not lane.components:
        yield Problem(
            f"{field}.components", "a production lane without components", "give its bill of materials"
        )
    if lane.kind is LaneKind.TRANSFER and lane.source == lane.stage:
        yield Problem(f"{field}.source", f"`{_short(lane.source)}` supplies itself", "name another stage")
    if repeated := _repeated([component.stage for component in lane.components]):
        yield Problem(
            f"{field}.components", f"`{_short(repeated[0][0])}` is listed twice", "add the quantities up"
        )
    if lane.effective_from and lane.effective_to and lane.effective_to < lane.effective_from:
        problem = f"`{lane.effective_to}` is before effective_from `{lane.effective_from}`"
        yield Problem(f"{field}.effective_to", problem, "give a later day or none")


def _dates(snapshot: Snapshot) -> Iterator[Problem]:
    if not _EARLIEST <= snapshot.as_of <= _LATEST:
        problem = f"`{snapshot.as_of}` is not between {_EARLIEST} and {_LATEST}"
        yield Problem("as_of", problem, "give the day of the snapshot")
    if snapshot.horizon * snapshot.bucket_days > _CENTURY:
        problem = f"{snapshot.horizon} buckets of {snapshot.bucket_days} days are more than a century"
        yield Problem("horizon", problem, "count buckets, not days")
    for k, receipt in enumerate(snapshot.receipts):
        if receipt.ordered and receipt.ordered > snapshot.as_of:
            problem = f"`{receipt.ordered}` is after as_of `{snapshot.as_of}`"
            yield Problem(f"receipts[{k}].ordered", problem, "an open order was placed before the snapshot")


def _cycles(snapshot: Snapshot) -> Iterator[Problem]:
    """A bill of materials that leads back to itself; transfers among siblings may run in circles."""
    arcs: dict[str, list[str]] = defaultdict(list)
    for lane in snapshot.lanes:
        for component in lane.components:
            arcs[component.stage].append(lane.stage)
    circle = find_circle(arcs)
    if circle:
        yield Problem(
            "lanes",
            f"components run in a circle: {' -> '.join(_short(s) for s in circle[:8])}",
            "remove an arc",
        )
    items = {stage.id: stage.item for stage in snapshot.stages}
    for k, lane in enumerate(snapshot.lanes):
        if lane.kind is LaneKind.TRANSFER and items[lane.source] != items[lane.stage]:
            yield Problem(f"lanes[{k}].source", "holds another item", "a transfer moves one item")


def find_circle(arcs: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The nodes of one directed cycle, first node repeated; empty when there is none."""
    colour: dict[str, int] = {}
    for root in arcs:
        if root in colour:
            continue
        colour[root] = 1
        path = [(root, iter(arcs[root]))]
        while path:
            node, successors = path[-1]
            step = next(successors, None)
            if step is None:
                colour[node] = 2
                path.pop()
            elif colour.get(step) == 1:
                nodes = [n for n, _ in path]
                return (*nodes[nodes.index(step) :], step)
            elif step not in colour:
                colour[step] = 1
                path.append((step, iter(arcs.get(step, ()))))
    return ()


def _overdue_receipts(snapshot: Snapshot) -> Iterator[Finding]:
    for receipt in snapshot.receipts:
        if receipt.due < snapshot.as_of:
            yield Finding(
                "OVERDUE_RECEIPT",
                receipt.id,
                f"due {receipt.due}, before {snapshot.as_of}, and still {plain(receipt.quantity)} to come",
                "KEPT: expected in bucket 0",
            )


def _missing_factors(snapshot: Snapshot) -> Iterator[Finding]:
    """What has no unit factor is left out, here as in planning."""
    units = Units(snapshot.conversions)
    items = {item.id: item for item in snapshot.items}
    of_stage = {stage.id: items[stage.item] for stage in snapshot.stages}
    ordered: Iterable[tuple[Lane | Receipt, str]] = [
        *((lane, "EXCLUDED: no order can be placed on it") for lane in snapshot.lanes),
        *((receipt, "EXCLUDED: not counted as supply") for receipt in snapshot.receipts),
    ]
    for subject, action in ordered:
        item = of_stage[subject.stage]
        if units.factor(subject.unit, item) is None:
            message = f"no factor from `{_short(subject.unit)}` to `{item.unit}` of item `{_short(item.id)}`"
            yield Finding("NO_UNIT_FACTOR", subject.id, message, action)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


_CHECKS = (_header, _ids, _references, out_of_range, _probabilities, _shapes, _dates)
