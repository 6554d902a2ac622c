"""A snapshot by id, with what planning leaves out of it and why: the first step from snapshot to arrays."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from optimization.network import Finding, Item, Lane, LaneKind, Location, Snapshot, Stage, Supplier
from optimization.parameters import PlanningParameters, StageParameters
from optimization.replenishment.buckets import OpenDays
from optimization.units import Units
from optimization.validate import find_circle

_NO_RULE = StageParameters()
NO_TIME = 1e-9  # days: not even a rounding error of one


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
        return _lead_days(lane, self.suppliers, self.of_stage)

    def preferred(self, within: Sequence[bool]) -> dict[str, int]:
        """
        By stage, the number of the lane preferred at `as_of`.

        Parameters
        ----------
        within
            By lane, whether it runs within a circle: it brings in nothing that was not there, so it comes last.
        """
        best: dict[str, tuple[bool, int, str, int]] = {}
        for k, (lane, is_within) in enumerate(zip(self.lanes, within, strict=True)):
            rank = (is_within, lane.priority, lane.id, k)
            if not self.is_barred(lane) and rank < best.get(lane.stage, (*rank[:3], len(self.lanes))):
                best[lane.stage] = rank
        return {stage: k for stage, (*_, k) in best.items()}

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
    suppliers = {supplier.id: supplier for supplier in snapshot.suppliers}
    return Reading(
        snapshot,
        parameters,
        items,
        suppliers,
        _open_days(snapshot),
        of_stage,
        {stage.id: k for k, stage in enumerate(snapshot.stages)},
        lanes,
        tuple(factor for _, factor in kept),
        units,
        _circular([lane for lane in lanes if _lead_days(lane, suppliers, of_stage) <= NO_TIME]),
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


def _lead_days(lane: Lane, suppliers: Mapping[str, Supplier], of_stage: Mapping[str, Stage]) -> float:
    days = lane.lead_time
    supplier = suppliers.get(lane.supplier) if lane.kind is LaneKind.PURCHASE else None
    if lane.lead_time_distribution:
        days = sum(value * p for value, p in lane.lead_time_distribution)
    elif supplier is not None and supplier.lead_time_mean is not None:
        days = supplier.lead_time_mean
    return days + of_stage[lane.stage].processing_time


def _circular(instant: Sequence[Lane]) -> frozenset[str]:
    """Of lanes that take no time those to slow down, one circle after the other, until there is none."""
    left = {lane.id: lane for lane in instant}
    slowed: set[str] = set()
    while True:
        arcs: dict[str, list[str]] = {}
        for lane in left.values():
            for source in _inputs(lane):
                arcs.setdefault(source, []).append(lane.stage)
        circle = find_circle(arcs)
        if not circle:
            return frozenset(slowed)
        closing = set(itertools.pairwise(circle))  # bills of materials run in no circle: there is a transfer
        slow = [
            lane.id
            for lane in left.values()
            if lane.kind is LaneKind.TRANSFER and (lane.source, lane.stage) in closing
        ]
        slowed.update(slow)
        for i in slow:
            del left[i]


def _inputs(lane: Lane) -> list[str]:
    source = [lane.source] if lane.kind is LaneKind.TRANSFER else []
    return [*source, *(component.stage for component in lane.components)]
