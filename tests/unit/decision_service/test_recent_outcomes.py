"""Outcomes reached lately: judgements nobody doubted are remembered, by all that they follow from."""

from dataclasses import replace
from datetime import date

import pytest

from audit import canonical
from decision_service.decision import DecisionMode, OrderProposal, Outcome, Question, Verdict
from decision_service.usecases import recent_outcomes
from decision_service.usecases.conflicts import UNCONFIRMED
from decision_service.usecases.recent_outcomes import RecentOutcomes
from decision_service.usecases.records import Inputs, Reached
from decision_service.usecases.release_content import Release
from optimization.network import Finding

RELEASE = Release("release-1", "sha256:1", *[None] * 6)
QUESTION = Question("sha256:0", date(2026, 11, 30), DecisionMode.JUDGE)
OUTCOME = Outcome(Verdict.APPROVED)


def inputs(question=QUESTION):
    return Inputs(b"", canonical.encode_object(question), b"")


@pytest.fixture
def recent():
    return RecentOutcomes()


@pytest.fixture
def keep(recent):
    def keep(question=QUESTION, outcome=OUTCOME):
        reached = Reached.by(outcome)
        recent.keep(inputs(question), question, RELEASE, reached)
        return reached

    return keep


def test_the_same_question_has_the_same_outcome(recent, keep):
    """
    Bytes, digest and decoded outcome are those of the first time.
    """
    reached = keep()

    assert reached is recent.recall(inputs(), RELEASE)
    assert OUTCOME == reached.outcome
    assert canonical.digest(reached.content) == reached.in_envelope["outcome_digest"]


@pytest.mark.parametrize(
    "other",
    [
        replace(QUESTION, snapshot_digest="sha256:9"),
        replace(QUESTION, received=date(2026, 12, 1)),
    ],
)
def test_another_question_is_another_matter(recent, keep, other):
    """
    Another snapshot, and the same on another day.
    """
    keep()

    assert recent.recall(inputs(other), RELEASE) is None


def test_another_release_is_another_matter(recent, keep):
    """
    What one release said says nothing of another, also when it bears the same name.
    """
    keep()

    assert recent.recall(inputs(), replace(RELEASE, digest="sha256:2")) is None


def test_a_plan_is_not_kept(recent, keep):
    """
    How long it is searched may differ from call to call.
    """
    plan = replace(QUESTION, mode=DecisionMode.PLAN)
    keep(plan)

    assert recent.recall(inputs(plan), RELEASE) is None


def test_what_was_doubted_is_not_kept(recent, keep):
    """
    Another engine may confirm it the next time.
    """
    keep(outcome=replace(OUTCOME, exceptions=(Finding(UNCONFIRMED, "", "no answer", "KEPT"),)))

    assert recent.recall(inputs(), RELEASE) is None


def test_memory_is_bounded(keep, monkeypatch):
    """
    The one used longest ago makes room, and one that is too large is not kept.
    """
    reached = keep()
    monkeypatch.setattr(recent_outcomes, "MOST", 2 * len(reached.content))
    small = RecentOutcomes()
    days = [replace(QUESTION, received=date(2026, 12, day)) for day in (1, 2, 3)]
    for day in days:
        small.keep(inputs(day), day, RELEASE, reached)
    monkeypatch.setattr(recent_outcomes, "LARGEST", 1)
    small.keep(inputs(), QUESTION, RELEASE, reached)

    assert [None, True, True, None] == [
        small.recall(inputs(asked), RELEASE) and True for asked in (*days, QUESTION)
    ]


def test_a_large_question_is_not_kept_with_its_outcome(recent, keep):
    """
    What was refused as a whole says little of a thousand proposals.
    """
    proposals = tuple(OrderProposal(str(number), "lane", 1.0) for number in range(1000))
    question = replace(QUESTION, proposals=proposals)
    reached = keep(question)

    assert reached is recent.recall(inputs(question), RELEASE)
    assert 100 > max(len(part) for names in recent._known for part in names)
