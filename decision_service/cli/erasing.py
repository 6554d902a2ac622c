"""`audit redact` and `audit hold`: erase payloads with four eyes; keep what must be kept."""

from typing import Any

import click

from decision_service.cli.audit import SERVICE, audit
from decision_service.cli.command import command, console, message_json, print_json
from decision_service.cli.failure import Failure
from decision_service.cli.session import Options, session
from decision_service.v1 import audit_service_pb2 as pb


@command(audit, "redact")
@click.argument("names", nargs=-1, metavar="[NAME|INDEX]...")
@click.option("--legal-basis", default="", help="For example 'GDPR Art. 17(1)(a)'.")
@click.option("--reason", default="", help="In words, without personal data: it is logged for good.")
@click.option(
    "--approve", default="", metavar="REDACTION", help="Agree to somebody else's request, and erase."
)
def redact(options: Options, names: tuple[str, ...], legal_basis: str, reason: str, approve: str) -> None:
    """Ask for payloads to be erased, or approve what somebody else asked for; the log still verifies."""
    if bool(names) == bool(approve):
        raise Failure("name entries to ask for their erasure, or --approve a request, not both")
    if names and not (legal_basis and reason):
        raise Failure("--legal-basis, --reason: an erasure needs both")
    with session(options) as service:
        if approve:
            request: Any = pb.ApproveRedactionRequest(name=approve)
            done = message_json(service.call(SERVICE, "ApproveRedaction", request).redaction)
        else:
            from decision_service.cli.remote_log import RemoteLog  # noqa: PLC0415 - approvals need none

            log = RemoteLog(service)
            request = pb.RequestRedactionRequest(
                entries=[log.place(name) for name in names], legal_basis=legal_basis, reason=reason
            )
            done = message_json(service.call(SERVICE, "RequestRedaction", request).redaction)
    if options.is_json:
        print_json(done)
    elif approve:
        console.print(f"erased the payload of entries {_listed(done)}; recorded as entry {done['log_index']}")
    else:
        console.print(f"{done['name']} asks for entries {_listed(done)}; somebody else approves it with")
        console.print(f"  decisionctl audit redact --approve {done['name']}")


@command(audit, "hold")
@click.argument("subject", metavar="NAME")
@click.option("--reason", required=True, help="In words.")
@click.option("--lift", is_flag=True, help="End the hold.")
def hold(options: Options, subject: str, reason: str, lift: bool) -> None:  # noqa: FBT001 - a click flag
    """Keep everything about a name from being erased, whatever its retention says (legal hold)."""
    with session(options) as service:
        if lift:
            answer = service.call(SERVICE, "LiftHold", pb.LiftHoldRequest(subject=subject, reason=reason))
        else:
            answer = service.call(SERVICE, "PlaceHold", pb.PlaceHoldRequest(subject=subject, reason=reason))
    if options.is_json:
        print_json({"subject": subject, "is_held": not lift, "log_index": answer.log_index})
    else:
        says = "may be erased again" if lift else "is on legal hold"
        console.print(f"{subject} {says}; recorded as entry {answer.log_index}")


def _listed(done: dict[str, Any]) -> str:
    return ", ".join(str(index) for index in done["entries"])
