"""What follows from conflicts: bounded rounds, referrals, doubt, and the same bytes every time."""

import os
import signal
from collections import Counter
from dataclasses import replace

import pytest

from audit import canonical
from decision_service.decision import Disposition, Verdict
from decision_service.errors import InvalidRequestError
from decision_service.facts import SnapshotFacts
from decision_service.usecases import conflicts
from decision_service.usecases.approvals.opening import tiers_by_order
from decision_service.usecases.conflict_facts import join_facts, most_facts
from decision_service.usecases.conflicts import Asked, ask, conflict_rules, doubt_of
from decision_service.usecases.planning import Work
from decision_service.usecases.release_content import ReleaseContent, compile_release
from decision_service.workers.confirming import Confirmer
from rules.join_facts import JoinFact
from rules.joins import Firing


@pytest.fixture
def rivals(network):
    """Two centres that want 60 each of a supplier that has 100 a week; the item of DC2 comes first."""
    uses = network.scarce("ACME-VOLUME", 100.0, supplier="ACME")
    for item, place, abc in (("I", "DC1", "B"), ("J", "DC2", "A")):
        network.buy(network.stage(item, place, abc=abc, weekly=60.0), uses=uses)
    return network


@pytest.fixture
def duplicates(new_network):
    """A purchase that is on its way already."""
    network = new_network()
    stage = network.stage("I", "DC1", weekly=50.0)
    lane = network.buy(stage)
    network.open_order("PO-1", stage, lane, 100.0)
    return network, ((lane, 100.0),)


@pytest.fixture(scope="module")
def confirmer():
    confirmer = Confirmer()
    yield confirmer
    confirmer.close()


def rounds(release, number):
    return replace(release, parameters=replace(release.parameters, conflict_rounds=number))


def test_without_rounds_losers_wait_for_a_person(rivals, decide, shipped):
    """
    A release that allows no round plans nothing anew: who is short goes to the rule's role.
    """
    outcome = decide(rivals, release=rounds(shipped, 0)).outcome
    capacity = [c for c in outcome.conflicts if c.kind == "SUPPLIER_CAPACITY"]
    losers = {s.order for c in capacity for s in c.shares if s.award != "WINS"}

    assert {"regional-planning"} == {c.escalated_to for c in capacity}
    assert {o.id for o in outcome.orders if o.role == "regional-planning"} == losers & {
        o.id for o in outcome.orders
    }


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_the_rounds_are_bounded(rivals, decide, shipped, number):
    """
    At most one question to the joins more than there are rounds.
    """
    assert len(decide(rivals, release=rounds(shipped, number)).asked) <= number + 1


@pytest.mark.parametrize("given", ["-1", "11", "two"])
def test_a_release_with_a_senseless_number_of_rounds_is_refused(shipped_files, given):
    """
    0 to 10, and a number.
    """
    files = shipped_files | {"parameters.yaml": f"conflict_rounds: {given}\n"}

    with pytest.raises(InvalidRequestError, match=r"parameters\.yaml"):
        compile_release(ReleaseContent(files))


def test_the_same_question_gives_the_same_bytes(rivals, decide):
    """
    Rounds of re-planning included; and the number of slices recorded repeats the work.
    """
    once = decide(rivals).outcome
    slices = next(r.slices for r in once.reports if r.name == "orders")

    assert canonical.encode_object(once) == canonical.encode_object(decide(rivals).outcome)
    assert canonical.encode_object(once) == canonical.encode_object(decide(rivals, work=Work(slices)).outcome)


def test_rules_that_cannot_be_trusted_approve_nothing(rivals, decide):
    """
    A doubt refers every order to the owner of the rules, is in the record, and is found there by a replay.
    """
    outcome = decide(rivals, work=Work(doubt="DISAGREED: [engine: 1] [matcher: 2]")).outcome

    assert () == outcome.conflicts
    assert Verdict.REFERRED is outcome.verdict
    assert {(Disposition.REFERRED, "supply-governance")} == {(o.disposition, o.role) for o in outcome.orders}
    assert "DISAGREED: [engine: 1] [matcher: 2]" == doubt_of(outcome)
    assert all("could not be established" in o.reasons[0].message for o in outcome.orders)


def test_facts_that_cannot_be_compared_are_a_doubt(duplicates, decide):
    """
    A quantity beyond what the engine compares exactly: nothing is approved, nothing crashes.
    """
    network, _ = duplicates
    outcome = decide(network, ((network.lanes[0].id, 1e17),)).outcome

    assert Disposition.REFERRED is outcome.orders[0].disposition
    assert "beyond 2**53" in doubt_of(outcome)


def test_who_settles_a_conflict_signs_besides_who_reviews(network, decide):
    """
    A purchase of 50,000 needs the purchasing manager; that it is a duplicate, the planner as well.
    """
    stage = network.stage("I", "DC1", weekly=50.0)
    lane = network.buy(stage)
    network.open_order("PO-1", stage, lane, 5000.0)
    outcome = decide(network, ((lane, 5000.0),)).outcome
    roles = [tier.role for tier in tiers_by_order(outcome.evaluations)["P1"]]

    assert "supply-planner" != outcome.orders[0].role  # who reviews is asked first
    assert {"purchasing-manager", "supply-planner"} <= set(roles)


def test_another_engine_confirms(rivals, duplicates, decide, shipped, confirmer):
    """
    durable-rules finds what the matcher found, in every round.
    """
    for asked in (decide(rivals).asked, decide(*duplicates).asked):
        assert any(question.firings for question in asked)
        assert "" == confirmer.doubt(shipped, asked)


def test_a_disagreement_names_both_answers(duplicates, decide, shipped, confirmer):
    """
    Whether the matcher found too little or too much, with or without facts.
    """
    (asked,) = decide(*duplicates).asked
    too_little = confirmer.doubt(shipped, (replace(asked, firings=()),))
    too_much = confirmer.doubt(shipped, (Asked((), (Firing("x", ("a", "b")),)),))

    assert "[engine: 1 firings: duplicate-of-open-order for order:P1#, open:PO-1] [matcher: 0 firings]" in (
        too_little
    )
    assert "[engine: 0 firings] [matcher: 1 firings: x for a, b]" in too_much


@pytest.mark.parametrize(("hanging", "doubt"), [(1, ""), (2, "TIMED_OUT")])
def test_an_engine_that_gives_no_answer_is_asked_once_more(
    duplicates, decide, shipped, confirmer, hanging, doubt
):
    """
    A process that hangs is given up at the deadline, and the next one asked; when that hangs too, it is a doubt.
    """
    (asked,) = decide(*duplicates).asked
    confirmer.doubt(shipped, (asked,))
    for process in (confirmer._worker._active, confirmer._worker._spare)[:hanging]:
        process._await_start()
        os.kill(process.process.pid, signal.SIGSTOP)

    assert confirmer.doubt(shipped, (asked,), 4.0).startswith(doubt)
    assert bool(doubt) == bool(confirmer._worker.replacements > 1)
    assert "" == confirmer.doubt(shipped, (asked,))


def test_an_order_alone_is_not_held_against_rules_for_two(shipped, monkeypatch):
    """
    No rule is encoded that has no fact for each of its aliases; nothing is left for the other engine to confirm.
    """
    encoded = []
    monkeypatch.setattr(conflicts, "encode_facts", lambda rule, _: encoded.append(rule.name) or ())
    alone, two = (tuple(JoinFact("order", f"o{at}", {}) for at in range(count)) for count in (1, 2))

    assert Asked((), ()) == ask(conflict_rules(shipped), alone)
    assert [] == encoded
    ask(conflict_rules(shipped), two)
    kinds = {r.name: [a.kind for a in r.aliases] for r in conflict_rules(shipped)}
    assert [name for name, of in kinds.items() if set(of) == {"order"}] == encoded


def test_no_more_facts_are_made_than_are_foreseen(network, decide):
    """
    An order that is passed on to another region is a fact for that region, too: foreseen, or its rules are not asked.
    """
    stage = network.stage("I", "DC1", weekly=20.0)
    network.buy(stage)
    network.move(stage, network.stage("I", "DC2", weekly=50.0))
    network.move(stage, network.stage("I", "DC9", weekly=50.0))
    known, orders = SnapshotFacts(network.snapshot()), decide(network).outcome.orders
    made = Counter(fact.kind for fact in join_facts(known, orders, (), (), (), counts_proposed=True).facts)
    foreseen = most_facts(known, orders, (), (), ())

    assert made.keys() <= foreseen.keys()
    assert all(foreseen[kind] >= count for kind, count in made.items())
    assert {"order": 1, "stage": 0, "open": 0, "ban": 0} == most_facts(
        known, (replace(orders[0], pegging=()),), (), (), ()
    )
