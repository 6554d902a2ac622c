"""
`tour`: the main job end to end, over real gRPC, on the bundled example; ends by itself.

The service runs in a process of its own on a free loopback port; this process plays the
governance team, the ERP, the auditor and the operator, each under its own name and role.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import click

from decision_service.cli.audit import SERVICE as AUDIT
from decision_service.cli.audit import show_verification, verified
from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.cli.decisions import show_replay
from decision_service.cli.failure import UnavailableFailure
from decision_service.cli.main_group import cli
from decision_service.cli.policy import SERVICE as RELEASES
from decision_service.cli.policy_files import read_policy
from decision_service.cli.session import ADDRESS, Options, Session, session
from decision_service.cli.show import coloured, show_decision
from decision_service.cli.snapshot_file import read_message
from decision_service.v1 import audit_service_pb2, decision_service_pb2, release_service_pb2

_NUMBERS = count(1)  # one tour a process
START_SECONDS = 60
SHOWN = 15
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@command(cli, "tour")
@click.option("--policies", type=_FOLDER, default=Path("policies/replenishment"), show_default=True)
@click.option("--earlier", type=_FOLDER, default=Path("examples/bundled/replenishment-0.9.0"), show_default=True,
              help="The release that governed before, to roll back to.")  # fmt: skip
@click.option("--snapshot", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              default=Path("examples/bundled/snapshot.json"), show_default=True)  # fmt: skip
def tour(options: Options, policies: Path, earlier: Path, snapshot: Path) -> None:
    """One decision from end to end: publish, decide, verify, replay, roll back, decide again."""
    data = options.data / "tour"
    shutil.rmtree(data, ignore_errors=True)
    with _service(data) as address, session(replace(options, address=address, timeout=120.0)) as service:
        _step(options, f"The service listens on {address}; its log is in {data}")
        before = _govern(options, service, earlier)
        _govern(options, service, policies)
        first = _decide(options, service, "tour-1", snapshot)
        verified = _verify(options, service)
        replayed = _replay(options, service, first["name"])
        _roll_back(options, service, before)
        second = _decide(options, service, "tour-2", snapshot, is_brief=True)
        changes = _difference(options, first, second)
    if options.is_json:
        print_json(
            {"first": first, "second": second, "verified": verified, "replayed": replayed, "changes": changes}
        )


def _govern(options: Options, service: Session, folder: Path) -> str:
    """Publish and propose as one person, approve and activate as another."""
    author, approver = _as(service, "ada.lind", "governance"), _as(service, "bruno.keller", "governance")
    published = author.call(
        RELEASES, "PublishRelease", release_service_pb2.PublishReleaseRequest(files=read_policy(folder))
    ).release
    author.call(RELEASES, "ProposeRelease", release_service_pb2.ProposeReleaseRequest(name=published.name))
    approver.call(RELEASES, "ApproveRelease", release_service_pb2.ApproveReleaseRequest(name=published.name))
    request = release_service_pb2.ActivateReleaseRequest(name=published.name, reason="tour")
    active = approver.call(RELEASES, "ActivateRelease", request)
    _step(
        options,
        f"ada.lind published {published.name} ({published.digest[:19]}), bruno.keller approved and activated it",
    )
    return str(active.release.name)


def _decide(
    options: Options, service: Session, request_id: str, snapshot: Path, *, is_brief: bool = False
) -> dict[str, Any]:
    request = decision_service_pb2.DecideRequest(request_id=request_id, snapshot=read_message(snapshot))
    started = time.perf_counter()
    decision = message_json(_as(service, "erp-1", "erp").call(DECISIONS, "Decide", request).decision)
    seconds = time.perf_counter() - started
    _step(options, f"erp-1 asked what to hold and what to order: {decision['name']} in {seconds:.1f} s, "
                   f"under {decision['lineage']['release']}")  # fmt: skip
    if not options.is_json and not is_brief:
        show_decision(decision)
    return decision


def _verify(options: Options, service: Session) -> dict[str, Any]:
    response = _as(service, "vera", "auditor").call(AUDIT, "VerifyLog", audit_service_pb2.VerifyLogRequest())
    found = verified(response)
    _step(options, "vera, the auditor, recomputed every hash and replayed the decision")
    if not options.is_json:
        show_verification(found)
    return found


def _replay(options: Options, service: Session, name: str) -> dict[str, Any]:
    request = decision_service_pb2.ReplayDecisionRequest(name=name)
    found = {"differences": [], "engine_differences": []} | message_json(
        _as(service, "vera", "auditor").call(DECISIONS, "ReplayDecision", request)
    )
    if not options.is_json:
        show_replay(found)
    return found


def _roll_back(options: Options, service: Session, expected: str) -> None:
    request = release_service_pb2.RollbackReleaseRequest(reason="tour: thresholds too strict")
    response = _as(service, "otto", "operator").call(RELEASES, "RollbackRelease", request)
    if response.release.name != expected:
        raise UnavailableFailure(f"rolled back to {response.release.name}, not to {expected}")
    _step(options, f"otto, the operator, rolled back from {response.previous} to {response.release.name}")


def _difference(options: Options, first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    """Orders that the two releases judge or plan differently."""
    then, now = ({o["id"]: o for o in d.get("orders", [])} for d in (first, second))
    changes = []
    for order in sorted(then.keys() | now.keys()):
        a, b = then.get(order, {}), now.get(order, {})
        if (a.get("disposition"), a.get("quantity")) != (b.get("disposition"), b.get("quantity")):
            changes.append({"order": order, "then": _said(a), "now": _said(b)})
    _step(options, f"The same request under the earlier release: {len(changes)} orders differ")
    if changes and not options.is_json:
        table("Difference", ("order", first["lineage"]["release"], second["lineage"]["release"]),
              [(c["order"], coloured_first(c["then"]), coloured_first(c["now"])) for c in changes[:SHOWN]])  # fmt: skip
        if len(changes) > SHOWN:
            console.print(f"... and {len(changes) - SHOWN} more (--json has them all)")
    return changes


def _said(order: dict[str, Any]) -> str:
    if not order:
        return "not planned"
    rules = ", ".join(r.get("row", "") for r in order.get("reasons", []))
    who = f" -> {order['role']}" if order.get("role") else ""
    return f"{order['disposition']}{who}, {order['quantity']:g} units ({rules})"


def coloured_first(text: str) -> str:
    """The text with its first word in colour."""
    word, separator, rest = text.partition(" ")
    bare = word.rstrip(",")
    return coloured(bare) + word[len(bare) :] + separator + rest


def _as(service: Session, actor: str, role: str) -> Session:
    return Session(service.channel, replace(service.options, actor=actor, roles=role))


def _step(options: Options, text: str) -> None:
    if not options.is_json:
        console.print(f"\n[bold]{next(_NUMBERS)}  {text}[/bold]")


@contextmanager
def _service(data: Path) -> Iterator[str]:
    """`decisionctl serve` as a process of its own; it ends with the block."""
    arguments = [
        sys.executable,
        "-m",
        "decision_service",
        "serve",
        "--data",
        str(data),
        "--address",
        "127.0.0.1:0",
    ]
    data.mkdir(parents=True, exist_ok=True)
    log = (data / "service.log").open("w")
    environment = os.environ | {"DECISION_SERVICE_WORKERS": "1"}
    process = subprocess.Popen(arguments, stdout=log, stderr=log, env=environment)  # noqa: S603 - our own program
    try:
        yield _wait_for(data / ADDRESS, process, data / "service.log")
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _wait_for(address: Path, process: "subprocess.Popen[bytes]", log: Path) -> str:
    for _ in range(START_SECONDS * 20):
        if address.exists() and (text := address.read_text()):
            return text
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise UnavailableFailure(f"the service did not start: {log.read_text()[-2000:]}")
