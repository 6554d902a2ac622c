"""
Rule outcomes -> planning parameters: rules speak to planning here and only here.

A parameters table may set, per stage and supplier: `service_level` with `service_kind`,
`lead_time_std_factor`, `safety_stock_factor`, `freeze`, `exclude_supplier`. What is true of the
stage is taken from the evaluation with its preferred supplier; exclusions from each supplier's.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from optimization.network import ServiceLevel, ServiceLevelKind
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
