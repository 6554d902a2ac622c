"""`audit redact / due / hold`: erase payloads with four eyes; keep what must be kept."""

from pathlib import Path
from typing import Any

import click

from decision_service.cli.audit import SERVICE, audit
from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.failure import Failure
from decision_service.cli.session import Options, Session, session
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


@command(audit, "due")
@click.argument("policy", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--most", default=1000, show_default=True, type=click.IntRange(1, 10_000))
@click.option(
    "--request", "reason", default="", metavar="REASON", help="Ask for the erasure of all that is listed."
)
def due(options: Options, policy: Path, most: int, reason: str) -> None:
    """List payloads that were kept as long as a retention policy says; asking for their erasure is one option more."""
    request = pb.ListDueRequest(classes=_read_classes(policy), most=most)
    with session(options) as service:
        found = list(service.call(SERVICE, "ListDue", request).due)
        asked = [_ask(service, basis, [d for d in found if d.legal_basis == basis], reason)
                 for basis in dict.fromkeys(d.legal_basis for d in found) if reason]  # fmt: skip
    if options.is_json:
        print_json({"due": [message_json(d) | {"index": d.index} for d in found], "requests": asked})
        return
    table(
        "Due", (">entry", "class", "legal basis"), [(str(d.index), d.retention, d.legal_basis) for d in found]
    )
    for name in asked:
        console.print(f"{name}; somebody else approves it: decisionctl audit redact --approve {name}")


def _ask(service: Session, basis: str, payloads: list[Any], reason: str) -> str:
    """One request a legal basis."""
    entries = [payload.index for payload in payloads]
    request = pb.RequestRedactionRequest(entries=entries, legal_basis=basis, reason=reason)
    return str(service.call(SERVICE, "RequestRedaction", request).redaction.name)


def _read_classes(path: Path) -> list[Any]:
    """Classes of a YAML file: name -> {keep_days: days or null, legal_basis: text}."""
    from rules import read_yaml  # noqa: PLC0415 - the other commands start faster

    raw = read_yaml(path.read_text(encoding="utf-8"), str(path))
    if not isinstance(raw, dict) or not all(isinstance(said, dict) for said in raw.values()):
        raise Failure(f"{path}: it does not map classes to {{keep_days, legal_basis}}")
    classes = []
    for name, said in raw.items():
        days, basis = said.get("keep_days"), said.get("legal_basis")
        if type(days) is not int and days is not None:
            raise Failure(f"{path}: {name}.keep_days is `{days}`; write days, or null for ever")
        classes.append(pb.RetentionClass(name=str(name), legal_basis=str(basis or "")))
        if days is not None:
            classes[-1].keep_days = days
    return classes


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
