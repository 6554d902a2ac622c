"""
Reorder points without optimisation: what an item-location orders by itself when nothing may be solved.

    rate, deviation     demand a day here and of all that is made or moved from here, by primary lanes;
                        streams are independent: variances add up
    exposure            lead time of the primary lane + processing + review, at least one bucket
    point s             minimum stock where the stage has one, else
                        rate exposure + z sqrt(exposure deviation^2 + rate^2 lead deviation^2)
    target S            maximum stock where the stage has one, else s + rate review; never below s
    order               position <= s: S - position, rounded by the release's steps, today

This is the (s, S) rule of Silver, Pyke and Peterson (1998, ch. 7) with normal demand over the
exposure. Stages are read from the customers up, so that what a stage orders is demand of its source
the same day; a source gives no more than it has. Capacities are not looked at: conflicts are for
the rules and for people.
"""

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from optimization.network import Finding, Firmness, Lane, LaneKind, ServiceLevelKind, Snapshot, Stage
from optimization.parameters import PlanningParameters
from optimization.plan import PlannedOrder
from optimization.replenishment.buckets import bucket_from
from optimization.replenishment.lanes import lot_rule
from optimization.replenishment.reading import Reading, findings_of, read_ids
from optimization.safety_stock.problem import GsmProblem, GsmStage
from optimization.safety_stock.service import cycle_safety_factor, fill_rate_safety_factor
from optimization.safety_stock.snapshot import unlimited_problem
from optimization.words import plain

_LEAST = 1e-9  # base units: below it there is nothing to order


@dataclass(frozen=True, slots=True)
class ReorderPoint:
    """
    One stage, base units.

    Parameters
    ----------
    position
        On hand and on order, less backorders and what others take from it today.
    rate
        Demand a day.
    exposure
        Days.
    """

    stage: str
    point: float
    target: float
    position: float
    rate: float
    exposure: float


@dataclass(frozen=True, slots=True)
class ReorderPlan:
    """Points of all stages that have a lane, orders of today, and what could not be taken at its word."""

    points: tuple[ReorderPoint, ...]
    orders: tuple[PlannedOrder, ...]
    findings: tuple[Finding, ...]


def plan_by_reorder_points(snapshot: Snapshot, parameters: PlanningParameters) -> ReorderPlan:
    """
    What every stage orders today by its reorder point; the same snapshot and parameters, the same orders.

    Raises
    ------
    InvalidNetworkError
        The snapshot contradicts itself.
    """
    reading = read_ids(snapshot, parameters)
    problem, findings = unlimited_problem(snapshot, parameters)
    walk = _Walk(reading, problem)
    for stage in walk.from_customers_up():
        walk.visit(stage)
    said = (*findings, *findings_of(reading), *walk.findings)
    return ReorderPlan(tuple(walk.points), tuple(walk.orders), tuple(dict.fromkeys(said)))


class _Walk:
    """The state of the walk up the network."""

    def __init__(self, reading: Reading, problem: GsmProblem) -> None:
        self.reading = reading
        self.lanes = _primary(reading)
        self.read = {stage.name: stage for stage in problem.stages}
        self.rate = {s.name: s.demand.mean if s.demand else 0.0 for s in problem.stages}
        self.variance = {s.name: s.demand.std**2 if s.demand else 0.0 for s in problem.stages}
        self.taken: dict[str, float] = {}
        self.points: list[ReorderPoint] = []
        self.orders: list[PlannedOrder] = []
        self.findings: list[Finding] = []
        self._on_order = _on_order(reading)
        self._place = {lane.id: k for k, lane in enumerate(reading.lanes)}

    def from_customers_up(self) -> Iterator[Stage]:
        """Every stage after all that are supplied from it; circles are cut where they are entered."""
        above: dict[str, list[str]] = {}
        for lane in self.lanes.values():
            for source, _ in _inputs(lane):
                above.setdefault(lane.stage, []).append(source)
        waiting = dict.fromkeys(self.reading.of_stage, 0)
        for sources in above.values():
            for source in sources:
                waiting[source] += 1
        left = set(waiting)
        next_up = [(n, s) for s, n in waiting.items()]
        heapq.heapify(next_up)
        while left:
            _, stage = heapq.heappop(next_up)
            if stage not in left:  # counted down, and taken, meanwhile
                continue
            left.remove(stage)
            yield self.reading.of_stage[stage]
            for source in above.get(stage, ()):
                waiting[source] -= 1
                heapq.heappush(next_up, (waiting[source], source))

    def visit(self, stage: Stage) -> None:
        """Its point; its order, which its sources then have less; its demand is theirs too."""
        lane = self.lanes.get(stage.id)
        if lane is None:
            return
        point = self._point(stage, self.read[stage.id])
        self.points.append(point)
        for source, each in _inputs(lane):
            self.rate[source] += each * point.rate
            self.variance[source] += each * each * self.variance[stage.id]
        if self.reading.rule(stage.id).is_frozen or point.position > point.point:
            return
        self._order(stage, lane, point)

    def _point(self, stage: Stage, read: GsmStage) -> ReorderPoint:
        rate, review = self.rate[stage.id], max(stage.review_period, float(self.reading.snapshot.bucket_days))
        exposure = read.processing_time + review  # processing and lead time are read as one
        deviation = math.sqrt(exposure * self.variance[stage.id] + (rate * _lead_deviation(read)) ** 2)
        factor = self.reading.rule(stage.id).safety_stock_factor
        safety = (
            self._safety_factor(stage, rate * review, deviation)
            * deviation
            * (1.0 if factor is None else factor)
        )
        point = stage.min_stock if stage.min_stock is not None else rate * exposure + safety
        target = max(point, stage.max_stock if stage.max_stock is not None else point + rate * review)
        on_order = self._on_order.get(stage.id, 0.0)
        position = stage.on_hand + on_order - stage.backorders - self.taken.get(stage.id, 0.0)
        return ReorderPoint(stage.id, point, target, position, rate, exposure)

    def _safety_factor(self, stage: Stage, cycle_demand: float, deviation: float) -> float:
        parameters = self.reading.parameters
        level = self.reading.rule(stage.id).service_level or stage.service_level or parameters.service_level
        if level.kind is ServiceLevelKind.CYCLE:
            return max(0.0, cycle_safety_factor(level.target))
        return float(fill_rate_safety_factor(level.target, cycle_demand, deviation))

    def _order(self, stage: Stage, lane: Lane, point: ReorderPoint) -> None:
        need, k = point.target - point.position, self._place[lane.id]
        rule, factor = lot_rule(self.reading, k), self.reading.factors[k]
        if need <= _LEAST or not rule.is_possible:
            return
        quantity, rounding = rule.round(need)
        if (room := self._room(lane)) < quantity:
            quantity = rule.at_most(room)
            rounding = (*rounding, f"source {room:.12g}")
            done = (
                "CAPPED: what the source has" if quantity > _LEAST else "EXCLUDED: nothing is ordered today"
            )
            self.findings.append(Finding("SOURCE_SHORT", lane.id, f"{plain(need)} are needed", done))
        if quantity <= _LEAST:
            return
        for source, each in _inputs(lane):
            self.taken[source] = self.taken.get(source, 0.0) + each * quantity
        snapshot = self.reading.snapshot
        days = math.ceil(self.reading.lead_days(lane) - 1e-9)
        due = self.reading.days[stage.id].after(
            snapshot.as_of, days, working=lane.kind is LaneKind.PRODUCTION
        )
        self.orders.append(
            PlannedOrder(
                id=f"{lane.id}@{snapshot.as_of}",
                lane=lane.id,
                stage=stage.id,
                quantity=quantity,
                need=need,
                order_bucket=0,
                due_bucket=bucket_from(due, snapshot.as_of, snapshot.bucket_days),
                cost=lane.fixed_cost + lane.unit_cost * quantity / factor,
                rounding=rounding,
            )
        )

    def _room(self, lane: Lane) -> float:
        """What the sources have left today, in units of the stage."""
        left = [
            (self.reading.of_stage[s].on_hand - self.taken.get(s, 0.0)) / each for s, each in _inputs(lane)
        ]
        return max(0.0, min(left, default=math.inf))


def _inputs(lane: Lane) -> tuple[tuple[str, float], ...]:
    """What a unit takes from other stages."""
    if lane.kind is LaneKind.TRANSFER:
        return ((lane.source, 1.0),)
    return tuple((c.stage, c.quantity) for c in lane.components if c.quantity > 0.0)


def _primary(reading: Reading) -> dict[str, Lane]:
    """By stage, the lane of the lowest priority number among those in effect today."""
    day, found = reading.snapshot.as_of, dict[str, Lane]()
    for lane in sorted(reading.lanes, key=lambda lane: (lane.priority, lane.id)):
        if (lane.effective_from or day) <= day <= (lane.effective_to or day) and not reading.is_barred(lane):
            found.setdefault(lane.stage, lane)
    return found


def _lead_deviation(read: GsmStage) -> float:
    """Deviation of the lead time, days."""
    if not read.lead_time_distribution:
        return read.lead_time_std
    mean = sum(days * p for days, p in read.lead_time_distribution)
    return math.sqrt(sum(p * (days - mean) ** 2 for days, p in read.lead_time_distribution))


def _on_order(reading: Reading) -> Mapping[str, float]:
    """Open orders by stage, base units; one without a unit factor is validation's finding."""
    found: dict[str, float] = {}
    for receipt in reading.snapshot.receipts:
        factor = reading.units.factor(receipt.unit, reading.item(receipt.stage))
        is_counted = receipt.firmness is not Firmness.PROPOSED or reading.parameters.counts_proposed_receipts
        if factor is not None and is_counted:
            found[receipt.stage] = found.get(receipt.stage, 0.0) + receipt.quantity * factor
    return found
