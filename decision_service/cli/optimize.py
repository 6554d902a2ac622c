"""`optimize ...`: the engines alone, for analysts."""

import time
from pathlib import Path
from typing import Any

import click

from decision_service.cli.command import command, console, print_json, table
from decision_service.cli.main_group import cli
from decision_service.cli.session import Options
from decision_service.cli.stage_explanation import show_explanation

_SHOWN = 50
_LIMITS = ("MAX_STOCK", "STORAGE", "CAPACITY")  # kinds of findings: what no safety stock can keep
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@cli.group()
def optimize() -> None:
    """The engines alone: safety stock, orders, the frontier of service against cash."""


@command(optimize, "safety-stock")
@click.argument("file", type=_FILE)
@click.option(
    "--format", "form", type=click.Choice(["snapshot", "willems"]), default="snapshot", show_default=True
)
@click.option(
    "--holding-rate",
    type=click.FloatRange(0, min_open=True),
    help="Per year. Default: the snapshot's; 1 for willems.",
)
@click.option("--pooling", type=click.Choice(["paths", "local"]), default="paths", show_default=True)
@click.option(
    "--explain", metavar="STAGE", help="Why this stage holds what it holds, and what would change it."
)
def safety_stock(options: Options, file: Path, form: str, holding_rate: float | None, **given: Any) -> None:
    """Place safety stock, with a proof."""
    from optimization.parameters import Pooling  # noqa: PLC0415 - other commands start faster
    from optimization.report import SolveLimits  # noqa: PLC0415
    from optimization.safety_stock import STORAGE_GAP, place_safety_stock  # noqa: PLC0415

    problem, findings = _problem(file, form, holding_rate, Pooling(given["pooling"].upper()))
    if given["explain"]:
        show_explanation(options, problem, given["explain"])
        return
    started = time.perf_counter()
    placement = place_safety_stock(problem, SolveLimits(nodes=500, gap=1e-9), storage_gap=STORAGE_GAP)
    gave_way = [f for f in (*findings, *placement.findings) if f.kind in _LIMITS]
    found = _proof(placement.report, time.perf_counter() - started, "cost") | {
        "stages": [
            {n: getattr(s, n) for n in ("stage", "service_time_in", "service_time_out", "net_replenishment_time",
                                        "safety_stock", "base_stock", "cost")}
            for s in placement.stocks
        ]
    }  # fmt: skip
    if options.is_json:
        print_json(found)
        for finding in gave_way:
            click.echo(f"{finding.kind} {finding.subject}: {finding.message}", err=True)
        return
    held = sorted((s for s in found["stages"] if s["safety_stock"] > 0), key=lambda s: -s["cost"])
    table("Safety stock", ("stage", ">in", ">out", ">NRT", ">safety stock", ">base stock", ">cost"),
          [tuple(s.values()) for s in held[:50]])  # fmt: skip
    if gave_way:
        table("Gave way", ("what", "of", "why"), [(f.kind, f.subject, f.message) for f in gave_way])
    _say_proof(found, "cost", f"{len(held)} of {len(found['stages'])} stages hold stock")


def _problem(file: Path, form: str, holding_rate: float | None, pooling: Any) -> tuple[Any, tuple[Any, ...]]:
    from dataclasses import replace  # noqa: PLC0415 - other commands start faster

    from optimization.parameters import PlanningParameters  # noqa: PLC0415
    from optimization.safety_stock import problem_from_snapshot, read_willems  # noqa: PLC0415

    if form == "willems":
        return read_willems(file, holding_rate=holding_rate or 1.0, pooling=pooling), ()
    from decision_service.cli.snapshot_file import read_snapshot  # noqa: PLC0415
    from optimization.validate import validate_snapshot  # noqa: PLC0415

    snapshot = read_snapshot(file)
    validate_snapshot(snapshot)
    parameters = PlanningParameters(pooling=pooling)
    if holding_rate is not None:
        parameters = replace(parameters, holding_rate=holding_rate)
        snapshot = replace(snapshot, stages=tuple(replace(s, holding_rate=None) for s in snapshot.stages))
    return problem_from_snapshot(snapshot, parameters)


@command(optimize, "orders")
@click.argument("snapshot", type=_FILE)
def orders(options: Options, snapshot: Path) -> None:
    """Plan orders under capacity, with a proven gap; safety stock is placed first."""
    from decision_service.cli.snapshot_file import read_snapshot  # noqa: PLC0415 - other commands start faster
    from decision_service.workers.helpers import helpers  # noqa: PLC0415
    from optimization.parameters import PlanningParameters  # noqa: PLC0415
    from optimization.replenishment import plan_replenishment  # noqa: PLC0415
    from optimization.safety_stock import STORAGE_GAP, place_safety_stock, problem_from_snapshot  # noqa: PLC0415
    from optimization.validate import validate_snapshot  # noqa: PLC0415

    known, parameters = read_snapshot(snapshot), PlanningParameters()
    validate_snapshot(known)
    problem, _ = problem_from_snapshot(known, parameters)
    placement = place_safety_stock(problem, parameters.safety_stock_limits, storage_gap=STORAGE_GAP)
    started = time.perf_counter()
    stocks = {s.stage: s.safety_stock for s in placement.stocks}
    with helpers() as executor:
        plan = plan_replenishment(known, stocks, parameters, parameters.order_limits, executor=executor)
    found = _proof(plan.report, time.perf_counter() - started, "objective") | {
        "orders": [_order(o) for o in plan.orders],
        "gave_way": [_gave_way(g) for g in plan.gave_way],
    }
    if options.is_json:
        print_json(found)
        return
    table("Planned orders", ("order", ">quantity", ">order bucket", ">due bucket", ">cost", "rounding"),
          [(o["id"], o["quantity"], o["order_bucket"], o["due_bucket"], o["cost"], ", ".join(o["rounding"]))
           for o in found["orders"][:_SHOWN]])  # fmt: skip
    if len(found["orders"]) > _SHOWN:
        console.print(f"... and {len(found['orders']) - _SHOWN} more (--json has them all)")
    _say_proof(
        found, "objective", f"{len(found['orders'])} orders, {len(found['gave_way'])} requirements gave way"
    )


def _order(order: Any) -> dict[str, Any]:
    names = ("id", "lane", "stage", "quantity", "need", "order_bucket", "due_bucket", "cost")
    return {n: getattr(order, n) for n in names} | {"rounding": list(order.rounding)}


def _gave_way(row: Any) -> dict[str, Any]:
    return {n: getattr(row, n) for n in ("rule", "subject", "bucket", "amount", "tier", "message")}


def _proof(report: Any, seconds: float, name: str) -> dict[str, Any]:
    return {
        name: report.objective,
        "bound": report.bound,
        "gap": report.gap,
        "termination": report.termination.value,
        "seconds": round(seconds, 4),
    }


def _say_proof(found: dict[str, Any], name: str, what: str) -> None:
    console.print(
        f"{what}; {name} {found[name]:,.4f}, bound {found['bound']:,.4f}, gap {found['gap']:.2e}, "
        f"{found['termination']} in {found['seconds']:.3f} s"
    )
