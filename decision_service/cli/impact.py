"""`policy impact`: what a release would have changed."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from decision_service.cli.command import command, console, message_json, print_json, progress, table
from decision_service.cli.failure import Failure, UnavailableFailure
from decision_service.cli.names import release_name, scope_message
from decision_service.cli.policy import policy
from decision_service.cli.policy_files import read_policy
from decision_service.cli.session import Options, session
from decision_service.cli.show import coloured
from decision_service.v1 import rollout_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["RolloutService"]
_MOST, _LAST = 10_000, 100


@command(policy, "impact")
@click.argument("release")
@click.option("--last", type=click.IntRange(1, _MOST),
              help=f"The last so many decisions. Default: {_LAST}, or all of --since.")  # fmt: skip
@click.option("--since", type=click.DateTime(), help="Of these, only decisions recorded at or after.")
@click.option("--scope", default="", help="Of these, only decisions for KIND:NAME.")
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the report as one page with pictures.")  # fmt: skip
def impact(options: Options, release: str, page: Path | None, **given: Any) -> None:
    """
    Decide logged requests again under RELEASE, optimiser in the loop; nothing is logged or executed.

    RELEASE is published, in any state, or the folder of a policy set that is not. Stopped and asked
    again, it goes on where it was.
    """
    request = _request(release, **given)
    with session(options, workers=os.cpu_count() or 1) as service:
        found = _watch(options, service, request)
    if page is not None:
        from decision_service.cli.impact_page import impact_page  # noqa: PLC0415 - only when it is wanted

        page.write_text(impact_page(found), encoding="utf-8")
    if options.is_json:
        print_json(found)
        return
    show_impact(found)
    if page is not None:
        console.print(f"wrote {page}", markup=False)


def _request(release: str, *, last: int | None, since: datetime | None, scope: str) -> Any:
    folder = Path(release)
    request = pb.AssessImpactRequest(last=last or (_MOST if since else _LAST))
    if folder.is_dir():
        request.files.update(read_policy(folder))
    elif "@" in release:
        request.name = release_name(release)
    else:
        raise Failure(f"`{release}` is neither POLICY@VERSION nor the folder of a policy set")
    if since is not None:
        request.since.FromDatetime(since.replace(tzinfo=UTC) if since.tzinfo is None else since)
    if scope:
        request.scope.CopyFrom(scope_message(scope))
        request.scope.SetInParent()
    return request


def _watch(options: Options, service: Any, request: Any) -> dict[str, Any]:
    """The report at the end of the stream."""
    with progress(options, "deciding again", request.last) as advance:
        for message in service.stream(SERVICE, "AssessImpact", request):
            advance(message.done * request.last // max(1, message.total))
            if message.HasField("impact"):
                return message_json(message.impact) | {"known": message.known}
    raise UnavailableFailure("the service ended the analysis before its report; ask again")


def show_impact(found: dict[str, Any]) -> None:
    """The report in the terminal."""
    counts = {
        name: int(found.get(name, 0)) for name in ("decisions", "unchanged", "verdicts_changed", "failed")
    }
    console.print(
        f"[bold]{found['release']}[/bold] on {counts['decisions']} decisions: {counts['unchanged']} as they were, "
        f"{counts['verdicts_changed']} with another verdict, {counts['failed']} could not be decided again"
    )
    if flips := found.get("flips"):
        table("Orders", ("then", "now", ">orders", ">value"),
              [(_said(f.get("before")), _said(f.get("after")), int(f["orders"]), f.get("value", 0.0))
               for f in flips])  # fmt: skip
    if figures := found.get("figures"):
        table("Figures", ("figure", "unit", ">then", ">now", ">change"), [_figure(f) for f in figures])
    if worst := found.get("worst"):
        table("Changed most", ("decision", "request", "verdict then", "now", ">orders", ">spend", ">service", "problem"),
              [_case(c) for c in worst])  # fmt: skip


def _said(disposition: str | None) -> str:
    return coloured(disposition) if disposition else "not ordered"


def _figure(figure: dict[str, Any]) -> tuple[Any, ...]:
    before, after, unit = figure.get("before", 0.0), figure.get("after", 0.0), figure.get("unit", "")
    if unit == "1":
        return (
            figure["name"],
            "%",
            f"{100 * before:.3f}",
            f"{100 * after:.3f}",
            f"{100 * (after - before):+.3f}",
        )
    if unit == "s":  # how long it took then is not in the log
        return figure["name"], unit, "", after, ""
    return figure["name"], unit, before, after, after - before


def _case(case: dict[str, Any]) -> tuple[Any, ...]:
    return (
        case["decision"],
        case.get("request_id", ""),
        coloured(case["verdict_before"]),
        coloured(case.get("verdict_after", "")),
        int(case.get("flipped", 0)),
        case.get("spend_change", 0.0),
        f"{100 * case.get('service_change', 0.0):+.2f}%",
        case.get("problem", ""),
    )
