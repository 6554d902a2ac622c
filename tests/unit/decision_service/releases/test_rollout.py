"""An approved release at work: scopes, days, shares, shadows, the way back, and the end."""

from datetime import timedelta

import pytest

from decision_service.decision import Caller, Scope
from decision_service.errors import InvalidRequestError, MovedError, PreconditionError
from decision_service.usecases import records
from decision_service.usecases.recent import RecentLedger
from decision_service.usecases.release import ROLLED_BACK, Releases
from decision_service.usecases.release_life import Canary, read_canary

ADA, OTTO = Caller("ada"), Caller("otto")
NORTH = Scope(region="north")
HAMBURG = Scope(business_unit="retail", region="north", location="hamburg")


EVERYTHING = Scope()


def governing(world, scope=EVERYTHING, request_id="r"):
    return world.releases.governing(scope, "", world.today, request_id).name


def reason(world, act, *args, **named):
    with pytest.raises(PreconditionError) as refused:
        act(*args, **named)
    return refused.value.reason


def test_the_most_specific_scope_wins(world):
    """
    Location before region before business unit before everything.
    """
    names = [world.approved(f"{n}.0.0") for n in range(1, 5)]
    scopes = (Scope(), Scope(business_unit="retail"), NORTH, Scope(location="hamburg"))
    seen = []
    for name, scope in zip(names, scopes, strict=True):
        world.rollout.activate(name, scope, ADA)
        seen.append(governing(world, HAMBURG))

    assert names == seen
    assert names[0] == governing(world, Scope(region="south"))


def test_only_an_approved_release_is_activated(world, small):
    """
    Neither checked nor proposed is enough.
    """
    name = world.releases.publish(small(), ADA)[0].name
    checked = reason(world, world.rollout.activate, name, Scope(), ADA)
    world.releases.propose(name, ADA)

    assert ["RELEASE_CHECKED", "RELEASE_PROPOSED"] == [
        checked,
        reason(world, world.rollout.activate, name, Scope(), ADA),
    ]
    assert "NO_ACTIVE_RELEASE" == reason(world, world.releases.governing, Scope(), "", world.today)


def test_a_release_governs_from_its_effective_day(world):
    """
    Activated ahead, it waits: what governs goes on until that day, and then nobody has to act.
    """
    first, second = world.approved("1.0.0"), world.approved("2.0.0", effective="2026-12-01")
    world.rollout.activate(first, Scope(), ADA)
    record, before = world.rollout.activate(second, Scope(), ADA)
    today = governing(world)
    world.at = world.at.replace(month=12, day=1)

    assert ("APPROVED", (Scope(),), first, first) == (record.state.value, record.upcoming, before, today)
    assert second == governing(world)
    assert ["SUPERSEDED", "ACTIVE"] == [world.state(first), world.state(second)]


def test_the_latest_word_holds_over_what_was_to_come(world):
    """
    Another activation, or a rollback, ends the one that waited.
    """
    first, second = world.approved("1.0.0"), world.approved("2.0.0", effective="2026-12-01")
    third = world.approved("3.0.0")
    world.rollout.activate(first, Scope(), ADA)
    world.rollout.activate(second, Scope(), ADA)
    world.rollout.activate(third, Scope(), ADA)
    world.at = world.at.replace(month=12, day=2)

    assert third == governing(world)
    assert first == world.rollout.roll_back(Scope(), OTTO, reason="too strict")[0].name
    assert "NOT_AN_EARLIER_RELEASE" == reason(
        world, world.rollout.roll_back, Scope(), OTTO, target=second, reason="never governed"
    )


def test_a_rollback_after_the_effective_day_goes_back_from_it(world):
    """
    What became effective by itself is what is rolled back from.
    """
    first, second = world.approved("1.0.0"), world.approved("2.0.0", effective="2026-12-01")
    world.rollout.activate(first, Scope(), ADA)
    world.rollout.activate(second, Scope(), ADA)
    world.at = world.at.replace(month=12, day=5)
    record, before = world.rollout.roll_back(Scope(), OTTO, reason="worse")

    assert (first, second) == (record.name, before)
    assert first == governing(world)


def test_two_people_cannot_activate_at_once(world):
    """
    Whoever expected another release to govern is told that it moved.
    """
    first, second = world.approved("1.0.0"), world.approved("2.0.0")
    world.rollout.activate(first, Scope(), ADA)
    world.rollout.activate(second, Scope(), ADA, expected=first)

    with pytest.raises(MovedError):
        world.rollout.activate(second, Scope(), ADA, expected=first)


def test_a_canary_takes_its_share_and_always_the_same_requests(world):
    """
    Of 2,000 requests a fifth, within four deviations; asked again, the same ones; a larger share keeps them.
    """
    first, second = world.approved("1.0.0"), world.approved("2.0.0")
    world.rollout.activate(first, Scope(), ADA)
    requests = [f"request-{n}" for n in range(2000)]
    taken = []
    for share in (0.2, 0.2, 0.6):
        world.rollout.start_canary(second, Scope(), share, ADA)
        taken.append({r for r in requests if Canary(second, Scope(), share).takes(r)})
    sample = sorted(requests)[:40]

    assert abs(len(taken[0]) - 400) <= 4 * (2000 * 0.2 * 0.8) ** 0.5
    assert taken[0] == taken[1] < taken[2]
    assert [second if r in taken[2] else first for r in sample] == [
        governing(world, request_id=r) for r in sample
    ]
    assert ["ACTIVE", "CANARY"] == [world.state(first), world.state(second)]


def test_a_memory_for_what_governs_changes_nothing(new_world):
    """
    A canary takes its share of the requests, the day counts, and a revocation is seen at once.
    """
    world = new_world(
        lambda ledger: RecentLedger(ledger, lambda: 0.0)
    )  # a clock that stands: nothing expires
    first, second = world.approved("1.0.0"), world.approved("2.0.0", effective="2026-11-26")
    world.rollout.activate(first, Scope(), ADA)
    requests = [f"request-{n}" for n in range(40)]
    assert [first] * 80 == [governing(world, request_id=r) for r in requests * 2]

    world.rollout.start_canary(second, Scope(), 0.5, ADA)
    assert [first] * 40 == [governing(world, request_id=r) for r in requests]  # not effective yet
    world.at += timedelta(days=1)
    takes = Canary(second, Scope(), 0.5).takes
    assert [second if takes(r) else first for r in requests] * 2 == [
        governing(world, request_id=r) for r in requests * 2
    ]

    world.rollout.stop_canary(Scope(), OTTO)
    assert [first] * 2 == [governing(world) for _ in range(2)]
    world.rollout.revoke(first, "wrong", OTTO)
    with pytest.raises(PreconditionError, match="revoked"):
        governing(world)


@pytest.mark.parametrize("share", [1.0, 0.5, 1e-17, 0.1 + 0.2])
def test_a_canary_is_read_as_it_was_written(share):
    """
    From the pointer, to the last bit of the share.
    """
    canary = Canary("releases/small@1.0.0", NORTH, share)

    assert canary == read_canary(canary.scope.key, canary.pointer)


def test_a_canary_on_a_scope_leaves_the_others_alone(world):
    """
    All of the north, nothing of the south; stopped, the north is as before.
    """
    first, second = world.approved("1.0.0"), world.approved("2.0.0")
    world.rollout.activate(first, Scope(), ADA)
    world.rollout.start_canary(second, NORTH, 1.0, ADA)
    north, south = governing(world, NORTH), governing(world, Scope(region="south"))
    world.rollout.stop_canary(NORTH, OTTO)

    assert (second, first, first) == (north, south, governing(world, NORTH))


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan"), float("inf")])
def test_a_share_that_is_none_is_refused(world, share):
    """
    Above 0 and at most 1.
    """
    name = world.approved()

    with pytest.raises(InvalidRequestError, match="share"):
        world.rollout.start_canary(name, Scope(), share, ADA)


def test_one_trial_at_a_time_on_a_scope(world):
    """
    Neither canary nor shadow is taken over by another release.
    """
    first, second = world.approved("1.0.0"), world.approved("2.0.0")
    world.rollout.start_canary(first, NORTH, 0.5, ADA)
    world.rollout.start_shadow(first, NORTH, ADA)

    assert "CANARY_TAKEN" == reason(world, world.rollout.start_canary, second, NORTH, 0.5, ADA)
    assert "SHADOW_TAKEN" == reason(world, world.rollout.start_shadow, second, NORTH, ADA)
    assert ["NO_CANARY", "NO_SHADOW"] == [
        reason(world, world.rollout.stop_canary, Scope(), ADA),
        reason(world, world.rollout.stop_shadow, Scope(), ADA),
    ]


def test_activation_ends_the_trials_of_the_scope(world):
    """
    What was watched and tried governs: there is nothing left to compare it with.
    """
    name = world.approved()
    world.rollout.start_shadow(name, Scope(), ADA)
    shadow = world.state(name)
    world.rollout.start_canary(name, Scope(), 0.5, ADA)
    canary = world.state(name)
    record, _ = world.rollout.activate(name, Scope(), ADA)

    assert ["SHADOW", "CANARY", "ACTIVE"] == [shadow, canary, record.state.value]
    assert ((), ()) == (record.shadows, record.canaries)


def test_a_revoked_release_decides_nothing_more(world):
    """
    Pinned, active or tried: nothing is decided under it, and no other takes over that nobody chose.
    """
    first, second = world.approved("1.0.0"), world.approved("2.0.0")
    world.rollout.activate(first, Scope(), ADA)
    world.rollout.activate(second, NORTH, ADA)
    world.rollout.start_canary(second, Scope(), 1.0, ADA)
    record = world.rollout.revoke(second, "wrong threshold", OTTO)

    assert "REVOKED" == record.state.value
    assert first == governing(world)  # the canary has ended
    assert "RELEASE_REVOKED" == reason(world, world.releases.governing, NORTH, "", world.today)
    assert "RELEASE_REVOKED" == reason(world, world.releases.governing, Scope(), second, world.today)
    world.rollout.activate(first, NORTH, ADA)
    assert first == governing(world, NORTH)


def test_a_rollback_skips_what_was_revoked(world):
    """
    Back to the last release that may still govern; none left is said.
    """
    first, second, third = (world.approved(f"{n}.0.0") for n in (1, 2, 3))
    for name in (first, second, third):
        world.rollout.activate(name, Scope(), ADA)
    world.rollout.revoke(second, "wrong", OTTO)

    assert first == world.rollout.roll_back(Scope(), OTTO, reason="worse")[0].name
    world.rollout.revoke(third, "wrong too", OTTO)
    assert "NOTHING_TO_ROLL_BACK_TO" == reason(world, world.rollout.roll_back, Scope(), OTTO, reason="again")


@pytest.mark.parametrize("stage", range(5))
def test_revocation_is_possible_from_any_state(world, small, stage):
    """
    From the draft on; once, and nothing may be done with the release afterwards.
    """
    name = world.releases.publish(small(), ADA, is_draft=True)[0].name
    steps = (
        lambda: world.releases.check_draft(name, ADA),
        lambda: world.releases.propose(name, ADA),
        lambda: world.releases.approve(name, Caller("bob")),
        lambda: world.rollout.activate(name, Scope(), ADA),
    )
    for step in steps[:stage]:
        step()
    world.rollout.revoke(name, "a mistake", OTTO)

    assert "REVOKED" == world.state(name)
    for step in (*steps, lambda: world.rollout.revoke(name, "again", OTTO)):
        assert "RELEASE_REVOKED" == reason(world, step)


def test_two_who_roll_back_at_once_do_so_once(world, monkeypatch):
    """
    Whatever moves after it was looked at is refused: the slower one would log a way back from what governs no more.
    """
    first, second = (world.approved(f"{n}.0.0") for n in (1, 2))
    for name in (first, second):
        world.rollout.activate(name, Scope(), ADA)
    look, looks = Releases.placement, iter(range(9))

    def overtaken(self):
        placement = look(self)
        if next(looks) == 1:  # what the activation is judged by
            monkeypatch.setattr(Releases, "placement", look)
            world.rollout.roll_back(Scope(), OTTO, reason="faster", expected=second)
        return placement

    monkeypatch.setattr(Releases, "placement", overtaken)
    with pytest.raises(MovedError):
        world.rollout.roll_back(Scope(), OTTO, reason="slower", expected=second)

    reasons = [
        records.envelope_of(e)["reason"]
        for e in world.ledger.scan(0, world.ledger.size)
        if e.kind == ROLLED_BACK
    ]
    assert ["faster"] == reasons
