"""The guard: trips once, pauses where it does not know, and leaves the rest to people."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from decision_service.decision import Caller, Scope
from decision_service.errors import PreconditionError
from decision_service.usecases.approvals.book import OrderFilter
from decision_service.usecases.freezing import thaw
from decision_service.usecases.guarding.assessment import Standing
from decision_service.usecases.guarding.trips import Trips
from decision_service.usecases.release_guard import Indicator

OTTO, PIA = Caller("otto"), Caller("pia")
NORTH = Scope(region="north")


def governing(world, scope="*"):
    return world.releases.placement().active.get(scope)


def test_a_release_no_worse_is_left_alone(changed):
    """
    Thirty days of the same: no trip, the watch goes on.
    """
    changed.days(30, changed.new, then=changed.guard.look)

    assert changed.new == governing(changed)
    assert [Standing.WATCHING] == [s.standing for s in changed.guard.states()]
    assert [] == [k for k in changed.kinds() if k.startswith("guard")]


def test_a_worse_release_goes_back_is_frozen_and_a_plan_waits(changed):
    """
    Orders 80 % larger: the release before governs again, nothing was undone, a person has a plan to judge.
    """
    changed.days(20, changed.new, 1.8, then=changed.guard.look)
    (trip,) = changed.guard.trips.all()
    (plan,) = changed.rollbacks.all()
    evidence = changed.guard.trips.evidence(trip)

    assert changed.old == governing(changed) == trip.to
    assert ("order_value", "TEST", "OPEN", plan.name) == (
        trip.indicator,
        trip.cause,
        trip.state,
        trip.rollback,
    )
    assert {"frozen/*": plan.name} == dict(changed.ledger.pointers("frozen/"))
    assert ("PLANNED", "decision-service", changed.new) == (
        plan.state,
        plan.planned_by,
        plan.affected.release,
    )
    assert float(evidence["p"]) <= float(evidence["threshold"]) == 0.01
    assert 2 <= len(evidence["pairs"]) < 20
    assert {"APPROVED"} == {o.state.value for o in changed.book.each(OrderFilter())}
    assert 1 == changed.kinds().count("guard-tripped.v1") == changed.kinds().count("rollback.v1")


def test_the_plan_is_approved_executed_and_the_scope_thaws(changed):
    """
    What the guard opened is an ordinary plan: another person approves, it is executed, the freeze ends.
    """
    changed.days(20, changed.new, 1.8, then=changed.guard.look)
    (plan,) = changed.rollbacks.all()
    changed.rollbacks.approve(plan.name, plan.digest, PIA)
    changed.rollbacks.act(plan.name, plan.digest, OTTO)
    changed.rollbacks.finish(plan.name, (), OTTO)

    assert {} == dict(changed.ledger.pointers("frozen/"))
    planned = OrderFilter(release=changed.new, first=plan.affected.first, last=plan.affected.last)
    assert {"VOID"} == {o.state.value for o in changed.book.each(planned)}


def test_eight_replicas_trip_once(changed):
    """
    All look at the same time: one trip, one rollback, one plan.
    """
    changed.days(20, changed.new, 1.8)
    guards = [changed.new_guard() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        tripped = list(pool.map(lambda guard: guard.look(), guards))
    for guard in guards:
        guard.look()

    kinds = changed.kinds()
    assert 1 == sum(tripped)
    once = ("guard-tripped.v1", "rollback.v1", "guard-rolled-back.v1", "rollback-planned.v1")
    assert [1, 1, 1, 1] == [kinds.count(k) for k in once]
    assert changed.old == governing(changed)


def test_a_release_that_was_replaced_meanwhile_is_not_tripped(changed, monkeypatch):
    """
    Somebody rolls back while the guard weighs the evidence: nothing is frozen on account of what governs no more.
    """
    changed.days(20, changed.new, 1.8)
    trip = Trips.trip

    def overtaken(self, watch, evidence):
        self.rollout.roll_back(Scope(), OTTO, reason="faster")
        return trip(self, watch, evidence)

    monkeypatch.setattr(Trips, "trip", overtaken)

    assert 0 == changed.guard.look()
    assert "guard-tripped.v1" not in changed.kinds()
    assert {} == dict(changed.ledger.pointers("frozen/"))


@pytest.mark.parametrize("dies_after", ["trip", "roll_back"])
def test_a_process_that_dies_leaves_a_trip_that_another_goes_on_with(changed, monkeypatch, dies_after):
    """
    After the trip, or after the rollback: frozen meanwhile; started anew the rest is done once.
    """
    changed.days(20, changed.new, 1.8)
    trips = type(changed.guard.trips)
    step = "_roll_back" if dies_after == "trip" else "_open"
    with monkeypatch.context() as patch:
        patch.setattr(trips, step, lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            changed.guard.look()
    assert 1 == len(changed.ledger.pointers("frozen/"))
    changed.open()
    changed.guard.look()
    (trip,) = changed.guard.trips.all()

    assert ("OPEN", changed.old) == (trip.state, governing(changed))
    kinds = changed.kinds()
    assert [1, 1, 1] == [kinds.count(k) for k in ("guard-tripped.v1", "rollback.v1", "rollback-planned.v1")]


def test_a_hard_limit_trips_at_once(changed):
    """
    One decision of two million, the period not over: no waiting for the test.
    """
    changed.decide(changed.new, 2_000_000.0)

    assert 1 == changed.guard.look()
    assert ("HARD_LIMIT", changed.old) == (changed.guard.trips.all()[0].cause, governing(changed))


def test_a_hard_limit_that_the_release_before_broke_as_well_is_no_trip(world):
    """
    Where millions are usual, the limit is wrong, not the release: 3 standard deviations are needed too.
    """
    old = world.approved("1.0.0")
    world.rollout.activate(old, Scope(), Caller("bob"))
    world.days(40, old, 2000.0)
    new = world.approved("2.0.0")
    world.rollout.activate(new, Scope(), Caller("bob"))
    world.days(3, new, 2000.0)

    assert 0 == world.guard.look()


def test_one_trip_a_release(changed):
    """
    Activated again after its trip and as bad: a person is told, nothing is rolled back a second time.
    """
    changed.days(20, changed.new, 1.8, then=changed.guard.look)
    thaw(changed.ledger, Scope(), "we know better", OTTO)
    changed.at += timedelta(days=10)
    changed.rollout.activate(changed.new, Scope(), Caller("bob"))
    changed.days(20, changed.new, 1.8, then=changed.guard.look)
    (state,) = changed.guard.states()

    assert changed.new == governing(changed)
    assert (Standing.PAUSED, 1) == (state.standing, len(changed.guard.trips.all()))
    assert "rolled back once already" in state.said
    assert 1 == changed.kinds().count("guard-paused.v1")


def test_what_was_rolled_back_is_no_good_release(changed):
    """
    1.0.0, 2.0.0 rolled back, 3.0.0 bad as well: back to 1.0.0, and nothing is good before that one.
    """
    changed.rollout.roll_back(Scope(), OTTO, reason="odd")
    assert changed.rollout.last_good(Scope()) == ""
    changed.days(3, changed.old)
    third = changed.approved("3.0.0")
    changed.rollout.activate(third, Scope(), Caller("bob"))
    assert changed.old == changed.rollout.last_good(Scope())
    changed.decide(third, 2_000_000.0)

    assert 1 == changed.guard.look()
    assert changed.old == governing(changed)


def test_a_cool_down_holds_the_next_release(changed):
    """
    Another bad release within a week of a trip: paused; after it the trip comes.
    """
    changed.days(20, changed.new, 1.8, then=changed.guard.look)
    tripped = changed.guard.trips.all()[0].tripped_at
    thaw(changed.ledger, Scope(), "next try", OTTO)
    changed.at = tripped + timedelta(hours=1)
    third = changed.approved("3.0.0")
    changed.rollout.activate(third, Scope(), Caller("bob"))
    changed.decide(third, 2_000_000.0)
    assert 0 == changed.guard.look()
    assert "cooling down" in changed.guard.states()[0].said
    changed.at = tripped + timedelta(days=7)

    assert 1 == changed.guard.look()


def test_the_kill_switch_holds_the_guard(changed):
    """
    Off, it says what it would do and does nothing; on again, it acts. Twice the same is refused.
    """
    changed.guard.switch(Scope(), "month end", OTTO, is_on=False)
    with pytest.raises(PreconditionError):
        changed.guard.switch(Scope(), "again", OTTO, is_on=False)
    changed.decide(changed.new, 2_000_000.0)
    assert 0 == changed.guard.look()
    assert "switched off for `*` by otto" in changed.guard.states()[0].said
    changed.guard.switch(Scope(), "over", PIA, is_on=True)

    assert 1 == changed.guard.look()


def test_without_data_it_pauses(changed):
    """
    Nothing decided for five days: a person looks; logged once, and nothing is rolled back.
    """
    changed.days(2, changed.new, then=changed.guard.look)
    changed.at += timedelta(days=6)
    for _ in range(3):
        changed.guard.look()

    assert (Standing.PAUSED, changed.new) == (changed.guard.states()[0].standing, governing(changed))
    assert 1 == changed.kinds().count("guard-paused.v1")


def test_without_a_baseline_it_pauses(world):
    """
    The release before decided too rarely to know its spread: however bad, the test does not act.
    """
    old = world.approved("1.0.0")
    world.rollout.activate(old, Scope(), Caller("bob"))
    world.days(5, old)
    new = world.approved("2.0.0")
    world.rollout.activate(new, Scope(), Caller("bob"))
    world.days(20, new, 5.0, then=world.guard.look)

    assert (Standing.PAUSED, new) == (world.guard.states()[0].standing, governing(world))


def test_no_release_lowers_its_own_bar(changed):
    """
    A release that brings a looser guard, or none, is judged by the one of the release before it.
    """
    loose = changed.approved("3.0.0", guard="")
    changed.days(30, changed.new)
    changed.rollout.activate(loose, Scope(), Caller("bob"))
    changed.decide(loose, 2_000_000.0)

    assert 1 == changed.guard.look()
    assert changed.new == governing(changed)


def test_a_canary_is_held_against_what_governs_beside_it(world):
    """
    Both decide every day of a season that triples: a harmless canary stays, a bad one ends and its scope freezes.
    """
    old, canary = world.approved("1.0.0"), world.approved("2.0.0")
    world.rollout.activate(old, Scope(), Caller("bob"))
    world.days(40, old, scope=NORTH)
    world.rollout.start_canary(canary, NORTH, 0.5, Caller("bob"))
    for day in range(20):
        season = 1.0 + day / 10.0
        world.decide(canary, 1000.0 * season, NORTH)
        world.days(1, old, season, NORTH, then=world.guard.look)
    assert canary == world.releases.placement().canaries["region:north"].release
    for _ in range(15):
        world.decide(canary, 9000.0, NORTH)
        world.days(1, old, 3.0, NORTH, then=world.guard.look)
    (trip,) = world.guard.trips.all()

    assert {} == dict(world.releases.placement().canaries)
    assert ("CANARY", "region:north") == (trip.kind, trip.scope.key)
    assert ["frozen/region:north"] == list(world.ledger.pointers("frozen/"))
    assert old == governing(world)


def test_the_plan_covers_every_scope_within_a_unit(world):
    """
    A release of one business unit trips: what was decided for the unit and for its places is planned, nothing else.
    """
    unit, place, other = Scope("north"), Scope("north", location="DC9"), Scope("south", location="DC1")
    old, new = world.approved("1.0.0"), world.approved("2.0.0")
    world.rollout.activate(old, unit, Caller("bob"))
    world.rollout.activate(new, unit, Caller("bob"))
    world.rollout.activate(new, other, Caller("bob"))
    made = [world.decide(new, 1000.0, unit), world.decide(new, 2_000_000.0, place)]
    world.decide(new, 1000.0, other)
    world.guard.look()
    (plan,) = world.rollbacks.all()

    assert ("business_unit:north", "location:DC9") == plan.affected.scopes
    assert made == [action.decision for action in world.rollbacks.actions(plan)]


def test_decisions_of_manual_mode_say_nothing_about_a_release(changed):
    """
    Millions ordered by reorder points under the release are not its doing.
    """
    changed.decide(changed.new, 2_000_000.0, fallback="REORDER_POINTS")

    assert 0 == changed.guard.look()


def test_thawing_is_refused_where_nothing_is_frozen_and_while_a_rollback_works(changed):
    """
    A freeze of a rollback under way is not a person's to end.
    """
    with pytest.raises(PreconditionError, match="not frozen"):
        thaw(changed.ledger, Scope(), "why not", OTTO)
    changed.days(20, changed.new, 1.8, then=changed.guard.look)
    (plan,) = changed.rollbacks.all()
    changed.rollbacks.approve(plan.name, plan.digest, PIA)
    changed.rollbacks.act(plan.name, plan.digest, OTTO)
    with pytest.raises(PreconditionError, match="being executed"):
        thaw(changed.ledger, Scope(), "hurry", OTTO)


def test_findings_name_what_was_seen(changed):
    """
    Means in the indicator's own unit, counts and the p-value stand in the finding.
    """
    changed.days(5, changed.new, 1.1)
    (finding,) = changed.guard.states()[0].assessment.findings

    assert (Indicator.ORDER_VALUE, 5, 40, 5) == (
        finding.indicator,
        finding.count,
        finding.other_count,
        finding.periods,
    )
    assert 700 < finding.mean < 1700
    assert 700 < finding.other_mean < 1400
    assert 0.01 < finding.p <= 1.0
