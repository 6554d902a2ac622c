"""A snapshot by id, with what planning leaves out of it and why: the first step from snapshot to arrays."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from optimization.network import Finding, Item, Lane, LaneKind, Location, Snapshot, Stage, Supplier
from optimization.parameters import PlanningParameters, StageParameters
from optimization.replenishment.buckets import OpenDays
from optimization.units import Units
from optimization.validate import find_circle

_NO_RULE = StageParameters()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the readers of stages, lanes and resources look up."""

    snapshot: Snapshot
    parameters: PlanningParameters
    items: Mapping[str, Item]
    suppliers: Mapping[str, Supplier]
    days: Mapping[str, OpenDays]  # by stage
    of_stage: Mapping[str, Stage]
    position: Mapping[str, int]
    lanes: tuple[Lane, ...]  # those whose unit can be converted, by id
    factors: tuple[float, ...]  # base units per unit of the lane
    units: Units
    circular: frozenset[str]  # transfer lanes on a circle that takes no time

    def rule(self, stage: str) -> StageParameters:
        """What rules said about a stage."""
        return self.parameters.stages.get(stage, _NO_RULE)

    def item(self, stage: str) -> Item:
        """The item a stage holds."""
        return self.items[self.of_stage[stage].item]

    def start(self, bucket: int) -> date:
        """First day of a bucket."""
        return self.snapshot.as_of + timedelta(days=bucket * self.snapshot.bucket_days)

    def lead_days(self, lane: Lane) -> float:
        """Days from order to availability: measured where it was measured, and processing after it."""
        days = lane.lead_time
        supplier = self.suppliers.get(lane.supplier) if lane.kind is LaneKind.PURCHASE else None
        if lane.lead_time_distribution:
            days = sum(value * p for value, p in lane.lead_time_distribution)
        elif supplier is not None and supplier.lead_time_mean is not None:
            days = supplier.lead_time_mean
        return days + self.of_stage[lane.stage].processing_time

    def primary(self) -> dict[str, tuple[Lane, float]]:
        """By stage, the lane preferred at `as_of`, and base units per unit of that lane."""
        best: dict[str, tuple[Lane, float]] = {}
        for lane, factor in zip(self.lanes, self.factors, strict=True):
            if self.is_barred(lane):
                continue
            held = best.get(lane.stage)
            if held is None or (lane.priority, lane.id) < (held[0].priority, held[0].id):
                best[lane.stage] = (lane, factor)
        return best

    def is_barred(self, lane: Lane) -> str:
        """Why no order may ever go to a lane's supplier; empty when one may."""
        if lane.kind is not LaneKind.PURCHASE:
            return ""
        if not self.suppliers[lane.supplier].is_active:
            return "inactive supplier"
        return "excluded supplier" if lane.supplier in self.rule(lane.stage).excluded_suppliers else ""


def read_ids(snapshot: Snapshot, parameters: PlanningParameters) -> Reading:
    """Index a valid snapshot; lanes without a unit factor are left out (validation reports them)."""
    items = {item.id: item for item in snapshot.items}
    of_stage = {stage.id: stage for stage in snapshot.stages}
    units = Units(snapshot.conversions)
    kept: list[tuple[Lane, float]] = []
    for lane in sorted(snapshot.lanes, key=lambda lane: lane.id):
        factor = units.factor(lane.unit, items[of_stage[lane.stage].item])
        if factor is not None:
            kept.append((lane, factor))
    lanes = tuple(lane for lane, _ in kept)
    return Reading(
        snapshot,
        parameters,
        items,
        {supplier.id: supplier for supplier in snapshot.suppliers},
        _open_days(snapshot),
        of_stage,
        {stage.id: k for k, stage in enumerate(snapshot.stages)},
        lanes,
        tuple(factor for _, factor in kept),
        units,
        _circular(lanes, of_stage),
    )


def findings_of(reading: Reading) -> Iterator[Finding]:
    """Lanes that planning will not use, and circles it has to slow down."""
    for lane in reading.lanes:
        if reason := reading.is_barred(lane):
            kind = reason.upper().replace(" ", "_")
            message = f"supplier `{lane.supplier}` is {reason.split()[0]}"
            yield Finding(kind, lane.id, message, "EXCLUDED: no order can be placed on it")
        if lane.id in reading.circular:
            message = "transfers run in a circle without taking time"
            yield Finding("INSTANT_CIRCLE", lane.id, message, "DEFAULTED: one bucket of lead time")


def _open_days(snapshot: Snapshot) -> dict[str, OpenDays]:
    calendars = {calendar.id: OpenDays(calendar) for calendar in snapshot.calendars}
    always = OpenDays(None)
    of_location: dict[str, Location] = {location.id: location for location in snapshot.locations}
    return {s.id: calendars.get(of_location[s.location].calendar, always) for s in snapshot.stages}


def _circular(lanes: tuple[Lane, ...], of_stage: Mapping[str, Stage]) -> frozenset[str]:
    """Lanes to slow down, one circle after the other, until no circle takes no time at all."""
    instant = {
        lane.id: lane for lane in lanes if lane.lead_time + of_stage[lane.stage].processing_time < 1e-9
    }
    slowed: set[str] = set()
    while True:
        arcs: dict[str, list[str]] = {}
        for lane in instant.values():
            for source in [lane.source] if lane.source else [c.stage for c in lane.components]:
                arcs.setdefault(source, []).append(lane.stage)
        circle = find_circle(arcs)
        if not circle:
            return frozenset(slowed)
        closing = {(a, b) for a, b in itertools.pairwise(circle)}
        slow = [i for i, lane in instant.items() if (lane.source, lane.stage) in closing]
        slowed.update(slow)
        for i in slow:
            del instant[i]
