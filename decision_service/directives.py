"""
Rule outcomes -> planning parameters: rules speak to planning here and only here.

A parameters table may set, per stage and supplier: `service_level` with `service_kind`,
`lead_time_std_factor`, `safety_stock_factor`, `freeze`, `exclude_supplier`. What is true of the
stage is taken from the evaluation with its preferred supplier; exclusions from each supplier's.

A settled conflict says what some lanes may take in some buckets: an `Allotment`, which planning sees as
one more resource.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from optimization.network import (
    Lane,
    Resource,
    ResourceKind,
    ResourceUse,
    ServiceLevel,
    ServiceLevelKind,
    Snapshot,
)
from optimization.parameters import StageParameters
from rules import Evaluation

OUTPUTS = frozenset(
    {
        "service_level",
        "service_kind",
        "lead_time_std_factor",
        "safety_stock_factor",
        "freeze",
        "exclude_supplier",
    }
)


@dataclass(frozen=True, slots=True)
class Allotment:
    """
    What some lanes may take together, in each of some buckets.

    Parameters
    ----------
    name
        Unique among the allotments and resources of a plan; people read it where it binds.
    resource
        What is taken, in its own measure; empty = the lanes' quantities, base units.
    lanes, buckets
        Whose orders count, and order buckets from `as_of`.
    """

    name: str
    resource: str
    lanes: tuple[str, ...]
    buckets: tuple[int, ...]
    amount: float


def allot(snapshot: Snapshot, allotments: tuple[Allotment, ...]) -> Snapshot:
    """The snapshot as planning sees it: every allotment is a resource that its lanes use."""
    if not allotments:
        return snapshot
    of_lane: dict[str, list[Allotment]] = {}
    for allotment in allotments:
        for lane in allotment.lanes:
            of_lane.setdefault(lane, []).append(allotment)
    lanes = tuple(_bound(lane, of_lane.get(lane.id, [])) for lane in snapshot.lanes)
    added = tuple(_as_resource(allotment, snapshot.horizon) for allotment in allotments)
    return replace(snapshot, lanes=lanes, resources=snapshot.resources + added)


def _bound(lane: Lane, allotments: list[Allotment]) -> Lane:
    uses = tuple(_use(lane, allotment) for allotment in allotments)
    return replace(lane, uses=lane.uses + uses) if uses else lane


def _use(lane: Lane, allotment: Allotment) -> ResourceUse:
    """A lane takes of the allotment what it takes of the resource."""
    if not allotment.resource:
        return ResourceUse(allotment.name, per_unit=1.0)
    of_resource = [use for use in lane.uses if use.resource == allotment.resource]
    return ResourceUse(
        allotment.name, sum(use.per_unit for use in of_resource), sum(use.per_order for use in of_resource)
    )


def _as_resource(allotment: Allotment, horizon: int) -> Resource:
    amounts = tuple(allotment.amount if t in allotment.buckets else inf for t in range(horizon))
    return Resource(allotment.name, ResourceKind.TRANSPORT, capacities=amounts)


def merge(evaluations: tuple[Evaluation, ...]) -> Mapping[str, Any]:
    """All outputs of the tables of one stage of the line; the later table wins."""
    merged: dict[str, Any] = {}
    for evaluation in evaluations:
        merged |= {k: v for k, v in evaluation.outcome.items() if v is not None}
    return merged


def stage_parameters(outcome: Mapping[str, Any]) -> StageParameters:
    """What the rules said about a stage, as planning reads it."""
    return StageParameters(
        service_level=_service_level(outcome),
        lead_time_std_factor=_float(outcome.get("lead_time_std_factor")),
        safety_stock_factor=_float(outcome.get("safety_stock_factor")),
        is_frozen=bool(outcome.get("freeze", False)),
    )


def exclude(parameters: StageParameters, supplier: str) -> StageParameters:
    """The parameters with one supplier more that may not be ordered from."""
    return replace(parameters, excluded_suppliers=(*parameters.excluded_suppliers, supplier))


def _service_level(outcome: Mapping[str, Any]) -> ServiceLevel | None:
    target = outcome.get("service_level")
    if target is None:
        return None
    return ServiceLevel(ServiceLevelKind(outcome.get("service_kind") or "CYCLE"), float(target))


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
