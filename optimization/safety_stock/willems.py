"""
Reading the real chains of Willems (2008): one JSON file per chain.

S. P. Willems, "Data Set - Real-World Multiechelon Supply Chains Used for Inventory Optimization",
Manufacturing & Service Operations Management 10(1):19-23, 2008: to be cited wherever results on
these data appear. Stage times are means; their variation is left out unless asked for.
"""

import json
from pathlib import Path
from typing import Any

from optimization.errors import InvalidNetworkError
from optimization.network import ServiceLevel, ServiceLevelKind
from optimization.parameters import Pooling, TimeRounding
from optimization.safety_stock.problem import ExternalDemand, GsmArc, GsmProblem, GsmStage


def read_willems(
    path: Path | str,
    *,
    holding_rate: float = 1.0,
    pooling: Pooling = Pooling.PATHS,
    time_rounding: TimeRounding = TimeRounding.CEIL,
    with_varying_times: bool = False,
) -> GsmProblem:
    """
    The problem in a chain file.

    Parameters
    ----------
    holding_rate
        Per year, on the cumulated cost.
    with_varying_times
        Let deviations and distributions of stage times enter the demand bound.

    Raises
    ------
    InvalidNetworkError
        The file is not a chain, or a stage holds what no chain can.
    """
    try:
        document = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as cause:
        raise InvalidNetworkError("file", f"`{path}` is not readable JSON: {cause}") from cause
    if not isinstance(document, dict) or not isinstance(document.get("stages"), list):
        raise InvalidNetworkError("stages", "is missing", 'a chain is {"stages": [...], "arcs": [...]}')
    stages = tuple(
        _stage(k, row, holding_rate, with_varying_times=with_varying_times)
        for k, row in enumerate(document["stages"])
    )
    arcs = tuple(_arc(k, pair) for k, pair in enumerate(document.get("arcs", ())))
    problem = GsmProblem(stages, arcs, pooling, time_rounding)
    _require_demand(problem)
    return problem


def _stage(k: int, row: Any, holding_rate: float, *, with_varying_times: bool) -> GsmStage:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise InvalidNetworkError(f"stages[{k}].id", "is missing", "give every stage a text id")
    distribution = row.get("lead_time_dist") or ()
    if not isinstance(distribution, list | tuple) or any(len(pair) != 2 for pair in distribution):
        raise InvalidNetworkError(f"stages[{k}].lead_time_dist", "is not a list of [time, probability]")
    return GsmStage(
        row["id"],
        processing_time=_number(k, row, "lead_time", 0.0),
        added_cost=_number(k, row, "cost", 0.0),
        holding_rate=holding_rate,
        max_service_time=None
        if row.get("max_service_time") is None
        else _number(k, row, "max_service_time", 0.0),
        demand=_demand(k, row),
        lead_time_std=_number(k, row, "lead_time_std", 0.0) if with_varying_times else 0.0,
        lead_time_distribution=tuple((float(t), float(p)) for t, p in distribution)
        if with_varying_times
        else (),
    )


def _demand(k: int, row: dict[str, Any]) -> ExternalDemand | None:
    if row.get("demand_std") is None:
        return None
    level = ServiceLevel(ServiceLevelKind.CYCLE, _number(k, row, "service_level", None))
    return ExternalDemand(_number(k, row, "demand_mean", 0.0), _number(k, row, "demand_std", 0.0), level)


def _number(k: int, row: dict[str, Any], name: str, default: float | None) -> float:
    value = row.get(name)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidNetworkError(f"stages[{k}].{name}", f"`{value}` is not a number", "give a number")
    return float(value)


def _arc(k: int, pair: Any) -> GsmArc:
    if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(end, str) for end in pair):
        raise InvalidNetworkError(f"arcs[{k}]", f"`{pair}` is not [supplier, customer]", "give two stage ids")
    return GsmArc(*pair)


def _require_demand(problem: GsmProblem) -> None:
    supplies = {arc.supplier for arc in problem.arcs}
    for stage in problem.stages:
        if stage.demand is None and stage.name not in supplies:
            raise InvalidNetworkError(
                f"stages[{stage.name}].demand_std", "a stage without customers has no demand",
                "give mean, deviation and service level",
            )  # fmt: skip
