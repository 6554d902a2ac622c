"""A decision as it is sent."""

from datetime import UTC, datetime

import pytest

from decision_service.api.known_decisions import decide_response, render_decision
from decision_service.decision import (
    Decision,
    DecisionMode,
    Lineage,
    LogPosition,
    Outcome,
    Reason,
    Scope,
    Verdict,
)
from decision_service.v1 import decision_service_pb2 as pb


@pytest.mark.parametrize("size", [1, 100, 20_000])
@pytest.mark.parametrize("is_repeat", [True, False])
def test_the_bytes_of_an_answer_are_those_of_its_message(size, is_repeat):
    """
    Whatever the length of the length: one byte, two or three.
    """
    outcome = Outcome(Verdict.REJECTED, reasons=(Reason("t", "r", "x" * size),))
    lineage = Lineage("s", "r", "d", "e", f"sha256:{size}", "q", "ada", engine={"service": "1"})
    decision = Decision(
        "decisions/1",
        "asked",
        DecisionMode.JUDGE,
        Scope(region="north"),
        outcome,
        lineage,
        LogPosition(7, "ab", datetime(2026, 11, 30, tzinfo=UTC)),
    )

    read = pb.DecideResponse.FromString(decide_response(decision, is_repeat=is_repeat))
    assert pb.DecideResponse(decision=render_decision(decision), is_repeat=is_repeat) == read
    assert ("decisions/1", "north", "x" * size) == (
        read.decision.name,
        read.decision.scope.region,
        read.decision.reasons[0].message,
    )
