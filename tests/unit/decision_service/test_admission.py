"""Who may ask is answered once for a snapshot, and anew for whoever asks something else of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from decision_service.cli.policy_files import read_policy
from decision_service.decision import DecisionMode, OrderProposal, Question, Scope, Verdict
from decision_service.facts import SnapshotFacts
from decision_service.usecases import outcome
from decision_service.usecases.outcome import decide, deliberate
from decision_service.usecases.release_content import ReleaseContent, compile_release
from optimization.network import Item, Lane, LaneKind, Location, Snapshot, Stage, Supplier

MONDAY = date(2026, 11, 30)
QUESTION = Question("sha256:0", MONDAY, DecisionMode.JUDGE, proposals=(OrderProposal("p", "buy", 5.0),))
SNAPSHOT = Snapshot(
    MONDAY,
    items=(Item("i"),),
    locations=(Location("dc"),),
    suppliers=(Supplier("s"),),
    stages=(Stage("i@dc", "i", "dc"),),
    lanes=(Lane("buy", LaneKind.PURCHASE, "i@dc", supplier="s"),),
)


@pytest.fixture(scope="module")
def releases(root):
    """The shipped release, and one under which nobody may ask."""
    files = read_policy(root / "policies" / "replenishment")
    shut = files["admission.yaml"].replace('{request.stages: "0"}', '{request.stages: ">= 0"}')
    tests = shut.index("tests:")
    return tuple(
        compile_release(ReleaseContent(f)) for f in (files, {**files, "admission.yaml": shut[:tests]})
    )


def test_what_admission_looks_at_is_looked_at_again_where_it_differs(releases):
    """
    The day, the scope and the release are the question's; the snapshot may have been asked before.
    """
    known, (shipped, shut) = SnapshotFacts(SNAPSHOT), releases
    late = replace(QUESTION, received=MONDAY + timedelta(days=9))
    asked = [
        (QUESTION, shipped),
        (late, shipped),
        (replace(late, scope=Scope("retail")), shipped),
        (replace(late, mode=DecisionMode.PLAN), shut),
        (QUESTION, shut),
    ]

    for question, release in asked * 2:
        assert decide(question, SNAPSHOT, release) == deliberate(question, known, release).outcome
    verdicts = [deliberate(question, known, release).outcome.verdict for question, release in asked]
    assert [Verdict.REJECTED] * 3 == verdicts[2:]
    assert Verdict.REJECTED not in verdicts[:2]


def test_other_proposals_on_the_same_snapshot_are_admitted_already(releases, monkeypatch):
    """
    Admission knows no proposals: it is asked once.
    """
    known, asked = SnapshotFacts(SNAPSHOT), []
    ask = outcome.evaluate_stage
    monkeypatch.setattr(outcome, "evaluate_stage", lambda *of: asked.append(of[1]) or ask(*of))
    for quantity in (5.0, 6.0, 7.0):
        deliberate(replace(QUESTION, proposals=(OrderProposal("p", "buy", quantity),)), known, releases[0])

    assert ["admission"] == asked
