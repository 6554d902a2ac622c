"""Lanes to arrays: when an order can be placed and when it arrives, its lots and its costs."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from optimization.network import Finding, Lane, LaneKind
from optimization.parameters import RoundingStep
from optimization.replenishment.buckets import bucket_from
from optimization.replenishment.lots import LotRule
from optimization.replenishment.problem import Arcs, Flags, Floats, Ints, Lanes, Stages
from optimization.replenishment.reading import NO_TIME, Reading
from optimization.words import plain

_HAIR = 1e-9


def arrivals(reading: Reading) -> Ints:
    """Bucket in which an order of each bucket can first be used, per lane; unbounded."""
    horizon = reading.snapshot.horizon
    result = np.zeros((len(reading.lanes), horizon), dtype=np.int64)
    for k, lane in enumerate(reading.lanes):
        days = math.ceil(reading.lead_days(lane) - NO_TIME)
        open_days = reading.days[lane.stage]
        slowed = 1 if lane.id in reading.circular else 0
        if open_days.is_always_open:
            result[k] = np.arange(horizon) + max(slowed, -(-days // reading.snapshot.bucket_days))
            continue
        for t in range(horizon):
            day = open_days.after(reading.start(t), days, working=lane.kind is LaneKind.PRODUCTION)
            arrival = bucket_from(day, reading.snapshot.as_of, reading.snapshot.bucket_days)
            result[k, t] = max(arrival, t + slowed)
    return result


def read_lanes(
    reading: Reading, arrival: Ints, buckets: int, stages: Stages, arcs: Arcs
) -> tuple[Lanes, list[Finding]]:
    """The lanes as arrays, and which of them rounding leaves without any quantity."""
    rules = tuple(lot_rule(reading, k) for k in range(len(reading.lanes)))
    largest = np.array([rule.largest for rule in rules])
    closures = _closures(reading, largest)
    shut = np.zeros(arrival.shape, dtype=np.bool_)
    for closed in closures.values():
        shut |= closed
    unit_cost = np.array([lane.unit_cost / f for lane, f in _pairs(reading)])
    stage = stages_of(reading)
    multiple = np.array([rule.multiple for rule in rules])
    lanes = Lanes(
        ids=tuple(lane.id for lane in reading.lanes),
        stage=stage,
        arrival=np.minimum(arrival, buckets),
        is_open=~shut & (arrival < buckets),
        closures=closures,
        unit_cost=unit_cost,
        surcharge=_surcharges(reading, unit_cost, stages, arcs),
        fixed_cost=np.array([lane.fixed_cost for lane in reading.lanes]),
        rules=rules,
        step=np.where(multiple > 0.0, multiple, 1.0),
        is_whole=multiple > 0.0,
        smallest=np.array(
            [rule.smallest if most > 0.0 else 0.0 for rule, most in zip(rules, largest, strict=True)]
        ),
        largest=largest,
        lead_days=np.array([reading.lead_days(lane) for lane in reading.lanes]),
    )
    return lanes, list(_quantity_findings(reading, rules))


def without_useless(lanes: Lanes, useless: Flags, needed: Floats) -> tuple[Lanes, list[Finding]]:
    """Closed where the least order is beyond all need, and what is said about it; `needed` by lane."""
    if not useless.any():
        return lanes, []
    findings = [
        Finding(
            "ORDER_BEYOND_NEED",
            lanes.ids[k],
            f"the least order is over a million times the {plain(float(needed[k]))} that can be needed",
            "EXCLUDED: no order can be placed on it",
        )
        for k in np.flatnonzero(useless).tolist()
    ]
    shut = np.repeat(useless[:, None], lanes.is_open.shape[1], axis=1)
    closures = {**lanes.closures, "order beyond need": shut}
    return replace(lanes, is_open=lanes.is_open & ~shut, closures=closures), findings


def stages_of(reading: Reading) -> Ints:
    """The stage that each lane supplies."""
    return np.array([reading.position[lane.stage] for lane in reading.lanes], dtype=np.int64)


def read_arcs(reading: Reading) -> Arcs:
    """What each lane consumes, per base unit ordered."""
    rows: list[tuple[int, int, float]] = []
    for k, lane in enumerate(reading.lanes):
        if lane.kind is LaneKind.TRANSFER:
            rows.append((k, reading.position[lane.source], 1.0))
        rows.extend((k, reading.position[c.stage], c.quantity) for c in lane.components)
    return Arcs(
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=np.int64),
        np.array([r[2] for r in rows], dtype=np.float64),
    )


def lot_rule(reading: Reading, k: int) -> LotRule:
    """Minimum, multiple and maximum in base units; a step the release leaves out does not apply."""
    lane, factor, steps = reading.lanes[k], reading.factors[k], reading.parameters.rounding
    return LotRule(
        lane.minimum * factor if RoundingStep.MINIMUM in steps else 0.0,
        lane.multiple * factor if RoundingStep.MULTIPLE in steps else 0.0,
        lane.maximum * factor if lane.maximum is not None and RoundingStep.MAXIMUM in steps else math.inf,
        steps,
    )


def _pairs(reading: Reading) -> list[tuple[Lane, float]]:
    return list(zip(reading.lanes, reading.factors, strict=True))


def _closures(reading: Reading, largest: Floats) -> dict[str, Flags]:
    """By rule, the order buckets it closes; of a million lanes most rules close none, and only those are visited."""
    lanes, bucket = reading.lanes, np.arange(reading.snapshot.horizon)
    starts = [reading.start(t) for t in range(reading.snapshot.horizon)]

    def rows(closed: Iterable[tuple[int, Flags | bool]]) -> Flags:
        result = np.zeros((len(lanes), bucket.size), dtype=np.bool_)
        for k, when in closed:
            result[k] = when
        return result

    def outside(lane: Lane) -> Flags:
        first, last = lane.effective_from, lane.effective_to
        return np.array(
            [(first is not None and s < first) or (last is not None and s > last) for s in starts]
        )

    def waits(lane: Lane) -> Flags:
        """Buckets until whose first day no review has come since the bucket before; the first is at `as_of`."""
        buckets = reading.of_stage[lane.stage].review_period / reading.snapshot.bucket_days
        return np.diff(np.floor(bucket / max(buckets, 1.0) + _HAIR), prepend=-1.0) < 1.0

    barred = [reading.is_barred(lane) for lane in lanes]
    found = {
        "frozen horizon": rows((k, bucket < n) for n in [reading.parameters.frozen_buckets] if n for k in range(len(lanes))),
        "frozen stage": rows((k, True) for k, lane in enumerate(lanes) if reading.rule(lane.stage).is_frozen),
        "effectivity": rows((k, outside(lane)) for k, lane in enumerate(lanes) if lane.effective_from or lane.effective_to),
        "review cycle": rows((k, waits(lane)) for k, lane in enumerate(lanes) if reading.of_stage[lane.stage].review_period > reading.snapshot.bucket_days),
        "inactive supplier": rows((k, True) for k, why in enumerate(barred) if why == "inactive supplier"),
        "excluded supplier": rows((k, True) for k, why in enumerate(barred) if why == "excluded supplier"),
        "no order quantity": np.repeat(largest[:, None] <= 0.0, bucket.size, axis=1),
    }  # fmt: skip
    return {name: closed for name, closed in found.items() if closed.any()}


def _surcharges(reading: Reading, unit_cost: Floats, stages: Stages, arcs: Arcs) -> Floats:
    """
    What a unit on a less preferred lane is charged on top of its cost, in the plan's objective only.

    One rank of priority weighs as much as the stage's whole spread of unit costs, with the value of what
    a lane consumes, and a bucket of holding: what a unit costs never decides between priorities, lateness
    does. A fixed cost or a minimum that few units have to bear still may.
    """
    landed = unit_cost.copy()
    np.add.at(landed, arcs.lane, arcs.quantity * stages.value[arcs.stage])
    of_stage: dict[int, list[int]] = defaultdict(list)
    for k, lane in enumerate(reading.lanes):
        if not reading.is_barred(lane):
            of_stage[reading.position[lane.stage]].append(k)
    result = np.zeros(len(reading.lanes))
    for stage, members in of_stage.items():
        if len(members) == 1:
            continue
        ranks = sorted({reading.lanes[k].priority for k in members})
        spread = float(np.ptp(landed[members])) + float(stages.holding[stage])
        for k in members:
            result[k] = ranks.index(reading.lanes[k].priority) * spread
    return result


def _quantity_findings(reading: Reading, rules: tuple[LotRule, ...]) -> list[Finding]:
    findings = []
    for lane, rule in zip(reading.lanes, rules, strict=True):
        if not rule.is_possible:
            message = f"maximum {plain(rule.maximum)} leaves no whole multiple of {plain(rule.multiple)}"
            findings.append(
                Finding("NO_ORDER_QUANTITY", lane.id, message, "EXCLUDED: no order can be placed on it")
            )
        elif rule.minimum > rule.maximum:
            message = f"minimum {plain(rule.minimum)} is above maximum {plain(rule.maximum)}"
            action = f"KEPT: the release's later step wins, every order is {plain(rule.largest)}"
            findings.append(Finding("MINIMUM_ABOVE_MAXIMUM", lane.id, message, action))
    return findings
