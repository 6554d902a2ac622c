"""A decision as it is sent."""

import pickle
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import msgspec
import pytest

from audit import Entry, canonical
from decision_service.api import convert, known_decisions
from decision_service.api.known_decisions import decide_response, render_decision
from decision_service.decision import (
    Caller,
    Decision,
    DecisionMode,
    DecisionRequest,
    Lineage,
    LogPosition,
    Outcome,
    Question,
    Reason,
    Scope,
    Verdict,
)
from decision_service.usecases import records
from decision_service.usecases.decide import Decided
from decision_service.v1 import decision_pb2
from decision_service.v1 import decision_service_pb2 as pb
from optimization.network import Snapshot, SourceFile

RELEASE = SimpleNamespace(name="releases/r@1.0.0", digest="sha256:r")
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def rendered(decision):
    """
    The message, field by field, as nothing is remembered.
    """
    message = convert.render(decision.outcome, decision_pb2.Decision())
    message.name, message.request_id = decision.name, decision.request_id
    message.mode = decision_pb2.DecisionMode.Value(f"DECISION_MODE_{decision.mode.value}")
    convert.render(decision.scope, message.scope)
    convert.render(decision.lineage, message.lineage)
    if decision.log:
        convert.render(decision.log, message.log)
    return message


@pytest.mark.parametrize("size", [1, 100, 20_000])
def test_the_bytes_of_a_repeat_are_those_of_its_message(size):
    """
    Whatever the length of the length: one byte, two or three.
    """
    outcome = Outcome(Verdict.REJECTED, reasons=(Reason("t", "r", "x" * size),))
    lineage = Lineage(
        "s", "r", "d", "e", f"sha256:{size}", "q", "ada", engine={"service": "1"}, parents=("p" * size,)
    )
    decision = Decision(
        "decisions/1",
        "asked",
        DecisionMode.JUDGE,
        Scope(region="north"),
        outcome,
        lineage,
        LogPosition(7, "ab", NOON),
    )

    read = pb.DecideResponse.FromString(decide_response(Decided(earlier=decision)))
    assert pb.DecideResponse(decision=rendered(decision), is_repeat=True) == read
    assert rendered(decision) == render_decision(decision)


def made(request_id, caller, parents=(), mode=DecisionMode.JUDGE, **asked):
    """
    A deliberation on the same snapshot, and its entry.
    """
    request = DecisionRequest(request_id, SNAPSHOT, mode, **asked)
    content = canonical.encode_object(SNAPSHOT)
    question = Question(canonical.digest(content), date(2026, 11, 30), request.mode, request.scope)
    inputs = records.Inputs(content, canonical.encode_object(question), b"release")
    done = records.Deliberation(request, caller, RELEASE, inputs, REACHED, parents)
    return done, Entry(7, "decision.v1", f"decisions/{request_id}", NOON, b"{}", b"\x01" * 32)


SNAPSHOT = Snapshot(date(2026, 11, 30))
REACHED = records.Reached(canonical.encode_object(Outcome(Verdict.APPROVED)))


def test_what_decisions_have_in_common_is_not_confused_with_their_own():
    """
    Who asked, for whom, after what and in which trace is each one's own; so is the scope, and what is not logged.
    """
    ada, bob = Caller("ada"), Caller("bob", trace_id="0af7")
    asked = [
        made("1", ada),
        made("2", bob, ("decisions/0",)),
        made("3", ada, on_behalf_of="carla"),
        made("4", bob, scope=Scope("unit", location="dc")),
        made("5", bob, scope=Scope(location="dc")),
        (made("6", ada)[0], None),
    ]

    for done, entry in (*asked, *asked):
        decided = Decided(done, entry)
        read = pb.DecideResponse.FromString(decide_response(decided))
        assert pb.DecideResponse(decision=rendered(decided.decision)) == read
        assert (done.caller.subject, done.request.on_behalf_of) == (
            read.decision.lineage.actor,
            read.decision.lineage.on_behalf_of,
        )


def test_lineages_that_are_remembered_are_each_ones_own():
    """
    One question that callers ask in turn, after other decisions, in traces and for people; first and again.
    """
    first, entry = made("1", Caller("ada"))
    callers = (Caller("ada"), Caller("bob"), Caller("ada", trace_id="0af7"), Caller("bob", trace_id="0b"))
    each = [
        msgspec.structs.replace(
            first, caller=caller, parents=parents, request=first.request.under(caller.subject)
        )
        for caller in callers
        for parents in ((), ("decisions/0",), ("decisions/1",))
    ]
    for done in (*each, *each):
        decided = Decided(done, entry)
        read = pb.DecideResponse.FromString(decide_response(decided))
        assert pb.DecideResponse(decision=rendered(decided.decision)) == read
    kept = first.filed.derived("sent", lambda: 1 / 0)
    assert 6 == len(kept.__dict__["_followed"])  # outside of traces


@pytest.mark.parametrize(
    ("sources", "person", "count"), [(1, "", 1), (1, "carla", 0), (known_decisions.SMALL // 70, "", 0)]
)
def test_lineages_of_people_and_large_ones_are_not_remembered(sources, person, count):
    """
    A person may have to be forgotten; of ten thousand sources a megabyte would be kept for each who asks.
    """
    listed = tuple(SourceFile(f"file-{n}", f"sha256:{'0' * 64}", 1) for n in range(sources))
    lineage = Lineage("s", "r", "d", "e", f"sha256:{sources}{person}", "q", "ada", sources=listed)
    decisions = [
        Decision("decisions/1", "asked", DecisionMode.JUDGE, Scope(), Outcome(Verdict.APPROVED), of, None)
        for of in (replace(lineage, on_behalf_of=person), replace(lineage, on_behalf_of=person and "peter"))
    ]

    assert [rendered(decision) for decision in decisions] == [*map(render_decision, decisions)]
    common = known_decisions._common(decisions[0])
    assert count == len(common.__dict__.get("_followed", ()))
    assert common.size == len(common.shared) + len(common.lineage) * (17 if sources == 1 else 1)


def test_no_field_is_sent_twice_that_some_clients_would_not_merge():
    """
    The last one would stand alone, without what came before; read and written again it would be shorter.
    """
    response = decide_response(Decided(*made("1", Caller("ada"), ("decisions/0",))))

    assert len(response) == pb.DecideResponse.FromString(response).ByteSize()


def test_an_outcome_keeps_no_request_alive():
    """
    It is small and remembered among thousands, of which each may be of a large snapshot.
    """
    done, entry = made("1", Caller("ada"), on_behalf_of="carla")
    decide_response(Decided(done, entry))

    kept = pickle.dumps(done.reached)
    assert done.reached.content in kept
    assert [] == [part for part in (done.inputs.snapshot, done.inputs.question, b"carla") if part in kept]


@pytest.mark.parametrize(
    ("mode", "largest", "is_kept"),
    [(DecisionMode.JUDGE, 100, True), (DecisionMode.JUDGE, 10, False), (DecisionMode.PLAN, 100, False)],
)
def test_a_question_keeps_no_large_outcome_and_no_plan(monkeypatch, mode, largest, is_kept):
    """
    It counts for its own bytes, of which a plan may have a hundred times as many.
    """
    monkeypatch.setattr(records, "LARGEST", largest)
    done, _ = made("1", Caller("ada"), mode=mode)
    asked_again = done.request.under("2")
    again = records.Deliberation(asked_again, done.caller, done.release, done.inputs, done.reached)

    assert is_kept == (done.filed is again.filed)
    assert done.filed == again.filed
