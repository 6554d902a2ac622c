"""
From the ERP's snapshot to the guaranteed-service problem.

    stage          an item at a location; suppliers are outside the network
    arc            the primary transfer or production lane of a stage
    stage time     processing time + lead time of the primary lane (+ review period)
    added cost     the stage's; for a bought item without one, the price on its primary lane
    demand         per day: means over the buckets; deviation over a bucket / sqrt(days in a bucket)
    storage, capacity    see `shared_resources`

The primary lane has the lowest priority number, then the lowest id, among those in effect at
`as_of`. What could not be taken at its word becomes a finding; what contradicts itself is refused.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from optimization.errors import InvalidNetworkError
from optimization.network import Demand, Finding, Lane, LaneKind, Snapshot, Stage, Supplier
from optimization.parameters import PlanningParameters, StageParameters
from optimization.safety_stock.problem import (
    ExternalDemand,
    GsmArc,
    GsmProblem,
    GsmStage,
    check_service_level,
)
from optimization.safety_stock.shared_resources import limit_rates, storage_limits

_NO_RULE = StageParameters()


@dataclass(slots=True)
class _Reading:
    """The snapshot by id, the parameters, and what was found on the way."""

    snapshot: Snapshot
    parameters: PlanningParameters
    suppliers: Mapping[str, Supplier]
    volumes: Mapping[str, float]
    lanes: Mapping[str, tuple[Lane, ...]]
    demands: Mapping[str, list[Demand]]
    findings: list[Finding]

    def rule(self, stage: str) -> StageParameters:
        """What rules said about a stage."""
        return self.parameters.stages.get(stage, _NO_RULE)

    def primary(self, stage: str) -> Lane | None:
        """The lane that a stage is supplied by."""
        return next(iter(self.lanes.get(stage, ())), None)


def problem_from_snapshot(
    snapshot: Snapshot, parameters: PlanningParameters
) -> tuple[GsmProblem, tuple[Finding, ...]]:
    """The problem, and what had to be read otherwise than it stands."""
    reading = _read(snapshot, parameters)
    problem = replace(_unlimited(reading), storage=storage_limits(snapshot))
    limited, overloads = limit_rates(problem, snapshot, reading.lanes)
    return limited, (*reading.findings, *overloads)


def unlimited_problem(
    snapshot: Snapshot, parameters: PlanningParameters
) -> tuple[GsmProblem, tuple[Finding, ...]]:
    """The same as if room and resources had no limit; transfers may run in circles."""
    reading = _read(snapshot, parameters)
    return _unlimited(reading), tuple(reading.findings)


def _unlimited(reading: _Reading) -> GsmProblem:
    snapshot, parameters = reading.snapshot, reading.parameters
    position = {stage.id: k for k, stage in enumerate(snapshot.stages)}
    stages = tuple(_stage(reading, k, stage) for k, stage in enumerate(snapshot.stages))
    arcs = tuple(arc for stage in snapshot.stages for arc in _arcs(reading, position, stage.id))
    return GsmProblem(
        stages,
        arcs,
        pooling=parameters.pooling,
        time_rounding=parameters.time_rounding,
        time_scale=parameters.time_scale,
    )


def _read(snapshot: Snapshot, parameters: PlanningParameters) -> _Reading:
    known = {stage.id for stage in snapshot.stages}
    demands: dict[str, list[Demand]] = defaultdict(list)
    for k, demand in enumerate(snapshot.demands):
        if demand.stage not in known:
            raise InvalidNetworkError(
                f"demands[{k}].stage", f"`{demand.stage}` is not a stage", "add the stage"
            )
        demands[demand.stage].append(demand)
    reading = _Reading(
        snapshot,
        parameters,
        {supplier.id: supplier for supplier in snapshot.suppliers},
        {item.id: item.volume for item in snapshot.items},
        {},
        demands,
        [],
    )
    return replace(reading, lanes=_usable_lanes(reading))


def _usable_lanes(reading: _Reading) -> dict[str, tuple[Lane, ...]]:
    """Per stage, the primary one first."""
    usable: dict[str, list[Lane]] = defaultdict(list)
    for lane in reading.snapshot.lanes:
        if _is_usable(reading, lane):
            usable[lane.stage].append(lane)
    return {
        stage: tuple(sorted(lanes, key=lambda lane: (lane.priority, lane.id)))
        for stage, lanes in usable.items()
    }


def _is_usable(reading: _Reading, lane: Lane) -> bool:
    as_of = reading.snapshot.as_of
    if lane.effective_from and lane.effective_from > as_of:
        return False
    if lane.effective_to and lane.effective_to < as_of:
        return False
    if lane.kind is not LaneKind.PURCHASE:
        return True
    supplier = reading.suppliers.get(lane.supplier)
    is_active = supplier is None or supplier.is_active
    return is_active and lane.supplier not in reading.rule(lane.stage).excluded_suppliers


def _arcs(reading: _Reading, position: Mapping[str, int], stage: str) -> list[GsmArc]:
    lane = reading.primary(stage)
    if lane is None or lane.kind is LaneKind.PURCHASE:
        return []
    sources = (
        [(lane.source, 1.0)]
        if lane.kind is LaneKind.TRANSFER
        else [(component.stage, component.quantity) for component in lane.components]
    )
    quantities: dict[str, float] = defaultdict(float)
    for source, quantity in sources:
        if source not in position:
            raise InvalidNetworkError(
                f"lanes[{lane.id}]", f"source `{source}` is not a stage", "add the stage"
            )
        quantities[source] += quantity
    return [GsmArc(source, stage, quantity) for source, quantity in quantities.items()]


def _stage(reading: _Reading, k: int, stage: Stage) -> GsmStage:
    rule, parameters = reading.rule(stage.id), reading.parameters
    lane = reading.primary(stage.id)
    lead_time, deviation, distribution = _lead_time(reading, lane)
    factor = 1.0 if rule.lead_time_std_factor is None else rule.lead_time_std_factor
    demand = _demand(reading, k, stage)
    promise = stage.max_service_time
    if promise is None and demand is not None:
        promise = parameters.default_max_service_time
    return GsmStage(
        stage.id,
        processing_time=_finite(f"stages[{k}].processing_time", stage.processing_time) + lead_time,
        review_period=stage.review_period,
        added_cost=_added_cost(reading, stage, lane),
        holding_rate=parameters.holding_rate if stage.holding_rate is None else stage.holding_rate,
        external_service_time=stage.external_service_time,
        max_service_time=promise,
        demand=demand,
        lead_time_std=deviation * factor,
        lead_time_distribution=_spread(distribution, factor),
        min_stock=stage.min_stock or 0.0,
        max_stock=stage.max_stock,
        volume=reading.volumes.get(stage.item, 0.0),
        cost_table=stage.cost_table,
    )


def _added_cost(reading: _Reading, stage: Stage, lane: Lane | None) -> float:
    """The stage's own figure; where a bought item has none, its price."""
    if stage.added_cost != 0.0 or lane is None or lane.kind is not LaneKind.PURCHASE or lane.unit_cost == 0.0:
        return stage.added_cost
    reading.findings.append(
        Finding(
            "NO_ADDED_COST",
            stage.id,
            "a bought item without added cost",
            f"DEFAULTED: price of lane {lane.id}",
        )
    )
    return lane.unit_cost


def _lead_time(reading: _Reading, lane: Lane | None) -> tuple[float, float, tuple[tuple[float, float], ...]]:
    """Mean, deviation and distribution in days; a supplier's measured performance goes before its promise."""
    if lane is None:
        return 0.0, 0.0, ()
    mean, deviation = _finite(f"lanes[{lane.id}].lead_time", lane.lead_time), lane.lead_time_std
    if lane.lead_time_distribution:
        return sum(days * p for days, p in lane.lead_time_distribution), 0.0, lane.lead_time_distribution
    supplier = reading.suppliers.get(lane.supplier) if lane.kind is LaneKind.PURCHASE else None
    if supplier is not None and supplier.lead_time_mean is not None:
        mean = _finite(f"suppliers[{supplier.id}].lead_time_mean", supplier.lead_time_mean)
    if supplier is not None and supplier.lead_time_std is not None:
        deviation = _finite(f"suppliers[{supplier.id}].lead_time_std", supplier.lead_time_std)
    return mean, _finite(f"lanes[{lane.id}].lead_time_std", deviation), ()


def _spread(distribution: tuple[tuple[float, float], ...], factor: float) -> tuple[tuple[float, float], ...]:
    """The distribution with its deviation multiplied, around the same mean, no time below 0."""
    mean = sum(days * p for days, p in distribution)
    return tuple((max(0.0, mean + factor * (days - mean)), p) for days, p in distribution)


def _demand(reading: _Reading, k: int, stage: Stage) -> ExternalDemand | None:
    """All streams of outer demand at a stage, independent of each other."""
    streams = [_per_day(reading, demand) for demand in reading.demands.get(stage.id, ())]
    if not streams:
        return None
    level = reading.rule(stage.id).service_level or stage.service_level or reading.parameters.service_level
    check_service_level(f"stages[{k}].service_level", level)
    mean = math.fsum(mean for mean, _ in streams)
    return ExternalDemand(mean, math.sqrt(math.fsum(std * std for _, std in streams)), level)


def _per_day(reading: _Reading, demand: Demand) -> tuple[float, float]:
    days = reading.snapshot.bucket_days
    if days < 1:
        raise InvalidNetworkError("bucket_days", f"`{days}` is not >= 1", "give days per bucket")
    if demand.mean:
        given = demand.std or (0.0,)
        held = given[-1:] * (len(demand.mean) - len(given))  # the last value holds for later buckets
        mean, std = _moments(demand.mean, (*given, *held), demand)
    elif demand.quantiles:
        mean, std = _quantile_moments(demand)
    elif demand.history:
        mean, std = _history_moments(demand)
    else:
        reading.findings.append(
            Finding(
                "NO_DEMAND_VALUES",
                demand.stage,
                "demand without mean, quantiles or history",
                "EXCLUDED: counts as 0",
            )
        )
        return 0.0, 0.0
    return mean / days, std / math.sqrt(days)


def _moments(mean: Sequence[float], std: Sequence[float], demand: Demand) -> tuple[float, float]:
    """Average demand of a bucket, and the root mean square of its deviations."""
    means = _checked(f"demands[{demand.stage}].mean", mean)
    deviations = _checked(f"demands[{demand.stage}].std", std)
    return float(means.mean()), float(np.sqrt((deviations**2).mean()))


def _history_moments(demand: Demand) -> tuple[float, float]:
    history = _checked(f"demands[{demand.stage}].history", demand.history)
    return float(history.mean()), float(history.std(ddof=1)) if history.size > 1 else 0.0


def _quantile_moments(demand: Demand) -> tuple[float, float]:
    """
    Moments of the distribution whose quantile function joins the given points by straight lines.

    Beyond the outermost points it stays flat: what lies there was not given.
    """
    field = f"demands[{demand.stage}].quantiles"
    points = sorted(demand.quantiles, key=lambda q: q.probability)
    if any(not 0.0 < q.probability < 1.0 for q in points):
        raise InvalidNetworkError(field, "probabilities must be strictly between 0 and 1")
    values = np.array([_checked(field, q.values) for q in points])
    if values.size and (np.diff(values, axis=0) < 0).any():
        raise InvalidNetworkError(field, "values fall while probabilities rise", "sort the quantiles")
    knots = [
        (0.0, values[0]),
        *((q.probability, v) for q, v in zip(points, values, strict=True)),
        (1.0, values[-1]),
    ]
    mean, square = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for (p, low), (q, high) in pairwise(knots):
        mean += (q - p) * (low + high) / 2.0
        square += (q - p) * (low * low + low * high + high * high) / 3.0
    return float(mean.mean()), float(np.sqrt(np.maximum(square - mean**2, 0.0).mean()))


def _checked(field: str, values: Sequence[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    numbers = np.asarray(values, dtype=np.float64)
    bad = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= 0.0)))
    if bad.size:
        raise InvalidNetworkError(
            f"{field}[{int(bad[0])}]", f"`{numbers[bad[0]]}` is not a finite number >= 0", "correct the value"
        )
    return numbers


def _finite(field: str, value: float) -> float:
    if not 0.0 <= value < math.inf:
        raise InvalidNetworkError(field, f"`{value}` is not a finite number >= 0", "correct the value")
    return value
