"""`report adoption`: what people did with what was recommended."""

from pathlib import Path
from typing import Any

import click

from decision_service.cli.adoption_picture import LEGEND, bar, draw_adoption
from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.main_group import cli
from decision_service.cli.names import release_name, scope_message
from decision_service.cli.picture import picture_option, write_picture
from decision_service.cli.session import Options, session
from decision_service.v1 import report_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["ReportService"]
_HELD_BACK = "fewer than 5 people"
_COLUMNS = ("", ">orders", ">by rules", ">answered", ">accepted", ">overridden", ">rejected", ">lapsed",
            ">hours, median", ">90 %", ">value/day", ">known")  # fmt: skip


@cli.group()
def report() -> None:
    """Figures over the log."""


@command(report, "adoption")
@click.option("--release", default="", help="Orders judged by it.")
@click.option("--scope", default="", help="Orders of a scope, for example region:north.")
@click.option("--since", type=click.DateTime(), help="Recorded at or after, UTC.")
@click.option("--until", type=click.DateTime(), help="Recorded before, UTC.")
@click.option("--segment", type=click.Choice(["abc", "scope", "location", "lane-kind"]), default="abc",
              show_default=True, help="What orders are grouped by.")  # fmt: skip
@picture_option
def adoption(options: Options, segment: str, picture: Path | None, **given: Any) -> None:
    """Acceptance, overrides and time to decision; no figure is about fewer than five people."""
    if given["scope"]:
        scope_message(given["scope"])
    request = pb.GetAdoptionRequest(
        release=release_name(given["release"]),
        scope=given["scope"],
        by=f"SEGMENT_KIND_{segment.replace('-', '_').upper()}",
    )
    for name in ("since", "until"):
        if given[name]:
            getattr(request, name).FromDatetime(given[name])
    with session(options) as service:
        found = message_json(service.call(SERVICE, "GetAdoption", request))
    groups = [found["total"], *found.get("segments", [])]
    if picture:
        write_picture(picture, lambda form: draw_adoption(groups, form))
    if options.is_json:
        print_json(found)
        return
    _show(groups, found.get("reasons", []), segment)


def _show(groups: list[dict[str, Any]], reasons: list[dict[str, Any]], segment: str) -> None:
    table(f"Recommendations, by {segment}", _COLUMNS, map(_row, groups))
    table("Overrides, by reason code", _COLUMNS, map(_row, reasons))
    drawn = [(group["name"], bar(group["figures"])) for group in groups if "figures" in group]
    if any(bars for _, bars in drawn):
        width = max(len(name) for name, _ in drawn)
        console.print(f"\nof the answered: {LEGEND}")
        for name, bars in drawn:
            console.print(f"{name:<{width}}  {bars}", markup=False)
    if any(group.get("is_suppressed") for group in (*groups, *reasons)):
        console.print(f"{_HELD_BACK}: held back, and with it what would give it away by subtraction")


def _row(group: dict[str, Any]) -> tuple[Any, ...]:
    counts = [int(group.get(name, 0)) for name in ("orders", "automatic")]
    lapsed = int(group.get("lapsed", 0))
    figures = group.get("figures")
    if figures is None:
        return group["name"], *counts, _HELD_BACK, "", "", "", lapsed, "", "", "", ""
    shares = [_percent(figures, name) for name in ("accepted", "overridden", "rejected")]
    hours = [figures.get(name, "") for name in ("hours_median", "hours_p90")]
    return (
        group["name"], *counts, int(figures.get("answered", 0)), *shares, lapsed, *hours,
        figures.get("value_per_day", ""), int(figures.get("valued", 0)),
    )  # fmt: skip


def _percent(figures: dict[str, Any], name: str) -> str:
    answered = int(figures.get("answered", 0))
    return f"{100 * int(figures.get(name, 0)) / answered:.0f} %" if answered else "-"
