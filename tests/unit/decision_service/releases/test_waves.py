"""Waves: one business unit after another, each behind its gate; nothing passes them by."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from decision_service.decision import Caller, Scope
from decision_service.errors import (
    InvalidRequestError,
    MovedError,
    NotFoundError,
    PreconditionError,
    ServiceError,
)
from decision_service.followers.order_book import SqliteOrderBook
from decision_service.usecases import records
from decision_service.usecases.adoption.report import ReportAdoption
from decision_service.usecases.guarding.indicators import Indicator
from decision_service.usecases.open_waves import Opened, RolloutState, read_opened
from decision_service.usecases.release_content import ReleaseContent
from decision_service.usecases.wave_measures import Measure
from decision_service.usecases.waves.gate import Gates
from decision_service.usecases.waves.rollout import Waves

ADA, BOB = Caller("ada"), Caller("bob")
THREE = """
waves:
  - {name: pilot, business_units: [north]}
  - {name: second, business_units: [east, west], at_least: {days: 7}}
  - {name: rest, business_units: [south]}
"""


def bu(name):
    return Scope(business_unit=name)


def waved(world, small, waves=THREE, version="2.0.0"):
    """An approved release whose charter has waves."""
    files = small(version).files
    content = ReleaseContent({**files, "charter.yaml": files["charter.yaml"] + waves})
    record, _ = world.releases.publish(content, ADA)
    world.releases.propose(record.name, ADA)
    world.releases.approve(record.name, BOB)
    return record.name


def waves_of(world):
    adoption = ReportAdoption(world.ledger, SqliteOrderBook(world.ledger, ":memory:"), world.releases)
    return Waves(world.releases, Gates(world.ledger, adoption), lambda: world.at)


@pytest.fixture
def waves(world):
    return waves_of(world)


@pytest.fixture
def old(world):
    """What governs everything before."""
    name = world.approved("1.0.0")
    world.rollout.activate(name, Scope(), BOB)
    return name


def governs(world, unit):
    return world.releases.governing(bu(unit), "", world.today).name


def reason_of(call, *given, **named):
    with pytest.raises(ServiceError) as refused:
        call(*given, **named)
    return refused.value.reason


def test_units_get_the_release_with_their_wave(world, small, waves, old):
    """
    The pilot first, the others keep what they had; the second wave after its seven days; then the rest,
    and only then everything.
    """
    new = waved(world, small)
    waves.open(new, "pilot", ADA)
    first = {unit: governs(world, unit) for unit in ("north", "east", "south")}
    early = reason_of(waves.open, new, "second", ADA)
    world.at += timedelta(days=7)
    waves.open(new, "second", ADA)
    everything = reason_of(world.rollout.activate, new, Scope(), BOB)
    waves.open(new, "rest", ADA)
    world.rollout.activate(new, Scope(), BOB)

    assert {"north": new, "east": old, "south": old} == first
    assert ("GATE_NOT_REACHED", "WAVE_NOT_OPEN") == (early, everything)
    assert new == world.releases.governing(Scope(region="any"), "", world.today).name


def test_no_side_door(world, small, waves, old):
    """
    Activation and canary outside an open wave are refused, for wider and for other scopes; inside they
    are as ever. A rollback does not bring back what was taken back.
    """
    new = waved(world, small)
    waves.open(new, "pilot", ADA)
    outside = (Scope(), bu("east"), bu("nobody"), Scope(region="r"), Scope("north", "r"), Scope(location="l"))
    refused = {reason_of(world.rollout.activate, new, scope, BOB) for scope in outside}
    refused |= {reason_of(world.rollout.start_canary, new, scope, 0.1, BOB) for scope in outside}
    world.rollout.activate(new, bu("north"), BOB)
    waves.take_back(new, "pilot", ADA, reason="too many changes")

    assert {"WAVE_NOT_OPEN"} == refused
    assert "WAVE_NOT_OPEN" == reason_of(world.rollout.roll_back, bu("north"), BOB, target=new, reason="x")
    assert "NOTHING_TO_ROLL_BACK_TO" == reason_of(world.rollout.roll_back, bu("north"), BOB, reason="x")
    assert old == governs(world, "north")


def test_taking_back_gives_each_unit_what_it_had(world, small, waves, old):
    """
    East had a release of its own, west had what governs everything; a unit that has moved on is left.
    """
    own = world.approved("1.1.0")
    world.rollout.activate(own, bu("east"), BOB)
    new = waved(world, small)
    waves.open(new, "pilot", ADA)
    world.at += timedelta(days=7)
    waves.open(new, "second", ADA)
    other = world.approved("3.0.0")
    world.rollout.activate(other, bu("north"), BOB)
    waves.take_back(new, "second", ADA, reason="x")
    after = {unit: governs(world, unit) for unit in ("east", "west", "north")}
    waves.take_back(new, "pilot", ADA, reason="x")

    assert {"east": own, "west": old, "north": other} == after
    assert other == governs(world, "north")
    assert world.ledger.pointer("active/business_unit:west") is None


def test_what_is_asked_twice_or_out_of_turn_is_refused(world, small, waves, old):
    """
    Two openings, a wave too early, taking back twice or out of turn, pausing twice, a wave or release
    that does not exist, a release without waves: each with its reason, and nothing moves.
    """
    new = waved(world, small)
    waves.open(new, "pilot", ADA)
    found = [
        reason_of(waves.open, new, "pilot", BOB),
        reason_of(waves.open, new, "rest", BOB),
        reason_of(waves.take_back, new, "second", BOB, reason="x"),
        reason_of(waves.open, new, "moon", BOB),
        reason_of(waves.open, old, "pilot", BOB),
        reason_of(waves.open, "releases/no@1.0.0", "pilot", BOB),
        reason_of(waves.resume, new, BOB, reason="x"),
    ]
    world.at += timedelta(days=7)
    waves.open(new, "second", ADA)
    found.append(reason_of(waves.take_back, new, "pilot", BOB, reason="x"))
    waves.pause(new, BOB, reason="holidays")
    found += [reason_of(waves.open, new, "rest", BOB), reason_of(waves.pause, new, BOB, reason="x")]
    waves.take_back(new, "second", BOB, reason="x")
    found.append(reason_of(waves.take_back, new, "second", BOB, reason="x"))

    assert [
        "WAVE_OPEN", "WAVE_OUT_OF_TURN", "WAVE_CLOSED", "WAVE_NOT_FOUND", "NO_WAVES", "RELEASE_NOT_FOUND",
        "ROLLOUT_NOT_PAUSED", "WAVE_OUT_OF_TURN", "ROLLOUT_PAUSED", "ROLLOUT_PAUSED", "WAVE_CLOSED",
    ] == found  # fmt: skip
    assert RolloutState.PAUSED is waves.get(new).state


def test_a_refused_gate_is_logged_with_what_was_measured(world, small, waves, old):
    """
    Who tried, the limit and the value; what could not be measured does not hold.
    """
    gates = "waves:\n  - {name: one, business_units: [a]}\n  - {name: two, business_units: [b], at_least: {days: 1, acceptance: 0.5}, at_most: {stockout_days: 3}}\n"
    new = waved(world, small, gates)
    waves.open(new, "one", ADA)
    world.at += timedelta(days=2)
    reason_of(waves.open, new, "two", BOB)
    entry = list(world.ledger.scan())[-1]
    e = records.envelope_of(entry)

    assert ("wave-refused.v1", "bob") == (entry.kind, e["actor"])
    assert [("days", "2.0", True), ("acceptance", "", False), ("stockout_days", "", False)] == [
        (c["measure"], c["value"], c["holds"]) for c in e["gate"]
    ]


def test_taking_back_is_not_in_vain(world, small, waves, old):
    """
    Where the release governs everything too, that goes first.
    """
    new = waved(world, small, "waves:\n  - {name: all, business_units: [north]}\n")
    waves.open(new, "all", ADA)
    world.rollout.activate(new, Scope(), BOB)
    wider = reason_of(waves.take_back, new, "all", ADA, reason="x")
    world.rollout.roll_back(Scope(), BOB, reason="x")
    waves.take_back(new, "all", ADA, reason="x")

    assert "RELEASE_GOVERNS" == wider
    assert old == governs(world, "north")


def test_what_is_to_come_is_taken_back_too(world, small, waves, old):
    """
    A release that is effective later is brought to the wave from that day; taken back it never comes.
    """
    files = small("2.0.0", effective="2026-12-10").files
    content = ReleaseContent({**files, "charter.yaml": files["charter.yaml"] + THREE})
    record, _ = world.releases.publish(content, ADA)
    world.releases.propose(record.name, ADA)
    world.releases.approve(record.name, BOB)
    waves.open(record.name, "pilot", ADA)
    waiting = world.ledger.pointer("upcoming/business_unit:north")
    waves.take_back(record.name, "pilot", ADA, reason="x")
    world.at += timedelta(days=30)

    assert record.name == waiting
    assert old == governs(world, "north")


def test_revoked_releases_open_nothing(world, small, waves, old):
    """
    Revoked, or not approved.
    """
    new = waved(world, small)
    waves.open(new, "pilot", ADA)
    world.rollout.revoke(new, "bad", BOB)

    assert "RELEASE_REVOKED" == reason_of(waves.open, new, "second", ADA)
    waves.take_back(new, "pilot", ADA, reason="bad")
    assert old == governs(world, "north")


@pytest.mark.parametrize(
    ("waves", "says"),
    [
        ("waves: [{name: a, business_units: []}]", "without business units"),
        ("waves: [{name: a, business_units: [x, x]}]", "`x` is in wave `a` already"),
        ("waves: [{name: a, business_units: [x]}, {name: a, business_units: [y]}]", "a second wave `a`"),
        ("waves: [{name: a, business_units: [x]}, {name: b, business_units: [x]}]", "in wave `a` already"),
        ("waves: [{name: a, business_units: [x], at_least: {days: 1}}]", "before the first wave"),
        ("waves: [{name: a, business_units: [x], gate: 1}]", "unknown key `gate`"),
        ("waves: {a: [x]}", "must be a list"),
        ("waves: [{name: a, business_units: [x]}, {name: b, business_units: [y], at_least: {luck: 1}}]", "nothing measures `luck`"),
        ("waves: [{name: a, business_units: [x]}, {name: b, business_units: [y], at_most: {override_rate: 20}}]", "is a share"),
        ("waves: [{name: a, business_units: [x]}, {name: b, business_units: [y], at_most: {days: -1}}]", "at least 0"),
    ],
)  # fmt: skip
def test_waves_that_make_no_sense_are_not_published(world, small, waves, says):
    """
    Named with the fix, before anybody could open them.
    """
    with pytest.raises(InvalidRequestError) as refused:
        waved(world, small, waves + "\n")

    assert says in str(refused.value)


def test_measures_are_the_indicators(world):
    """
    What a gate asks of decisions is what is watched of releases, under the same name.
    """
    of_decisions = {i.value for i in Indicator} - {Indicator.OVERRIDE.value}

    assert of_decisions == set(Measure) & {i.value for i in Indicator}
    assert all(o == read_opened(o.pointer) for o in (Opened(), Opened(3, RolloutState.PAUSED)))


def test_two_people_cannot_open_a_wave_at_once(world, small, waves, old, monkeypatch):
    """
    Both saw it closed; one opens it, the other is told that it moved.
    """
    new = waved(world, small)
    honest = type(world.releases).append_all

    def late(releases, name, steps):
        monkeypatch.setattr(type(world.releases), "append_all", honest)
        waves.open(new, "pilot", BOB)
        honest(releases, name, steps)

    monkeypatch.setattr(type(world.releases), "append_all", late)
    with pytest.raises(MovedError):
        waves.open(new, "pilot", ADA)

    assert 1 == world.kinds().count("wave-opened.v1")
    with pytest.raises(NotFoundError):
        waves.get("releases/none@1.0.0")
    with pytest.raises(PreconditionError):
        waves.get(old)


def test_whatever_people_do_no_unit_is_ahead_of_its_wave(new_world, small):
    """
    Any sequence of steps by anybody: a unit is governed by the release only while its wave is open, and
    open waves are the first ones of the charter.
    """

    class Machine(RuleBasedStateMachine):
        @initialize()
        def begin(self):
            self.world = new_world()
            self.waves = waves_of(self.world)
            old = self.world.approved("1.0.0")
            self.world.rollout.activate(old, Scope(), BOB)
            self.name = waved(self.world, small)

        def attempt(self, call, *given, **named):
            with suppress(ServiceError):
                call(*given, **named)

        @rule(wave=st.sampled_from(["pilot", "second", "rest"]))
        def open(self, wave):
            self.attempt(self.waves.open, self.name, wave, ADA)

        @rule(wave=st.sampled_from(["pilot", "second", "rest"]))
        def take_back(self, wave):
            self.attempt(self.waves.take_back, self.name, wave, ADA, reason="x")

        @rule(days=st.integers(1, 9))
        def wait(self, days):
            self.world.at += timedelta(days=days)

        @rule(is_pause=st.booleans())
        def turn(self, is_pause):
            turn = self.waves.pause if is_pause else self.waves.resume
            self.attempt(turn, self.name, ADA, reason="x")

        @rule(unit=st.sampled_from(["", "north", "east", "west", "south"]), is_forward=st.booleans())
        def govern(self, unit, is_forward):
            if is_forward:
                self.attempt(self.world.rollout.activate, self.name, bu(unit), BOB)
            else:
                self.attempt(self.world.rollout.roll_back, bu(unit), BOB, reason="x")

        @invariant()
        def in_step(self):
            record = self.waves.get(self.name)
            is_open = [wave.is_open for wave in record.waves]
            closed = [u for wave in record.waves if not wave.is_open for u in wave.business_units]

            assert sorted(is_open, reverse=True) == is_open
            assert self.name not in {governs(self.world, unit) for unit in closed}

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )  # fmt: skip
