"""`manual ...`: a kill switch per scope: last good release, reorder points, hold; two people lead out."""

from typing import Any

import click

from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.main_group import cli
from decision_service.cli.names import scope_message
from decision_service.cli.session import Options, session
from decision_service.v1 import manual_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["ManualService"]
_RUNGS = ("LAST_GOOD", "REORDER_POINTS", "HOLD")
_SCOPE = click.option("--scope", default="*", help="KIND:NAME. Default: everything.")
_REASON = click.option("--reason", required=True, help="For the log.")


@cli.group()
def manual() -> None:
    """Manual mode: fall back at once; leaving takes two people."""


@command(manual, "fall-back")
@_SCOPE
@click.option(
    "--to",
    "rung",
    type=click.Choice(_RUNGS, case_sensitive=False),
    help="Default: one rung further than now.",
)
@_REASON
def fall_back(options: Options, scope: str, rung: str | None, reason: str) -> None:
    """Decide under the last good release; by its rules and reorder points alone; or order nothing."""
    request = pb.FallBackRequest(scope=scope_message(scope), rung=_rung(rung), reason=reason)
    _show(options, scope, _call(options, "FallBack", request))


@command(manual, "leave")
@_SCOPE
@click.option(
    "--to",
    "rung",
    type=click.Choice(_RUNGS, case_sensitive=False),
    help="A milder rung. Default: out of manual mode.",
)
@_REASON
def leave(options: Options, scope: str, rung: str | None, reason: str) -> None:
    """Ask for it; nothing changes until another person confirms."""
    request = pb.AskToLeaveRequest(scope=scope_message(scope), to=_rung(rung), reason=reason)
    _show(options, scope, _call(options, "AskToLeave", request))


@command(manual, "confirm")
@_SCOPE
@_REASON
def confirm(options: Options, scope: str, reason: str) -> None:
    """Let it be as another person asked."""
    request = pb.ConfirmLeaveRequest(scope=scope_message(scope), reason=reason)
    _show(options, scope, _call(options, "ConfirmLeave", request))


@command(manual, "show")
def show(options: Options) -> None:
    """Scopes in manual mode."""
    found = _call(options, "ListManualModes", pb.ListManualModesRequest())
    if options.is_json:
        print_json(found)
    elif not found.get("modes"):
        console.print("nothing is in manual mode")
    else:
        table("Manual mode", ("scope", "rung", "decided under", "since", "by", "reason", "leaving"),
              [(_scope(m), m["rung"], m.get("release") or "what governs", m["since"], m["by"], m["reason"], _leaving(m))
               for m in found["modes"]])  # fmt: skip


def _call(options: Options, method: str, request: Any) -> dict[str, Any]:
    with session(options) as service:
        return message_json(service.call(SERVICE, method, request))


def _show(options: Options, scope: str, found: dict[str, Any]) -> None:
    if options.is_json:
        print_json(found)
        return
    if (mode := found.get("mode")) is None:
        console.print(f"{scope} has left manual mode")
        return
    under = mode.get("release") or "what governs"
    asked = f"; {_leaving(mode)}" if mode.get("asked_by") else ""
    console.print(f"{scope} is in manual mode {mode['rung']}, decided under {under}{asked}", soft_wrap=True)


def _leaving(mode: dict[str, Any]) -> str:
    if not mode.get("asked_by"):
        return ""
    to = mode["asked_for"]
    return f"{mode['asked_by']} asks for {'the way out' if to == 'NONE' else to}; another person confirms"


def _rung(given: str | None) -> str:
    return f"FALLBACK_{(given or 'UNSPECIFIED').upper()}"


def _scope(mode: dict[str, Any]) -> str:
    return next((f"{kind}:{name}" for kind, name in mode.get("scope", {}).items()), "*")
