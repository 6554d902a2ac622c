"""`optimize safety-stock --explain STAGE`: why a stage holds what it holds, and what would change it."""

from typing import Any

from decision_service.cli.command import console, print_json, table
from decision_service.cli.session import Options

_SHOWN = 10


def show_explanation(options: Options, problem: Any, stage: str) -> None:
    """One stage's explanation; every figure is the difference of two placements."""
    from optimization.report import SolveLimits  # noqa: PLC0415 - other commands start faster
    from optimization.safety_stock import explain_stage  # noqa: PLC0415

    found = explain_stage(problem, stage, SolveLimits(nodes=500, gap=1e-9))
    if options.is_json:
        print_json(_json(found))
        return
    console.print(found.why, markup=False)
    changes = [
        ("one day of lead time less saves", found.day_of_lead_time),
        ("one point of service more costs", found.point_of_service),
        ("one unit of capacity a day more saves", found.unit_of_capacity),
    ]
    table("What would change the cost of a year", ("what", ">money"),
          [(what, "-" if money is None else f"{money:,.2f}") for what, money in changes])  # fmt: skip
    if found.promises_to:
        table("Promises to", ("customer", ">waits, days"), list(found.promises_to))
    if found.shift is None:
        console.print("no holding cost up to ten times as high moves its stock")
        return
    table(f"At {found.shift.factor:g} times the holding cost", ("stage", ">safety stock"),
          [(name, f"{more:+,.2f}") for name, more in found.shift.stages[:_SHOWN]])  # fmt: skip
    if len(found.shift.stages) > _SHOWN:
        console.print(f"... and {len(found.shift.stages) - _SHOWN} more (--json has them all)")


def _json(found: Any) -> dict[str, Any]:
    shift = found.shift
    return {
        "stage": found.stock.stage,
        "why": found.why,
        "safety_stock": found.stock.safety_stock,
        "waits_for": list(found.waits_for),
        "promises_to": dict(found.promises_to),
        "day_of_lead_time": found.day_of_lead_time,
        "point_of_service": found.point_of_service,
        "unit_of_capacity": found.unit_of_capacity,
        "shift": shift and {"factor": shift.factor, "stages": dict(shift.stages)},
    }
