"""Adoption: what people did with recommendations, and that no figure tells what one person did."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import canonical
from decision_service.decision import DecisionMode, DecisionRequest, Outcome, Question, Scope, Verdict
from decision_service.errors import NotFoundError
from decision_service.usecases import records
from decision_service.usecases.adoption.figures import FEWEST, hidden_parts, tally
from decision_service.usecases.adoption.observation import Ending, Observation
from decision_service.usecases.adoption.report import AdoptionQuestion, ReportAdoption, SegmentKind
from decision_service.usecases.adoption.worth import Look, known_from, worth
from decision_service.usecases.approvals.instructions import Answer
from decision_service.usecases.approvals.limits import Wish
from decision_service.usecases.approvals.overriding import Change
from decision_service.usecases.records import Deliberation, Inputs
from decision_service.usecases.waves.gate import Evidence, Gates
from rules import Wave

from .conftest import BEANS, ERP, GRINDER, PUMP, person, release, snapshot

MANAGERS, PLANNERS = ("lars.moen", "maria.silva"), ("dev.patel", "elif.kaya", "femi.ade")


@pytest.fixture
def report(world):
    return ReportAdoption(world.ledger, world.book, world.releases)


def override(world, ref, who, quantity):
    code = world.cases.case(ref[0]).playbook(ref[1]).reason_codes[0]
    world.overriding.perform(ref, Change(Wish(quantity=quantity), code, 1), person(who))


def spoken(name="A", ending=Ending.ACCEPTED, people=("p",), **more):
    return Observation(name, ending, frozenset(people), **more)


def crowd(name, count, first=0, ending=Ending.ACCEPTED):
    return tuple(spoken(name, ending, (f"p{first + i}",)) for i in range(count))


def test_what_people_did(world, report):
    """
    Signed, changed and rejected orders of five people, what rules settled, and what waits: each is
    counted once, shares are of the answered, and an answer is timed from the question.
    """
    for one in MANAGERS:
        (ref,) = world.decide((BEANS, 3000.0))
        world.later(hours=4)
        world.approve(ref, one)
    for one in PLANNERS:
        override(world, world.decide((GRINDER, 20.0))[0], one, 40.0)
    world.reject(world.decide((BEANS, 3000.0))[0], MANAGERS[0])
    world.decide((GRINDER, 20.0)), world.decide((BEANS, 3000.0))
    found = report(AdoptionQuestion(by=SegmentKind.LANE_KIND))
    figures = found.total.figures

    assert (8, 1, 1) == (found.total.orders, found.total.automatic, found.total.unanswered)
    assert (5, 6, 2, 3, 1) == (
        figures.people, figures.answered, figures.accepted, figures.overridden, figures.rejected,
    )  # fmt: skip
    assert (2 / 6, 3 / 6) == (figures.acceptance, figures.override_rate)
    assert 4.0 == figures.hours_median
    assert ["PURCHASE"] == [group.name for group in found.segments]


def test_a_change_that_was_taken_back_is_still_told(world, report):
    """
    The override falls, the order is as recommended; that a person doubted it stays counted.
    """
    (ref,) = world.decide((GRINDER, 20.0))
    override(world, ref, PLANNERS[0], 40.0)
    world.reject(ref, PLANNERS[1])
    (observed,) = report.observations(AdoptionQuestion())

    assert Ending.OVERRIDDEN is observed.ending
    assert {*PLANNERS[:2]} == observed.people
    assert observed.reason_code


def test_a_small_group_keeps_its_figures(world, report):
    """
    Four people or fewer: orders are counted, what the people did is not told, neither in the whole.
    """
    override(world, world.decide((GRINDER, 20.0))[0], PLANNERS[0], 40.0)
    found = report(AdoptionQuestion())

    assert (1, True) == (found.total.orders, found.total.is_suppressed)
    assert all(group.is_suppressed for group in (*found.segments, *found.reasons))


def test_subtraction_gives_nobody_away():
    """
    Two people in B: the total less A would tell about them, so A is held back too.
    """
    alone = tally((*crowd("A", 6), *crowd("B", 2, 10)))
    with_company = tally((*crowd("A", 6), *crowd("B", 2, 10), *crowd("C", 3, 20)))

    assert [True, True] == [g.is_suppressed for g in alone.segments]
    assert not alone.total.is_suppressed
    assert {"A": False, "B": True, "C": True} == {g.name: g.is_suppressed for g in with_company.segments}


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.frozensets(st.integers(0, 30)), max_size=6))
def test_whoever_is_hidden_is_hidden_among_five(parts):
    """
    What is shown has five people, and what is not has five together, or nobody, or all is hidden.
    """
    people = {name: frozenset(map(str, some)) for name, some in parts.items()}
    hidden = hidden_parts(people)
    together = frozenset().union(*(people[name] for name in hidden))

    assert all(len(people[name]) >= FEWEST for name in people.keys() - hidden)
    assert not together or len(together) >= FEWEST or hidden == people.keys()


def test_nothing_is_reported_about_nothing(report):
    """
    An empty log gives an empty report; an unknown release is refused.
    """
    found = report(AdoptionQuestion())
    with pytest.raises(NotFoundError):
        report(AdoptionQuestion(release="releases/no@1.0.0"))

    assert (0, True, (), ()) == (found.total.orders, found.total.is_suppressed, found.segments, found.reasons)


def seen_later(world, day, on_hand, stage):
    """Log a decision on a snapshot of a later day."""
    stages = tuple(
        replace(s, on_hand=on_hand, backorders=0.0) if s.id == stage else s for s in snapshot().stages
    )
    later = replace(snapshot(), as_of=day, stages=stages)
    content = canonical.encode_object(later)
    question = Question(canonical.digest(content), day, DecisionMode.JUDGE)
    request = DecisionRequest(f"later-{day}", later, DecisionMode.JUDGE)
    inputs = Inputs(content, canonical.encode_object(question), release().content.encode())
    reached = records.Reached(canonical.encode_object(Outcome(Verdict.APPROVED)))
    made = Deliberation(request, ERP, release(), inputs, reached)
    world.ledger.append(records.new_entry(f"decisions/later-{day}", made))


def test_an_override_is_worth_what_it_saved(world, report):
    """
    40 instead of 20 received, 5 on hand later: without the change 15 would be owed. What that would
    have cost a day, less what the 5 cost to hold, is the worth; before the goods are due it is unknown.
    """
    (ref,) = world.decide((GRINDER, 20.0))
    override(world, ref, PLANNERS[0], 40.0)
    world.approve(ref, PLANNERS[1])
    (told,) = world.outbox.take(1, ERP)
    world.outbox.answer(told.key, Answer.RECEIVED, ERP)
    record = world.order(ref)
    before = report.observations(AdoptionQuestion())[0].value
    world.later(days=(record.terms.due_date - world.at.date()).days + 1)
    seen_later(world, world.at.date(), 5.0, record.stage)
    after = report.observations(AdoptionQuestion())[0].value
    unit = record.told.cost / 40.0
    demand = next(d for d in snapshot().demands if d.stage == record.stage)
    parameters = release().parameters
    shortage = demand.penalty or parameters.backorder_penalty * unit

    assert before is None
    assert pytest.approx(15 * shortage - 5 * parameters.holding_rate * unit / 365) == after


def test_worth_is_unknown_where_it_would_be_a_guess(world):
    """
    A shortage without a price, and a change of the day alone.
    """
    (ref,) = world.decide((GRINDER, 20.0))
    override(world, ref, PLANNERS[0], 40.0)
    world.approve(ref, PLANNERS[1])
    (told,) = world.outbox.take(1, ERP)
    world.outbox.answer(told.key, Answer.RECEIVED, ERP)
    record = world.order(ref)
    same = replace(record, told=replace(record.told, quantity=record.recommended.quantity))

    assert worth(record, Look(date(2027, 1, 1), 5.0, 0.1, None)) is None
    assert -0.2 * 20 == worth(record, Look(date(2027, 1, 1), 50.0, 0.2, None))
    assert known_from(same) is None
    assert known_from(replace(record, was_overridden=False)) is None


def test_segments(world, report):
    """
    By class of the item, scope, location and kind of lane.
    """
    world.decide((GRINDER, 20.0), (PUMP, 200.0))
    by = {kind: {group.name for group in report(AdoptionQuestion(by=kind)).segments} for kind in SegmentKind}
    classes = {item.id: item.abc for item in snapshot().items}

    assert {classes["GRINDER"], classes["PUMP-15"]} == by[SegmentKind.ABC]
    assert {"*"} == by[SegmentKind.SCOPE]
    assert {"DC-NORTH", "PLANT-BRNO"} == by[SegmentKind.LOCATION]
    assert {"PURCHASE"} == by[SegmentKind.LANE_KIND]


def test_a_gate_counts_what_the_release_decided_for_its_units(world, report):
    """
    Orders of the open units only, manual mode and other units left out; about fewer than five people a
    gate says whether it holds, not the figure.
    """
    for one, unit in ((MANAGERS[0], "retail"), (MANAGERS[1], "retail"), (MANAGERS[0], "machines")):
        (ref,) = world.decide((BEANS, 3000.0), scope=Scope(business_unit=unit, region="north"))
        world.approve(ref, one)
    evidence = Evidence(release().name, 0, frozenset({"retail"}), world.at)
    wave = Wave("next", ("x",), {"answered": 2.0, "acceptance": 1.0, "days": 1.0}, {"override_rate": 0.0})
    found = {c.measure: c for c in Gates(world.ledger, report)(wave, evidence, world.at)}
    three = Wave("next", ("x",), {"answered": 3.0, "order_value": 1.0}, {})
    missed, value = Gates(world.ledger, report)(three, evidence, world.at)

    assert {"answered": True, "acceptance": True, "days": False, "override_rate": True} == {
        name: condition.holds for name, condition in found.items()
    }
    assert (None, "holds (fewer than 5 people)") == (found["answered"].value, found["answered"].note)
    assert 0.0 == found["days"].value
    assert not missed.holds
    assert value.holds
    assert value.value == pytest.approx(world.order(ref).terms.cost)
