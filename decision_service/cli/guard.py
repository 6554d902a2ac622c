"""`guard ...`: releases that are rolled back without asking first: how they stand, and the kill switch."""

from typing import Any

import click

from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.main_group import cli
from decision_service.cli.names import scope_message
from decision_service.cli.session import Options, session
from decision_service.v1 import guard_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["GuardService"]
_SCOPE = click.option("--scope", default="*", help="KIND:NAME. Default: everything.")
_REASON = click.option("--reason", required=True, help="For the log.")


@cli.group()
def guard() -> None:
    """Automatic rollback of releases: watch, switch off and on, thaw."""


@command(guard, "watch")
def watch(options: Options) -> None:
    """Every release that is watched, indicator by indicator, and what tripped."""
    with session(options) as service:
        found = message_json(service.call(SERVICE, "ListWatches", pb.ListWatchesRequest()))
    if options.is_json:
        print_json(found)
        return
    for switched in found.get("switched_off", []):
        console.print(f"switched off for {switched['scope']} by {switched['by']}", style="yellow")
    for freeze in found.get("frozen", []):
        console.print(f"{freeze['scope']} is frozen by {freeze['by']}", style="yellow")
    for shown in found.get("watches", []):
        _print_watch(shown)
    if not found.get("watches"):
        console.print("no release is watched: none took over from another, and none is tried as a canary")
    if found.get("trips"):
        table("Trips", ("name", "release", "scope", "indicator", "cause", "why", "tripped", "back to", "plan"),
              [(t["name"], t["release"], _scope(t), t["indicator"], t["cause"], t["said"], t["tripped_at"],
                t.get("to", ""), t.get("rollback", "")) for t in found["trips"]])  # fmt: skip


@command(guard, "off")
@_SCOPE
@_REASON
def off(options: Options, scope: str, reason: str) -> None:
    """The kill switch: it goes on looking, and rolls nothing back."""
    _switch(options, scope, reason, is_on=False)


@command(guard, "on")
@_SCOPE
@_REASON
def on(options: Options, scope: str, reason: str) -> None:
    """Let it roll back again."""
    _switch(options, scope, reason, is_on=True)


@command(guard, "thaw")
@_SCOPE
@_REASON
def thaw(options: Options, scope: str, reason: str) -> None:
    """End a freeze that no rollback is working on: the scope decides again."""
    request = pb.ThawScopeRequest(scope=scope_message(scope), reason=reason)
    with session(options) as service:
        found = message_json(service.call(SERVICE, "ThawScope", request))
    if options.is_json:
        print_json(found)
    else:
        console.print(f"{scope} thawed; it was frozen by {found['by']}")


def _switch(options: Options, scope: str, reason: str, *, is_on: bool) -> None:
    request = pb.SwitchGuardRequest(scope=scope_message(scope), on=is_on, reason=reason)
    with session(options) as service:
        found = message_json(service.call(SERVICE, "SwitchGuard", request))
    if options.is_json:
        print_json(found)
    else:
        console.print(f"the guard of {scope} is {'on' if is_on else 'off'}")


def _print_watch(shown: dict[str, Any]) -> None:
    console.print(
        f"[bold]{shown['release']}[/bold] {shown['kind']} on {_scope(shown)} since {shown['since']}, "
        f"held against {shown['other']}: {shown['standing']}: {shown['said']}",
        soft_wrap=True,
    )
    if shown.get("findings"):
        table("Indicators", ("indicator", "standing", ">p", ">trips at", ">periods", ">seen", ">mean", ">other seen", ">other mean", "why"),
              [(f["indicator"], f["standing"], f"{f.get('p', 0.0):.4f}", f"{f['threshold']:.4f}", f.get("periods", 0),
                f.get("count", 0), f.get("mean", 0.0), f.get("other_count", 0), f.get("other_mean", 0.0), f["said"])
               for f in shown["findings"]])  # fmt: skip


def _scope(shown: dict[str, Any]) -> str:
    return next((f"{kind}:{name}" for kind, name in shown.get("scope", {}).items()), "*")
