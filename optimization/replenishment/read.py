"""
From the ERP's snapshot, the safety stocks and the release's parameters to the planning problem.

The internal horizon reaches beyond the published one by the longest lead time of each stage, so
that an order of the last bucket still has demand to serve; costs of a stage count up to there.
What could not be taken at its word becomes a finding.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from optimization.collection import uncollected
from optimization.network import DemandKind, Finding, Firmness, Lane, Receipt, Snapshot
from optimization.parameters import PlanningParameters
from optimization.replenishment.buckets import bucket_of
from optimization.replenishment.demand import expected_demand
from optimization.replenishment.lanes import arrivals, read_arcs, read_lanes, stages_of, without_useless
from optimization.replenishment.levels import within_circles
from optimization.replenishment.order_sizes import beyond_need
from optimization.replenishment.prices import (
    missing_costs,
    overload_costs,
    with_floors,
    with_settlement,
    with_transit,
    worst_costs,
)
from optimization.replenishment.problem import Arcs, Floats, Ints, OrderProblem, Stages
from optimization.replenishment.reading import Reading, findings_of, read_ids
from optimization.replenishment.shared import read_groups, read_resources, read_stores
from optimization.replenishment.value import unit_values
from optimization.words import plain

_DAYS_A_YEAR = 365.0
_AGES = timedelta(days=500 * 366)  # later than any plan's end
_LONGEST_TAIL = 366  # buckets beyond the horizon; what arrives later is of no use to this plan


def read_problem(
    snapshot: Snapshot,
    safety_stocks: Mapping[str, float],
    parameters: PlanningParameters,
    reserved: Mapping[tuple[str, int], float] | None = None,
) -> OrderProblem:
    """
    Arrays of a valid snapshot.

    Parameters
    ----------
    reserved
        Capacity already taken, by resource and order bucket (storage: by bucket of stock).
    """
    with uncollected():
        return _read(snapshot, safety_stocks, parameters, reserved or {})


def _read(
    snapshot: Snapshot,
    safety_stocks: Mapping[str, float],
    parameters: PlanningParameters,
    taken: Mapping[tuple[str, int], float],
) -> OrderProblem:
    reading = read_ids(snapshot, parameters)
    arrival = arrivals(reading)
    end = _ends(reading, arrival)
    buckets = int(end.max(initial=snapshot.horizon))
    arcs, resources, groups = read_arcs(reading), read_resources(reading, taken), read_groups(reading)
    values, no_values = unit_values(snapshot.stages, reading.items, _primary(reading, arcs))
    stages, findings = _read_stages(reading, safety_stocks, end, buckets, np.array(values))
    lanes, lane_findings = read_lanes(reading, arrival, buckets, stages, arcs)
    stores = read_stores(reading, buckets, taken)
    lanes, useless = without_useless(lanes, *beyond_need(stages, lanes, arcs, groups))
    lanes = with_transit(stages, lanes, arcs)
    stages = with_settlement(with_floors(stages, lanes, arcs, resources, stores), lanes, arcs, resources)
    worst = worst_costs(stages, lanes, arcs)
    resources, stores = overload_costs(worst, lanes, resources, stores)
    return OrderProblem(
        snapshot.as_of,
        snapshot.bucket_days,
        snapshot.horizon,
        stages,
        lanes,
        arcs,
        resources,
        stores,
        groups,
        missing_costs(worst),
        (*findings_of(reading), *lane_findings, *useless, *no_values, *findings),
    )


def _ends(reading: Reading, arrival: Ints) -> Ints:
    """Per stage, the horizon and its longest lead time in buckets."""
    horizon = reading.snapshot.horizon
    end = np.full(len(reading.snapshot.stages), horizon, dtype=np.int64)
    tail = max(2 * horizon, _LONGEST_TAIL)
    longest = (arrival - np.arange(horizon)).max(axis=1, initial=0).tolist()
    for lane, last in zip(reading.lanes, longest, strict=True):
        if last <= tail and not reading.is_barred(lane):
            stage = reading.position[lane.stage]
            end[stage] = max(end[stage], horizon + last)
    return end


def _primary(reading: Reading, arcs: Arcs) -> dict[str, tuple[Lane, float]]:
    """By stage, the lane that says what a unit is worth, and base units per unit of it; none goes round in a circle."""
    size, stage = len(reading.snapshot.stages), stages_of(reading)
    best = reading.preferred(within_circles(size, stage, arcs).tolist())
    among = np.isin(arcs.lane, list(best.values()))
    chosen = Arcs(arcs.lane[among], arcs.stage[among], arcs.quantity[among])
    is_round = within_circles(size, stage, chosen)
    return {name: (reading.lanes[k], reading.factors[k]) for name, k in best.items() if not is_round[k]}


def _read_stages(
    reading: Reading, safety_stocks: Mapping[str, float], end: Ints, buckets: int, value: Floats
) -> tuple[Stages, list[Finding]]:
    given, days = reading.snapshot.stages, reading.snapshot.bucket_days
    rates = np.array([_rate(reading, k) for k in range(len(given))])
    holding = value * rates * days / _DAYS_A_YEAR
    demand, is_lost, lateness = _read_demand(reading, value, end, buckets)
    safety = np.array([safety_stocks.get(s.id, 0.0) for s in given])
    ceiling = np.array([np.inf if s.max_stock is None else s.max_stock for s in given])
    findings = list(_capped(reading, safety, ceiling))
    safety = np.minimum(safety, ceiling)
    target = np.maximum(safety, np.array([s.min_stock or 0.0 for s in given]))
    receipts, odd = _read_receipts(reading, buckets)
    shortfall = reading.parameters.shortfall_penalty * holding
    stages = Stages(
        ids=tuple(s.id for s in given),
        demand=demand,
        is_lost=is_lost,
        lateness_cost=lateness,
        settlement_cost=np.zeros(value.size),
        worth=np.zeros(value.size),
        on_hand=np.array([s.on_hand for s in given]),
        backorders=np.array([s.backorders for s in given]),
        receipts=receipts,
        target=np.repeat(target[:, None], buckets, axis=1),
        ceiling=ceiling,
        holding=holding,
        shortfall_cost=shortfall,
        excess_cost=shortfall,
        value=value,
        life=np.array([_life(reading, s.id) for s in given], dtype=np.int64),
        end=end,
        safety_stock=safety,
    )
    return stages, findings + odd


def _rate(reading: Reading, k: int) -> float:
    rate = reading.snapshot.stages[k].holding_rate
    return reading.parameters.holding_rate if rate is None else rate


def _life(reading: Reading, stage: str) -> int:
    days = reading.item(stage).shelf_life_days
    return -1 if days is None else days // reading.snapshot.bucket_days


def _read_demand(
    reading: Reading, value: Floats, end: Ints, buckets: int
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    parameters, days = reading.parameters, reading.snapshot.bucket_days
    demand = np.zeros((value.size, buckets))
    is_lost = np.zeros(value.size, dtype=np.bool_)
    lateness = parameters.backorder_penalty * value * days
    for d in reading.snapshot.demands:
        k = reading.position[d.stage]
        demand[k] = expected_demand(d, buckets)
        is_lost[k] = d.kind is DemandKind.LOST_SALE
        if is_lost[k]:
            lateness[k] = parameters.lost_sale_penalty * value[k] if d.penalty is None else d.penalty
        elif d.penalty is not None:
            lateness[k] = d.penalty * days
    demand[np.arange(buckets) >= end[:, None]] = 0.0
    return demand, is_lost, lateness


def _read_receipts(reading: Reading, buckets: int) -> tuple[Floats, list[Finding]]:
    """Open orders by bucket; firm, released and travelling ones are never moved, proposed ones by rule."""
    receipts = np.zeros((len(reading.snapshot.stages), buckets))
    findings = []
    for receipt in reading.snapshot.receipts:
        if receipt.firmness is Firmness.PROPOSED:
            findings.append(_proposed(reading, receipt))
            if not reading.parameters.counts_proposed_receipts:
                continue
        factor, bucket = (
            reading.units.factor(receipt.unit, reading.item(receipt.stage)),
            _due(reading, receipt),
        )
        if factor is not None and bucket < buckets:
            receipts[reading.position[receipt.stage], bucket] += receipt.quantity * factor
    return receipts, findings


def _due(reading: Reading, receipt: Receipt) -> int:
    """The bucket of the first open day on or after the due day; of what is due in ages, the due day's own."""
    as_of, days = reading.snapshot.as_of, reading.snapshot.bucket_days
    due = max(receipt.due, as_of)
    if due - as_of < _AGES:  # a due day of 9999 stands for never, and no calendar goes on after it
        due = reading.days[receipt.stage].next_open(due)
    return bucket_of(due, as_of, days)


def _proposed(reading: Reading, receipt: Receipt) -> Finding:
    counts = reading.parameters.counts_proposed_receipts
    action = "KEPT: counts as supply" if counts else "EXCLUDED: planned anew"
    return Finding(
        "PROPOSED_RECEIPT", receipt.id, f"{plain(receipt.quantity)} only proposed, due {receipt.due}", action
    )


def _capped(reading: Reading, safety: Floats, ceiling: Floats) -> Iterator[Finding]:
    for k in np.flatnonzero(safety > ceiling):
        message = f"safety stock {plain(float(safety[k]))} is above the corridor's maximum"
        yield Finding(
            "SAFETY_STOCK_ABOVE_MAXIMUM",
            reading.snapshot.stages[k].id,
            message,
            f"CAPPED: {plain(float(ceiling[k]))}",
        )
