"""Decide over gRPC: once per request_id, nothing logged on request, lists in pages, found by tools."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from audit import Redaction, redact
from decision_service.api import reading
from decision_service.cli.audit import SERVICE as AUDIT
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.cli.policy import SERVICE as RELEASES
from decision_service.usecases import records
from decision_service.v1 import audit_service_pb2, decision_pb2, release_service_pb2
from decision_service.v1 import decision_service_pb2 as pb


def judgement(example, request_id, quantity=10.0, **more):
    """A request that needs no solver: judge one proposed order."""
    proposal = pb.OrderProposal(id="p", lane=example.lanes[0].id, quantity=quantity)
    return pb.DecideRequest(
        request_id=request_id,
        snapshot=example,
        mode=decision_pb2.DECISION_MODE_JUDGE,
        proposals=[proposal],
        **more,
    )


def reason(error):
    """ErrorInfo.reason of a refused call."""
    raw = dict(error.trailing_metadata())["grpc-status-details-bin"]
    info = error_details_pb2.ErrorInfo()
    return next(info.reason for d in status_pb2.Status.FromString(raw).details if d.Unpack(info))


def refusal(call):
    """Status code and reason of a call that must be refused."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), reason(caught.value)


def entries(service):
    return service.call(AUDIT, "VerifyLog", audit_service_pb2.VerifyLogRequest()).entries


def test_the_same_request_gets_the_first_decision(governed, example):
    """
    Same request_id and body: the first decision, marked as a repeat, and no second entry.
    """
    first = governed.call(DECISIONS, "Decide", judgement(example, "same"))
    before = entries(governed)

    again = governed.call(DECISIONS, "Decide", judgement(example, "same"))

    assert (False, True) == (first.is_repeat, again.is_repeat)
    assert first.decision == again.decision
    assert before == entries(governed)


@pytest.mark.parametrize(
    "change", [{"quantity": 11.0}, {"on_behalf_of": "someone"}, {"scope": decision_pb2.Scope(region="x")}]
)
def test_the_same_id_for_another_body_is_refused(governed, example, change):
    """
    A request_id names one request for ever.
    """
    governed.call(DECISIONS, "Decide", judgement(example, f"reused-{min(change)}"))
    other = judgement(example, f"reused-{min(change)}", **change)

    assert (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED") == refusal(
        lambda: governed.call(DECISIONS, "Decide", other)
    )


def test_whom_the_caller_acted_for_is_in_the_payload_alone(governed, example):
    """
    Nothing that stays in the log tells two people apart, so nobody can try names; where nobody is named, nothing is
    there to erase.
    """
    people = ("maria", "peter", "")
    made = [
        governed.call(DECISIONS, "Decide", judgement(example, f"whom-{n}", on_behalf_of=who)).decision
        for n, who in enumerate(people)
    ]
    kept = [governed.app.ledger.get(decision.log.index) for decision in made]

    assert people == tuple(decision.lineage.on_behalf_of for decision in made)
    assert [True, True, False] == [bool(entry.payload_commitment) for entry in kept]
    assert 1 == len({decision.lineage.request_digest for decision in made})
    assert not [entry for entry in kept if b"maria" in entry.envelope or b"peter" in entry.envelope]


@pytest.mark.parametrize("mode", [decision_pb2.DECISION_MODE_JUDGE, decision_pb2.DECISION_MODE_PLAN])
def test_a_repeat_is_for_the_same_person(governed, example, mode):
    """
    Another person makes another request, as long as the log knows whom it was for; once that is erased nobody can tell.
    """

    def decide(who):
        asked = judgement(example, f"person-{mode}", on_behalf_of=who)
        asked.mode = mode
        return governed.call(DECISIONS, "Decide", asked)

    first = decide("maria")
    refused = [refusal(lambda who=who: decide(who)) for who in ("peter", "")]
    again = decide("maria")
    index = first.decision.log.index
    redact(governed.app.ledger, Redaction((index,), "GDPR Art. 17(1)(a)", "asked for", "ada", "max"))
    erased = decide("peter")

    assert [(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")] * 2 == refused
    assert (True, "maria") == (again.is_repeat, again.decision.lineage.on_behalf_of)
    assert (True, first.decision.name, "") == (
        erased.is_repeat,
        erased.decision.name,
        erased.decision.lineage.on_behalf_of,
    )


@pytest.mark.parametrize("mode", [decision_pb2.DECISION_MODE_JUDGE, decision_pb2.DECISION_MODE_PLAN])
def test_what_an_earlier_version_decided_for_somebody_is_repeated(governed, example, monkeypatch, mode):
    """
    Its digest named the person: it is known again, and others are still refused.
    """

    def decide(who):
        reading._known.clear()  # which remembers digests
        asked = judgement(example, f"earlier-{mode}", on_behalf_of=who)
        asked.mode = mode
        return governed.call(DECISIONS, "Decide", asked)

    with monkeypatch.context() as earlier:
        earlier.setattr(
            records, "request_digest", lambda asked, on: records._digest(asked, on, asked.on_behalf_of)
        )
        first = decide("maria")
    again = decide("maria")

    assert (True, first.decision) == (again.is_repeat, again.decision)
    assert [(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")] * 2 == [
        refusal(lambda who=who: decide(who)) for who in ("peter", "")
    ]


def test_a_scope_of_several_kinds_is_kept_whole(governed, example):
    """
    The business unit beside a location may be who governs: it is in the log, and its change makes another request.
    """
    within = decision_pb2.Scope(business_unit="tea", location="DC-NORTH")
    made, again = (
        governed.call(DECISIONS, "Decide", judgement(example, "within", scope=within)).decision
        for _ in range(2)
    )
    read = governed.call(DECISIONS, "GetDecision", pb.GetDecisionRequest(name=made.name)).decision
    other = judgement(
        example, "within", scope=decision_pb2.Scope(business_unit="coffee", location="DC-NORTH")
    )

    assert [within] * 3 == [made.scope, again.scope, read.scope]
    assert made == again == read
    assert (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED") == refusal(
        lambda: governed.call(DECISIONS, "Decide", other)
    )


def test_a_repeat_is_answered_whatever_has_changed(service, example, root):
    """
    The release was withdrawn meanwhile: a new request is refused, the decided one gets its decision.
    """
    service.govern(root / "policies" / "replenishment")
    first = service.call(DECISIONS, "Decide", judgement(example, "early")).decision
    revoke = release_service_pb2.RevokeReleaseRequest(name=first.lineage.release, reason="bad")
    service.call(RELEASES, "RevokeRelease", revoke, "otto")
    again = service.call(DECISIONS, "Decide", judgement(example, "early"))
    late = refusal(lambda: service.call(DECISIONS, "Decide", judgement(example, "late")))
    reused = refusal(lambda: service.call(DECISIONS, "Decide", judgement(example, "early", 11.0)))

    assert (True, first) == (again.is_repeat, again.decision)
    assert (grpc.StatusCode.FAILED_PRECONDITION, "RELEASE_REVOKED") == late
    assert (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED") == reused


def test_a_decision_read_again_is_the_same_message(governed, example):
    """
    The second reading comes from memory; it is what was decided, and others' scopes stay closed.
    """
    asked = judgement(example, "read-twice", on_behalf_of="planner-7")
    made = governed.call(DECISIONS, "Decide", asked).decision
    read = [governed.call(DECISIONS, "GetDecision", pb.GetDecisionRequest(name=made.name)) for _ in range(2)]

    assert [made, made] == [answer.decision for answer in read]
    assert "planner-7" == read[1].decision.lineage.on_behalf_of


def test_the_same_proposals_under_another_id_are_judged_once(governed, example):
    """
    The outcome is remembered; each is a decision of its own in the log, and a replay computes it anew.
    """
    asked, kept = judgement(example, "first-id", 12.0), governed.app.outcomes._known
    first = governed.call(DECISIONS, "Decide", asked)
    asked.request_id, known = "second-id", len(kept)
    second = governed.call(DECISIONS, "Decide", asked)
    added = len(kept) - known
    kept.clear()
    replayed = governed.call(DECISIONS, "ReplayDecision", pb.ReplayDecisionRequest(name=second.decision.name))

    assert (0, 0) == (added, len(kept))  # nor does a replay look there, or leave anything
    assert not second.is_repeat
    assert first.decision.name != second.decision.name
    assert first.decision.lineage.outcome_digest == second.decision.lineage.outcome_digest
    assert first.decision.evaluations == second.decision.evaluations
    assert pb.REPLAY_OUTCOME_IDENTICAL == replayed.outcome


def test_another_caller_may_use_the_same_id(governed, example):
    """
    Ids are the caller's own: one ERP does not see another's decisions by guessing.
    """
    mine = governed.call(DECISIONS, "Decide", judgement(example, "mine"), actor="erp-1")
    theirs = governed.call(DECISIONS, "Decide", judgement(example, "mine"), actor="erp-2")

    assert not theirs.is_repeat
    assert mine.decision.name != theirs.decision.name


def test_a_storm_of_repeats_makes_one_decision(governed, example):
    """
    Sixteen clients race with one request_id: one entry, one name; decided inside the append transaction.
    """
    before, request = entries(governed), judgement(example, "storm")

    with ThreadPoolExecutor(16) as clients:
        found = list(clients.map(lambda _: governed.call(DECISIONS, "Decide", request), range(64)))

    assert 1 == len({response.decision.name for response in found})
    assert 1 == sum(not response.is_repeat for response in found)
    assert before + 1 == entries(governed)


def test_validate_only_logs_nothing(governed, example):
    """
    A what-if has an answer, no name and no entry.
    """
    before = entries(governed)

    answer = governed.call(DECISIONS, "Decide", judgement(example, "what-if", validate_only=True)).decision

    assert ("", 1, before) == (answer.name, len(answer.orders), entries(governed))


def test_pages_hold_every_decision_once(governed, example):
    """
    Page tokens are opaque, and bound to the question they continue.
    """
    for number in range(5):
        governed.call(DECISIONS, "Decide", judgement(example, f"page-{number}"), actor="pager")
    question, found = pb.ListDecisionsRequest(page_size=2, actor="pager"), []

    while True:
        page = governed.call(DECISIONS, "ListDecisions", question)
        found += [d.request_id for d in page.decisions]
        if not page.next_page_token:
            break
        question.page_token = page.next_page_token
    other = pb.ListDecisionsRequest(page_size=2, actor="somebody", page_token=question.page_token)

    assert [f"page-{n}" for n in (4, 3, 2, 1, 0)] == found
    assert (
        grpc.StatusCode.INVALID_ARGUMENT
        == refusal(lambda: governed.call(DECISIONS, "ListDecisions", other))[0]
    )


def test_what_does_not_exist_is_not_found(governed):
    """
    A name nobody gave: NOT_FOUND, with a reason a program can read.
    """
    asked = pb.GetDecisionRequest(name="decisions/00000000-0000-7000-8000-000000000000")

    code, why = refusal(lambda: governed.call(DECISIONS, "GetDecision", asked))

    assert (grpc.StatusCode.NOT_FOUND, "DECISION_NOT_FOUND") == (code, why)


def test_health_and_reflection(governed):
    """
    Probes see SERVING, tools see every service.
    """
    health = health_pb2_grpc.HealthStub(governed.channel).Check(health_pb2.HealthCheckRequest())
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    listed = next(
        reflection_pb2_grpc.ServerReflectionStub(governed.channel).ServerReflectionInfo(iter([asked]))
    )
    names = {s.name for s in listed.list_services_response.service}

    assert health_pb2.HealthCheckResponse.SERVING == health.status
    assert {s.full_name for s in (DECISIONS, RELEASES, AUDIT)} <= names


def test_nothing_governs_nothing_is_decided(service, example):
    """
    Without an active release the answer is an error that says what to do, not a default.
    """
    code, why = refusal(lambda: service.call(DECISIONS, "Decide", judgement(example, "early")))

    assert (grpc.StatusCode.FAILED_PRECONDITION, "NO_ACTIVE_RELEASE") == (code, why)


def test_a_decision_in_flight_is_refused_when_its_release_is_revoked(service, example, root):
    """
    The revocation lands while the decision is being made: the append refuses it, and nothing is logged.
    """
    from decision_service.api import convert
    from decision_service.decision import Caller, DecisionRequest, Scope
    from decision_service.errors import MovedError
    from decision_service.usecases.effort import ALL_IT_TAKES
    from decision_service.usecases.rollout import Rollout

    earlier = service.govern(root / "examples" / "bundled" / "replenishment-0.9.0")
    bad = service.govern(root / "policies" / "replenishment")
    line = service.app._deciding()

    async def outcome_of(*args, **more):
        rollout = Rollout(service.app.releases)
        rollout.roll_back(Scope(), Caller("otto"), reason="bad")
        rollout.revoke(bad, "bad", Caller("otto"))
        return await line.within(ALL_IT_TAKES)(*args, **more)

    size = service.app.ledger.size
    request = convert.parse(judgement(example, "in-flight"), DecisionRequest)
    with pytest.raises(MovedError, match="revoked"):
        asyncio.run(replace(line, within=lambda _: outcome_of)(request, Caller("erp-1")))

    assert size + 2 == service.app.ledger.size
    next_decision = service.call(DECISIONS, "Decide", judgement(example, "next")).decision
    assert earlier == next_decision.lineage.release


def test_two_people_cannot_activate_at_once(service, root):
    """
    The active pointer moves by compare-and-swap: whoever expected another release is told.
    """
    earlier = service.govern(root / "examples" / "bundled" / "replenishment-0.9.0")
    service.govern(root / "policies" / "replenishment")
    stale = release_service_pb2.ActivateReleaseRequest(name=earlier, expected=earlier)

    code, why = refusal(lambda: service.call(RELEASES, "ActivateRelease", stale, actor="bruno.keller"))

    assert (grpc.StatusCode.ABORTED, "ACTIVATION_MOVED") == (code, why)


def test_a_rollback_is_one_call_and_the_next_decision_follows_it(service, example, root):
    """
    One command; its entry says from what to what and why; the earlier release governs at once.
    """
    earlier = service.govern(root / "examples" / "bundled" / "replenishment-0.9.0")
    service.govern(root / "policies" / "replenishment")
    first = service.call(DECISIONS, "Decide", judgement(example, "1")).decision.lineage.release

    back = service.call(
        RELEASES,
        "RollbackRelease",
        release_service_pb2.RollbackReleaseRequest(reason="too strict"),
        actor="otto",
        roles="operator",
    )
    second = service.call(DECISIONS, "Decide", judgement(example, "2")).decision.lineage.release

    assert ("releases/replenishment@1.0.0", earlier, earlier) == (first, back.release.name, second)


def test_a_decision_survives_the_service(start_service, tmp_path, example, root):
    """
    After a restart the same request still gets the first decision.
    """

    def once():
        service = start_service(tmp_path)
        try:
            if not service.app.releases.all():
                service.govern(root / "policies" / "replenishment")
            return service.call(DECISIONS, "Decide", judgement(example, "restart"))
        finally:
            service.close()

    first, again = once(), once()

    assert (first.decision.name, True) == (again.decision.name, again.is_repeat)


def test_a_release_may_not_govern_before_its_day(service, example, root, tmp_path):
    """
    Effective dates hold: approved and active is not yet in force.
    """
    import shutil

    folder = tmp_path / "replenishment"
    shutil.copytree(root / "policies" / "replenishment", folder)
    shutil.copy(root / "policies" / "charter.yaml", folder)
    text = (folder / "policy.yaml").read_text()
    day = (datetime.now(UTC)).year + 1
    (folder / "policy.yaml").write_text(text.replace("effective: 2026-11-01", f"effective: {day}-01-01"))
    service.govern(folder)

    code, why = refusal(lambda: service.call(DECISIONS, "Decide", judgement(example, "early")))

    assert (grpc.StatusCode.FAILED_PRECONDITION, "RELEASE_NOT_EFFECTIVE") == (code, why)
