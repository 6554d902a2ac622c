"""`audit ...`: what auditors type."""

from typing import Any

import click

from decision_service.cli.command import command, console, print_json
from decision_service.cli.failure import DOES_NOT_HOLD
from decision_service.cli.main_group import cli
from decision_service.cli.session import Options, session
from decision_service.v1 import audit_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["AuditService"]


@cli.group()
def audit() -> None:
    """The log: verify, checkpoint, prove, export."""


@command(audit, "verify")
def verify(options: Options) -> None:
    """Recompute every hash of the log. Exit code 1 if it does not hold."""
    with session(options) as service:
        response = service.call(SERVICE, "VerifyLog", pb.VerifyLogRequest())
    found = {"entries": response.entries, "root": response.root, "problems": list(response.problems)}
    if options.is_json:
        print_json(found)
    else:
        show_verification(found)
    if found["problems"]:
        raise SystemExit(DOES_NOT_HOLD)


def show_verification(found: dict[str, Any]) -> None:
    """The finding, and every problem."""
    for problem in found["problems"]:
        console.print(problem, style="red", markup=False)
    says = f"{len(found['problems'])} problems" if found["problems"] else "the log holds"
    console.print(f"audit verify: {found['entries']} entries, root {found['root']}: {says}")


@command(audit, "checkpoint")
def checkpoint(options: Options) -> None:
    """Print a signed statement of the log's size and root (C2SP)."""
    with session(options) as service:
        response = service.call(SERVICE, "GetCheckpoint", pb.GetCheckpointRequest())
    if options.is_json:
        print_json({"checkpoint": response.checkpoint, "size": response.size, "root": response.root})
    else:
        click.echo(response.checkpoint, nl=False)
