"""`decisions lineage`: from a decision, or one of its orders, back to what it was made from."""

import json
from pathlib import Path
from typing import Any

import click

from decision_service.cli.audit import SERVICE
from decision_service.cli.command import command, console
from decision_service.cli.decisions import decision_name, decisions
from decision_service.cli.session import Options, session
from decision_service.v1 import audit_service_pb2 as pb

FORMATS = ("tree", "dot", "svg", "json", "openlineage", "prov")


@command(decisions, "lineage")
@click.argument("name")
@click.option("--order", default="", help="Id of an order of the decision. Default: the decision as a whole.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How to print it. Default: tree, or json with --json.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
def lineage(options: Options, name: str, order: str, form: str | None, output: Path | None) -> None:
    """From an order back to its rows: files, snapshot, release, rules, parameters, engines, people."""
    with session(options) as service:
        request = pb.GetLineageRequest(name=decision_name(service, name), order=order)
        response = service.call(SERVICE, "GetLineage", request)
    text = render(response, form or ("json" if options.is_json else "tree"))
    if output:
        output.write_text(text, encoding="utf-8")
        console.print(f"lineage of {response.lineage.root} in {output}", markup=False)
    else:
        click.echo(text, nl=False)


def render(response: Any, form: str) -> str:
    """The graph as text in one of the formats."""
    from audit import lineage as graphs  # noqa: PLC0415 - the other commands start faster
    from decision_service.api.lineage_messages import parse_lineage, parse_run  # noqa: PLC0415

    origin = parse_lineage(response.lineage)
    match form:
        case "openlineage":
            from audit.lineage.openlineage_event import openlineage_event  # noqa: PLC0415

            return _json(openlineage_event(origin, parse_run(response.run)))
        case "prov":
            from audit.lineage.prov_document import prov_json  # noqa: PLC0415

            return _json(prov_json(origin))
        case _:
            text: str = getattr(graphs, f"as_{form}")(origin)
            return text


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
