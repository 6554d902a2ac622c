"""The worker process: agreement, deadline, death, disagreement, replacement."""

import os
import signal
from decimal import Decimal

import pytest

from rules.errors import RulesError
from rules.feel import FeelType
from rules.join_facts import JoinFact, JoinFactError
from rules.join_worker import JoinStatus, JoinWorker
from rules.joins import Firing, compile_joins
from rules.schema import FactField, FactSchema
from rules.yaml_reader import read_nodes

KINDS = {"order": FactSchema("1", (FactField("s", FeelType.TEXT), FactField("n", FeelType.NUMBER)))}
TEXT = """
- name: pair
  stage: conflicts
  match: [{a: order}, {b: order}]
  where: [a.s = b.s, a.n < b.n]
  then: {x: y}
- name: triple
  stage: conflicts
  match: [{a: order}, {b: order}, {c: order}]
  where: [a.s = b.s, b.s = c.s, a.n + 2 = b.n, b.n < c.n]
  then: {x: y}
"""
RULES = compile_joins(read_nodes(TEXT, "p.yaml").items, KINDS, [])
FACTS = tuple(JoinFact("order", f"o{at}", {"s": "xy"[at % 2], "n": Decimal(at)}) for at in range(1, 7))
EXPECTED = (
    *(
        Firing("pair", pair)
        for pair in [("o1", "o3"), ("o1", "o5"), ("o2", "o4"), ("o2", "o6"), ("o3", "o5"), ("o4", "o6")]
    ),
    *(Firing("triple", triple) for triple in [("o1", "o3", "o5"), ("o2", "o4", "o6")]),
)


@pytest.fixture(scope="module")
def worker():
    with JoinWorker() as worker:
        yield worker


def test_both_answers_agree(worker):
    """
    Firings come in the order of the rules and then of the ids, in whatever order facts came.
    """
    for facts in (FACTS, tuple(reversed(FACTS))):
        evaluation = worker.evaluate(RULES, facts, 5.0)

        assert evaluation.is_settled
        assert EXPECTED == evaluation.firings


def test_no_facts_are_no_firings(worker):
    """
    The engine, which nothing crashes, is not asked.
    """
    assert (JoinStatus.AGREED, ()) == (
        worker.evaluate(RULES, (), 5.0).status,
        worker.evaluate(RULES, (), 5.0).firings,
    )


def test_a_silent_process_is_killed_and_replaced(worker):
    """
    At the deadline there is no answer, only ours for the log; the next question is answered.
    """
    before, pid = worker.replacements, worker._active.process.pid
    os.kill(pid, signal.SIGSTOP)
    evaluation = worker.evaluate(RULES, FACTS, 0.2)

    assert (JoinStatus.TIMED_OUT, (), None, EXPECTED) == (
        evaluation.status,
        evaluation.firings,
        evaluation.engine,
        evaluation.matcher,
    )
    assert before + 1 == worker.replacements
    assert worker._active.process.pid != pid
    assert EXPECTED == worker.evaluate(RULES, FACTS, 5.0).firings


def test_a_dead_process_is_a_fault_and_replaced(worker):
    """
    What a crash of the engine looks like from outside.
    """
    os.kill(worker._active.process.pid, signal.SIGKILL)
    evaluation = worker.evaluate(RULES, FACTS, 5.0)

    assert (JoinStatus.ENGINE_FAULT, ()) == (evaluation.status, evaluation.firings)
    assert EXPECTED == worker.evaluate(RULES, FACTS, 5.0).firings


def test_a_disagreement_fails_closed_with_both_answers(worker, monkeypatch):
    """
    An engine that misses a firing settles nothing.
    """
    ask = type(worker._active).ask

    def forgetful(self, jobs, deadline):
        problem, found, handles = ask(self, jobs, deadline)
        return problem, [found[0][1:], *found[1:]], handles

    monkeypatch.setattr(type(worker._active), "ask", forgetful)
    evaluation = worker.evaluate(RULES, FACTS, 5.0)

    assert (JoinStatus.DISAGREED, ()) == (evaluation.status, evaluation.firings)
    assert not evaluation.is_settled
    assert len(EXPECTED) - 1 == len(evaluation.engine)
    assert EXPECTED == evaluation.matcher
    assert "pair" in evaluation.problem


def test_an_engine_error_retires_the_handle_and_the_process(worker, monkeypatch):
    """
    A definition the engine refuses is a fault, and the process that saw it is not asked again.
    """
    rule, matcher, encoded = worker._prepare(RULES[0])
    broken = type(encoded)("broken", '{"r": {"all": [{"a0": {"$bad": 1}}], "count": 1}}')
    monkeypatch.setitem(worker._prepared, id(RULES[0]), (rule, matcher, broken))
    pid = worker._active.process.pid
    evaluation = worker.evaluate(RULES[:1], FACTS, 5.0)

    assert JoinStatus.ENGINE_FAULT is evaluation.status
    assert worker._active.process.pid != pid


@pytest.mark.parametrize("deadline", [0, -1, float("nan"), 61])
def test_a_deadline_out_of_range_is_refused(worker, deadline):
    """
    No question waits forever.
    """
    with pytest.raises(RulesError, match="deadline"):
        worker.evaluate(RULES, FACTS, deadline)


def test_a_repeated_id_is_refused(worker):
    """
    Two facts of one id would be one to the reader of the log.
    """
    with pytest.raises(JoinFactError, match="unique"):
        worker.evaluate(RULES, (FACTS[0], FACTS[0]), 5.0)
