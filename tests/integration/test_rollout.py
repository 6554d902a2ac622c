"""Drafts, shadows, canaries and impact over the wire, on decisions of the bundled example."""

import shutil
import time
from dataclasses import replace

import grpc
import pytest

from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.cli.policy import SERVICE as RELEASES
from decision_service.cli.policy_files import read_policy
from decision_service.cli.trials import SERVICE as ROLLOUT
from decision_service.v1 import decision_pb2, decision_service_pb2, release_service_pb2, rollout_service_pb2

LANES = ("BUY:BEANS-1KG:DC-NORTH:HANDELSHOF", "BUY:GRINDER:DC-NORTH:HANDELSHOF")
NORTH = decision_pb2.Scope(region="north")


@pytest.fixture(scope="module")
def stricter(root, tmp_path_factory):
    """The shipped policies as 1.1.0: every purchase above 1,000 waits for the purchasing manager."""
    folder = tmp_path_factory.mktemp("policies") / "replenishment"
    shutil.copytree(root / "policies" / "replenishment", folder)
    shutil.copy(root / "policies" / "charter.yaml", folder / "charter.yaml")
    header, review = folder / "policy.yaml", folder / "review.yaml"
    header.write_text(header.read_text().replace("version: 1.0.0", "version: 1.1.0"))
    table = """
tables:
  - name: small-purchases
    stage: review
    hit: FIRST
    inputs: [order.kind, order.value]
    outputs: {disposition: [REFERRED, APPROVED], role: text, deadline_days: number, on_timeout: [BLOCK]}
    rows:
      - id: SP-1
        when: {order.kind: '"PURCHASE"', order.value: "> 1000"}
        then: {disposition: REFERRED, role: purchasing-manager, deadline_days: 1, on_timeout: BLOCK}
        because: "a purchase of {order.value}"
      - {id: SP-2, then: {disposition: APPROVED}, because: small}
tests:
  - {given: {order.kind: PURCHASE, order.value: 1001}, expect: {small-purchases: {disposition: REFERRED, role: purchasing-manager, deadline_days: 1, on_timeout: BLOCK}}, rows: [SP-1]}
  - {given: {order.kind: PURCHASE, order.value: 1000}, expect: {small-purchases: {disposition: APPROVED}}, rows: [SP-2]}
"""
    (folder / "small.yaml").write_text(table)
    assert "OA-99" in review.read_text()
    return folder


@pytest.fixture(scope="module")
def judge(governed, example):
    """judge(request_id, quantity, ...): a decision on two proposals, 8 the unit of beans, 60 of grinders."""

    def ask(request_id, quantity=100.0, **given):
        request = decision_service_pb2.DecideRequest(
            request_id=request_id, snapshot=example, mode=decision_pb2.DECISION_MODE_JUDGE, **given
        )
        for n, lane in enumerate(LANES):
            request.proposals.add(id=f"P{n}", lane=lane, quantity=quantity)
        return governed.call(DECISIONS, "Decide", request, roles="erp").decision

    return ask


@pytest.fixture(scope="module")
def candidate(governed, stricter):
    """The stricter release, approved."""
    publish = release_service_pb2.PublishReleaseRequest(files=read_policy(stricter), draft=True)
    name = governed.call(RELEASES, "PublishRelease", publish, actor="ada.lind").release.name
    check = rollout_service_pb2.CheckReleaseRequest(name=name)
    governed.call(ROLLOUT, "CheckRelease", check, actor="ada.lind")
    governed.call(
        RELEASES, "ProposeRelease", release_service_pb2.ProposeReleaseRequest(name=name), actor="ada.lind"
    )
    approve = release_service_pb2.ApproveReleaseRequest(name=name)
    release = governed.call(RELEASES, "ApproveRelease", approve, actor="bruno.keller").release
    assert release_service_pb2.RELEASE_STATE_APPROVED == release.state
    assert release.signature.startswith(
        f"decision-service/release/v1\n{name}\n{release.digest}\nbruno.keller\n"
    )
    return name


def assess(service, **given):
    """All messages of an impact analysis."""
    request = rollout_service_pb2.AssessImpactRequest(**given)
    return list(service.session.stream(ROLLOUT, "AssessImpact", request))


def flips(impact):
    return {(f.before, f.after): f.orders for f in impact.flips}


def test_impact_of_files_that_are_not_published(governed, judge, stricter):
    """
    Decided again under the files: what would wait, what it is worth; nothing is logged.
    """
    judge("impact-1")
    judge("impact-2", 10.0)
    size = governed.app.ledger.size
    messages = assess(governed, files=read_policy(stricter), last=2)
    impact = messages[-1].impact

    assert [0, 1, 2, 2] == [m.done for m in messages]
    assert {2} == {m.total for m in messages}
    assert size == governed.app.ledger.size
    assert (2, 1) == (impact.decisions, impact.unchanged)
    assert {("APPROVED", "APPROVED"): 3, ("APPROVED", "REFERRED"): 1} == flips(impact)
    assert ["impact-1"] == [c.request_id for c in impact.worst]
    assert (decision_pb2.VERDICT_APPROVED, decision_pb2.VERDICT_REFERRED) == (
        impact.worst[0].verdict_before,
        impact.worst[0].verdict_after,
    )


def test_impact_is_resumed(governed, judge, stricter):
    """
    Asked again with more decisions, it decides only those it does not know.
    """
    judge("impact-3")
    messages = assess(governed, files=read_policy(stricter), last=3)

    assert (2, 3, 3) == (messages[0].known, messages[-1].done, messages[-1].impact.decisions)


def test_impact_with_the_optimiser_in_the_loop(governed, example, root):
    """
    A plan is planned anew under the earlier release: its orders, spend, service and stock beside today's.
    """
    request = decision_service_pb2.DecideRequest(request_id="planned", snapshot=example)
    governed.call(DECISIONS, "Decide", request)
    earlier = read_policy(root / "examples" / "bundled" / "replenishment-0.9.0")
    impact = assess(governed, files=earlier, last=1)[-1].impact
    figures = {f.name: f for f in impact.figures}

    assert (1, 0, 0) == (impact.decisions, impact.failed, impact.unchanged)
    assert 0.9 < figures["projected service, mean"].after <= 1.0
    assert figures["projected stock, mean"].before > 0.0
    assert figures["solver iterations"].after > 0.0
    assert figures["seconds a decision, mean"].after > 0.0


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"name": "releases/x@1.0.0", "files": {"a.yaml": ""}}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"name": "releases/replenishment@9.9.9"}, grpc.StatusCode.NOT_FOUND),
        ({"files": {"a.yaml": "tables: ["}}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"name": "x", "last": 10_001}, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_bad_questions_are_refused(governed, given, code):
    """
    Neither name nor files, both, unknown, broken, too many.
    """
    with pytest.raises(grpc.RpcError) as refused:
        assess(governed, **given)
    assert code == refused.value.code()


def test_a_shadow_decides_beside_what_governs_and_is_never_executed(governed, judge, candidate):
    """
    Decisions are made under the governing release; what the candidate says is in the log, and in the report.
    """
    start = rollout_service_pb2.StartShadowRequest(name=candidate, reason="before the new year")
    started = governed.call(ROLLOUT, "StartShadow", start).release
    made = [judge("shadow-1"), judge("shadow-2", 10.0)]
    report = _report(governed, candidate, 2)
    stopped = governed.call(ROLLOUT, "StopShadow", rollout_service_pb2.StopShadowRequest()).release
    judge("shadow-3")
    kinds = [e.kind for e in governed.app.ledger.by_subject(f"{candidate}/shadow")]

    assert release_service_pb2.RELEASE_STATE_SHADOW == started.state
    assert {"releases/replenishment@1.0.0"} == {d.lineage.release for d in made}
    assert {decision_pb2.VERDICT_APPROVED} == {d.verdict for d in made}
    assert (2, 1, 1) == (report.impact.decisions, report.impact.unchanged, report.impact.verdicts_changed)
    assert made[0].name == report.impact.worst[0].decision
    assert ["shadow.v1", "shadow.v1"] == kinds
    assert release_service_pb2.RELEASE_STATE_APPROVED == stopped.state


def _report(service, name, decisions):
    """The report once so many decisions are compared."""
    request = rollout_service_pb2.GetShadowReportRequest(name=name)
    for _ in range(200):
        report = service.call(ROLLOUT, "GetShadowReport", request)
        if report.impact.decisions >= decisions and not report.waiting:
            return report
        time.sleep(0.1)
    raise AssertionError(f"after 20 s: {report}")


def test_a_canary_governs_its_scope_and_the_way_back(governed, judge, candidate):
    """
    The north is decided under the candidate, the rest is not; stopped, nothing is.
    """
    start = rollout_service_pb2.StartCanaryRequest(name=candidate, scope=NORTH)
    release = governed.call(ROLLOUT, "StartCanary", start).release
    north, rest = judge("canary-1", scope=NORTH), judge("canary-2")
    governed.call(ROLLOUT, "StopCanary", rollout_service_pb2.StopCanaryRequest(scope=NORTH))
    after = judge("canary-3", scope=NORTH)

    assert ("north", 1.0) == (release.canaries[0].scope.region, release.canaries[0].share)
    assert [candidate, "releases/replenishment@1.0.0", "releases/replenishment@1.0.0"] == [
        d.lineage.release for d in (north, rest, after)
    ]


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("StartShadow", rollout_service_pb2.StartShadowRequest(name="releases/x@1.0.0")),
        ("StartCanary", rollout_service_pb2.StartCanaryRequest(name="releases/x@1.0.0")),
        ("CheckRelease", rollout_service_pb2.CheckReleaseRequest(name="releases/x@1.0.0")),
    ],
)
def test_trials_are_for_governance(governed, method, request_):
    """
    Neither an ERP nor a planner nor an auditor starts one.
    """
    for role in ("erp", "planner", "auditor"):
        with pytest.raises(grpc.RpcError) as refused:
            governed.call(ROLLOUT, method, request_, roles=role)
        assert grpc.StatusCode.PERMISSION_DENIED == refused.value.code()


def test_impact_from_the_command_line(governed, judge, stricter, tmp_path):
    """
    Against a running service: a table, JSON and a page from the same analysis.
    """
    import json

    from click.testing import CliRunner

    from decision_service import cli

    judge("command-1")
    arguments = ["policy", "impact", str(stricter), "--last", "1", "--address", governed.server.address]
    page = tmp_path / "impact.html"
    shown = CliRunner().invoke(cli.load(), [*arguments, "--html", str(page)])
    found = json.loads(CliRunner().invoke(cli.load(), [*arguments, "--json"]).stdout)

    assert 0 == shown.exit_code, shown.output
    assert "1 decisions: 0 as they were, 1 with another verdict" in shown.output
    assert page.read_text().startswith("<!doctype html>")
    assert (1, "command-1", 1) == (found["decisions"], found["worst"][0]["request_id"], found["known"])


def test_a_shadow_goes_on_where_it_stopped(governed, judge, candidate):
    """
    A follower without memory compares no decision twice.
    """
    import asyncio

    start = rollout_service_pb2.StartShadowRequest(name=candidate)
    governed.call(ROLLOUT, "StartShadow", start)
    judge("again-1")
    before = _report(governed, candidate, 3).impact.decisions
    fresh = replace(governed.app._shadows())

    assert 0 == asyncio.run(fresh.catch_up())
    assert before == fresh.report(candidate).impact.decisions
    governed.call(ROLLOUT, "StopShadow", rollout_service_pb2.StopShadowRequest())
