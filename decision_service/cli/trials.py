"""`policy draft`, `check-draft`, `shadow ...`, `canary ...`: what happens between editing and governing."""

import time
from pathlib import Path
from typing import Any

import click

from decision_service.cli.command import command, console, message_json, print_json, progress
from decision_service.cli.impact import show_impact
from decision_service.cli.names import release_name, scope_message
from decision_service.cli.policy import SERVICE as RELEASES
from decision_service.cli.policy import policy, show_release
from decision_service.cli.policy_files import read_policy
from decision_service.cli.session import Options, Session, session
from decision_service.v1 import release_service_pb2, rollout_service_pb2

SERVICE = rollout_service_pb2.DESCRIPTOR.services_by_name["RolloutService"]
_PAUSE = 0.5  # seconds between two looks
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_SCOPE = click.option("--scope", default="*", help="KIND:NAME. Default: everything.")
_REASON = click.option("--reason", default="", help="For the log.")


@command(policy, "draft")
@click.argument("folder", type=_FOLDER)
def draft(options: Options, folder: Path) -> None:
    """Publish a policy set as a draft: it only has to compile, and may be published again."""
    request = release_service_pb2.PublishReleaseRequest(files=read_policy(folder), draft=True)
    with session(options) as service:
        response = service.call(RELEASES, "PublishRelease", request)
    show_release(options, response.release)


@command(policy, "check-draft")
@click.argument("release")
def check_draft(options: Options, release: str) -> None:
    """Test a draft; one that passes with every row covered may be proposed."""
    with session(options) as service:
        request = rollout_service_pb2.CheckReleaseRequest(name=release_name(release))
        response = service.call(SERVICE, "CheckRelease", request)
    if not options.is_json:
        for warning in response.warnings:
            console.print(f"warning: {warning}", style="yellow", markup=False)
    show_release(options, response.release)


@policy.group()
def shadow() -> None:
    """A release that decides on the same inputs as what governs, and is never executed."""


@command(shadow, "start")
@click.argument("release")
@_SCOPE
@_REASON
def start_shadow(options: Options, release: str, scope: str, reason: str) -> None:
    """Watch an approved release decide."""
    request = rollout_service_pb2.StartShadowRequest(
        name=release_name(release), scope=scope_message(scope), reason=reason
    )
    _step(options, "StartShadow", request)


@command(shadow, "stop")
@_SCOPE
@_REASON
def stop_shadow(options: Options, scope: str, reason: str) -> None:
    """End the shadow of a scope; what it found stays in the log."""
    request = rollout_service_pb2.StopShadowRequest(scope=scope_message(scope), reason=reason)
    _step(options, "StopShadow", request)


@command(shadow, "report")
@click.argument("release")
@click.option("--wait", is_flag=True, help="Until every decision of its scopes has been looked at.")
def report(options: Options, release: str, wait: bool) -> None:  # noqa: FBT001 - a click flag
    """What it decided differently so far."""
    request = rollout_service_pb2.GetShadowReportRequest(name=release_name(release))
    with session(options) as service:
        found = message_json(_report(options, service, request, is_patient=wait))
    waiting = found.get("waiting", 0)
    if options.is_json:
        print_json({"impact": found["impact"], "waiting": waiting})
        return
    show_impact(found["impact"])
    console.print(f"{waiting} decisions are still to be looked at")


def _report(options: Options, service: Session, request: Any, *, is_patient: bool) -> Any:
    """The report as it is, or once nothing waits any more."""
    response = service.call(SERVICE, "GetShadowReport", request)
    total = response.waiting
    with progress(options, "looking at decisions", total) as advance:
        while is_patient and response.waiting:
            time.sleep(_PAUSE)
            response = service.call(SERVICE, "GetShadowReport", request)
            advance(total - response.waiting)
    return response


@policy.group()
def canary() -> None:
    """A release that governs a share of a scope's requests."""


@command(canary, "start")
@click.argument("release")
@_SCOPE
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Of the requests; which ones is a stable hash of release and request id.",
)
@_REASON
def start_canary(options: Options, release: str, scope: str, share: float, reason: str) -> None:
    """Let an approved release govern a share; again with another share changes it."""
    request = rollout_service_pb2.StartCanaryRequest(
        name=release_name(release), scope=scope_message(scope), share=share, reason=reason
    )
    _step(options, "StartCanary", request)


@command(canary, "stop")
@_SCOPE
@_REASON
def stop_canary(options: Options, scope: str, reason: str) -> None:
    """Let what governs the scope govern all of it again."""
    request = rollout_service_pb2.StopCanaryRequest(scope=scope_message(scope), reason=reason)
    _step(options, "StopCanary", request)


def _step(options: Options, method: str, request: Any) -> None:
    with session(options) as service:
        response = service.call(SERVICE, method, request)
    show_release(options, response.release)
