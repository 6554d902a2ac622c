"""`optimize frontier`: what service costs in working capital, segment by segment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from decision_service.cli.command import command, console, print_json, table
from decision_service.cli.failure import Failure
from decision_service.cli.optimize import optimize
from decision_service.cli.picture import picture_option, write_picture
from decision_service.cli.session import Options

_LEVELS = (0.80, 0.85, 0.90, 0.93, 0.95, 0.97, 0.98, 0.99)
_UNCLASSED = "-"


@command(optimize, "frontier")
@click.argument("snapshot", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--segment", type=click.Choice(["abc", "location", "item"]), default="abc", show_default=True,
              help="What gets a service level of its own.")  # fmt: skip
@click.option("--level", "levels", type=click.FloatRange(0, 1, min_open=True, max_open=True), multiple=True,
              default=_LEVELS, show_default=True, help="Cycle service levels to choose from; repeat.")  # fmt: skip
@click.option("--budget", type=click.FloatRange(0), help="Pick the most service within this capital.")
@click.option("--service", type=click.FloatRange(0, 1), help="Pick the least capital that reaches this.")
@picture_option
def frontier(options: Options, snapshot: Path, segment: str, **given: Any) -> None:
    """The efficient frontier of working capital against cycle service level, and rows for a release."""
    from decision_service.cli.snapshot_file import read_snapshot  # noqa: PLC0415 - other commands start faster
    from optimization.parameters import PlanningParameters  # noqa: PLC0415
    from optimization.report import SolveLimits  # noqa: PLC0415
    from optimization.safety_stock import efficient_frontier, problem_from_snapshot  # noqa: PLC0415
    from optimization.validate import validate_snapshot  # noqa: PLC0415

    known = read_snapshot(snapshot)
    validate_snapshot(known)
    problem, _ = problem_from_snapshot(known, PlanningParameters())
    points = efficient_frontier(
        problem, _segments(known, segment), tuple(given["levels"]), SolveLimits(nodes=500, gap=1e-9)
    )
    chosen = _pick(points, given["budget"], given["service"])
    if given["picture"]:
        _draw(points, given["picture"])
    _show(options, points, chosen, segment)


def _segments(snapshot: Any, by: str) -> Mapping[str, str]:
    """Segment of every stage."""
    classes = {item.id: item.abc or _UNCLASSED for item in snapshot.items}
    if by == "abc":
        return {stage.id: classes[stage.item] for stage in snapshot.stages}
    return {stage.id: getattr(stage, by) for stage in snapshot.stages}


def _pick(points: tuple[Any, ...], budget: float | None, service: float | None) -> Any:
    from optimization.safety_stock import point_reaching, point_within_budget  # noqa: PLC0415

    if budget is not None and service is not None:
        raise Failure("give --budget or --service, not both")
    if budget is not None:
        return point_within_budget(points, budget)
    return point_reaching(points, service) if service is not None else None


def _draw(points: tuple[Any, ...], file: Path) -> None:
    from optimization.safety_stock import draw_frontier  # noqa: PLC0415

    write_picture(file, lambda form: draw_frontier(points, form))


def _show(options: Options, points: tuple[Any, ...], chosen: Any, segment: str) -> None:
    rows = [_json(p) for p in points]
    if options.is_json:
        print_json({"frontier": rows, "chosen": _json(chosen) if chosen else None})
        return
    names = sorted(rows[0]["levels"])
    table("Service against cash", (">capital", ">service", ">cost/year", *(f">{n}" for n in names), ""),
          [(p.capital, f"{100 * p.service:.2f}%", p.cost, *(f"{dict(p.levels)[n]:g}" for n in names),
            "<- chosen" if p == chosen else "") for p in points])  # fmt: skip
    if chosen and segment == "abc":
        console.print("\nrows for the release's service levels:")
        for name, level in chosen.levels:
            when = "" if name == _UNCLASSED else f"when: {{item.abc: '\"{name}\"'}}, "
            console.print(f"  - {{id: SL-{name}, {when}then: {{service_level: {level:g}, service_kind: CYCLE}}, "
                          f'because: "chosen on the frontier"}}', markup=False)  # fmt: skip


def _json(point: Any) -> dict[str, Any]:
    return {
        "capital": point.capital,
        "service": point.service,
        "cost": point.cost,
        "gap": point.gap,
        "levels": dict(point.levels),
    }
