"""`policy ...`: what the governance team types."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.failure import DOES_NOT_HOLD
from decision_service.cli.main_group import cli
from decision_service.cli.names import release_name, scope_message
from decision_service.cli.policy_files import read_policy
from decision_service.cli.session import Options, session
from decision_service.v1 import release_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["ReleaseService"]
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@cli.group()
def policy() -> None:
    """Rules and releases: check, test, publish, approve, activate, roll back."""


@command(policy, "check")
@click.argument("folder", type=_FOLDER)
def check(options: Options, folder: Path) -> None:
    """Compile and prove: gaps, overlaps, contradictions, each with a witness. Exit code 1 if there are findings."""
    from decision_service.cli.policy_report import show_findings  # noqa: PLC0415
    from rules import check_ruleset  # noqa: PLC0415

    release = _compiled(options, folder)
    found = check_ruleset(release.ruleset, release.charter)
    show_findings(options, release, folder, found)
    if found:
        raise SystemExit(DOES_NOT_HOLD)


@command(policy, "test")
@click.argument("folder", type=_FOLDER)
def test(options: Options, folder: Path) -> None:
    """Run the tests in the policy files; row coverage as a table. Exit code 1 if one fails or a row has none."""
    from decision_service.cli.policy_report import show_tests  # noqa: PLC0415
    from rules import run_tests  # noqa: PLC0415

    day = datetime.now(tz=UTC).date()
    report = run_tests(_compiled(options, folder).ruleset)
    show_tests(options, folder, report, day)
    if report.failures or report.open_on(day):
        raise SystemExit(DOES_NOT_HOLD)


@command(policy, "diff")
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
def diff(options: Options, old: Path, new: Path) -> None:
    """What changed, in rows and thresholds, and for which facts the outcome changes."""
    from decision_service.cli.policy_report import show_changes  # noqa: PLC0415
    from rules import diff_rulesets  # noqa: PLC0415

    before, after = (_compiled(options, folder).ruleset for folder in (old, new))
    show_changes(options, diff_rulesets(before, after))


def _compiled(options: Options, folder: Path) -> Any:
    """The release that a folder makes; every complaint is shown where there are some."""
    from decision_service.cli.policy_report import diagnostics  # noqa: PLC0415
    from decision_service.usecases.release_content import ReleaseContent, compile_release  # noqa: PLC0415

    with diagnostics(options, folder):
        return compile_release(ReleaseContent(read_policy(folder)))


@command(policy, "import-dmn")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Policy file. Default: print it."
)
def import_dmn(options: Options, source: Path, output: Path | None) -> None:
    """Turn the decision tables and literal expressions of a DMN 1.1 to 1.5 file into a policy file."""
    from decision_service.cli.evaluate import read_model  # noqa: PLC0415
    from rules.dmn import to_policy_yaml  # noqa: PLC0415

    model = read_model(source)
    text = to_policy_yaml(model)
    if output is not None:
        output.write_text(text, encoding="utf-8")
    if options.is_json:
        decisions = [decision.name for decision in model.decisions]
        print_json(
            {"model": model.name, "decisions": decisions, "output": output and str(output), "policy": text}
        )
    elif output is None:
        click.echo(text, nl=False)
    else:
        console.print(
            f"wrote {output}: {len(model.decisions)} decisions; its first lines say what to fill in"
        )


@command(policy, "evaluate")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--decision", "decision", required=True, help="A table of the folder, or a decision of the DMN file."
)
@click.option("--facts", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def evaluate(options: Options, source: Path, decision: str, facts: Path) -> None:
    """One table of a policy folder, or one decision of a .dmn file, on given facts."""
    from decision_service.cli.evaluate import (  # noqa: PLC0415
        evaluate_dmn,
        evaluate_table,
        read_facts,
        show_evaluation,
    )

    given = read_facts(facts)
    found = (
        evaluate_dmn(source, decision, given) if source.is_file() else evaluate_table(source, decision, given)
    )
    if options.is_json:
        print_json(found)
    else:
        show_evaluation(found)


@command(policy, "publish")
@click.argument("folder", type=_FOLDER)
@click.option("--validate-only", is_flag=True, help="Check, publish nothing.")
def publish(options: Options, folder: Path, validate_only: bool) -> None:  # noqa: FBT001 - a click flag
    """Freeze a policy set into a release."""
    request = pb.PublishReleaseRequest(files=read_policy(folder), validate_only=validate_only)
    with session(options) as service:
        response = service.call(SERVICE, "PublishRelease", request)
    if not options.is_json:
        for warning in response.warnings:
            console.print(f"warning: {warning}", style="yellow", markup=False)
    show_release(options, response.release)


@command(policy, "propose")
@click.argument("release")
def propose(options: Options, release: str) -> None:
    """Ask for approval."""
    _step(options, "ProposeRelease", pb.ProposeReleaseRequest(name=release_name(release)))


@command(policy, "approve")
@click.argument("release")
def approve(options: Options, release: str) -> None:
    """Approve somebody else's release."""
    _step(options, "ApproveRelease", pb.ApproveReleaseRequest(name=release_name(release)))


@command(policy, "activate")
@click.argument("release")
@click.option(
    "--scope", default="*", help="KIND:NAME with kind business_unit, region or location. Default: everything."
)
@click.option("--reason", default="")
def activate(options: Options, release: str, scope: str, reason: str) -> None:
    """Let an approved release govern a scope."""
    request = pb.ActivateReleaseRequest(name=release_name(release), scope=scope_message(scope), reason=reason)
    _step(options, "ActivateRelease", request)


@command(policy, "rollback")
@click.option("--scope", default="*", help="KIND:NAME. Default: everything.")
@click.option("--to", "target", default="", help="A release that governed before. Default: the previous one.")
@click.option("--reason", required=True)
def rollback(options: Options, scope: str, target: str, reason: str) -> None:
    """Let the release that governed before govern again."""
    request = pb.RollbackReleaseRequest(
        scope=scope_message(scope), target=release_name(target), reason=reason
    )
    _step(options, "RollbackRelease", request)


@command(policy, "revoke")
@click.argument("release")
@click.option("--reason", required=True)
def revoke(options: Options, release: str, reason: str) -> None:
    """Withdraw a release for good."""
    _step(options, "RevokeRelease", pb.RevokeReleaseRequest(name=release_name(release), reason=reason))


@command(policy, "list")
def list_releases(options: Options) -> None:
    """Releases, newest first."""
    found: list[Any] = []
    request = pb.ListReleasesRequest(page_size=1000)
    with session(options) as service:
        while True:
            response = service.call(SERVICE, "ListReleases", request)
            found += message_json(response).get("releases", [])
            if not response.next_page_token:
                break
            request.page_token = response.next_page_token
    if options.is_json:
        print_json(found)
        return
    table("Releases", ("name", "state", "at work", "publisher", "approvers", "digest"),
          [(r["name"], r["state"], "; ".join(_at_work(r)), r["publisher"],
            ", ".join(r.get("approvers", [])), r["digest"][:19]) for r in found])  # fmt: skip


def show_release(options: Options, release: Any) -> None:
    """One release: its state, and where it is at work."""
    found = message_json(release)
    if options.is_json:
        print_json(found)
        return
    at_work = "".join(f", {words}" for words in _at_work(found))
    console.print(
        f"{found['name']} {found['digest'][:19]}: {found.get('state', 'checked')}{at_work}", markup=False
    )


def _at_work(release: dict[str, Any]) -> list[str]:
    """Where a release governs, will govern, is watched, and governs a share."""
    said = (
        ("scopes", "governs {}"),
        ("upcoming", f"from {release.get('effective', '')} governs {{}}"),
        ("shadows", "in the shadow of {}"),
    )
    words = [text.format(_scopes(release[name])) for name, text in said if release.get(name)]
    canaries = release.get("canaries", [])
    return words + [f"governs {c['share']:.4g} of {_scope_text(c.get('scope', {}))}" for c in canaries]


def _scopes(scopes: list[dict[str, str]]) -> str:
    return ", ".join(map(_scope_text, scopes))


def _step(options: Options, method: str, request: Any) -> None:
    with session(options) as service:
        response = service.call(SERVICE, method, request)
    show_release(options, response.release)


def _scope_text(scope: dict[str, str]) -> str:
    return next((f"{k}:{v}" for k, v in scope.items()), "*")
