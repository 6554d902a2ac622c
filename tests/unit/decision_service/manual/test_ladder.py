"""Manual mode: down the ladder alone, up and out with a second person."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import Ledger, MemoryStore, Signer
from decision_service.decision import Caller, Fallback, Scope
from decision_service.errors import ForbiddenError, InvalidRequestError, PreconditionError
from decision_service.usecases.manual_mode import LADDER, ManualMode, Rung, in_force, read_rung

OTTO, PIA = Caller("otto"), Caller("pia")
NORTH, ALL = Scope(region="north"), Scope()


class Governing:
    """A rollout of which only what governs and governed is asked."""

    def __init__(self, active="releases/p@2.0.0", earlier=("releases/p@1.0.0",)):
        self.releases = self
        self.active = {"*": active} if active else {}
        self.before = list(earlier)

    def placement(self):
        return self

    def last_good(self, scope):
        assert "*" == scope.key
        return self.before[-1] if self.before else ""


def mode(**governing):
    from datetime import UTC, datetime

    def now():
        return datetime(2026, 11, 30, tzinfo=UTC)

    ledger = Ledger(MemoryStore(), Signer("example.com/log", bytes(range(32))), now)
    return ManualMode(ledger, Governing(**governing), now)


def rung(manual, scope=ALL):
    return in_force(manual.ledger, scope)[0].rung


def test_down_the_ladder_rung_by_rung():
    """
    Last good release, reorder points, hold; under the last good release all the way; then no further.
    """
    manual = mode()
    records = [manual.fall_back(ALL, Fallback.NONE, "odd orders", OTTO) for _ in range(3)]
    with pytest.raises(PreconditionError):
        manual.fall_back(ALL, Fallback.NONE, "still", OTTO)

    assert ["LAST_GOOD", "REORDER_POINTS", "HOLD"] == [r.rung.value for r in records]
    assert {"releases/p@1.0.0"} == {r.release for r in records}


def test_without_an_earlier_release_the_first_rung_is_left_out():
    """
    Nothing to go back to: the next rung is reorder points; asked for by name the last good one is refused.
    """
    manual = mode(earlier=())
    with pytest.raises(PreconditionError, match="no earlier release"):
        manual.fall_back(ALL, Fallback.LAST_GOOD, "odd", OTTO)

    assert (Fallback.REORDER_POINTS, "") == (
        (record := manual.fall_back(ALL, Fallback.NONE, "odd", OTTO)).rung,
        record.release,
    )


def test_leaving_takes_two():
    """
    Whoever asked cannot confirm, nobody confirms what nobody asked, and until then all stays as it is.
    """
    manual = mode()
    manual.fall_back(ALL, Fallback.HOLD, "odd", OTTO)
    with pytest.raises(PreconditionError, match="nobody asked"):
        manual.confirm(ALL, "fine", PIA)
    asked = manual.ask_to_leave(ALL, Fallback.NONE, "fixed", OTTO)
    with pytest.raises(ForbiddenError, match="another person"):
        manual.confirm(ALL, "fine", OTTO)
    assert ("otto", Fallback.NONE, Fallback.HOLD) == (asked.asked_by, asked.asked_for, rung(manual))

    assert manual.confirm(ALL, "fine", PIA) is None
    assert Fallback.NONE == rung(manual)
    assert () == manual.all()


def test_a_milder_rung_takes_two_as_well():
    """
    From hold to reorder points is asked and confirmed; falling back again needs nobody, and forgets the asking.
    """
    manual = mode()
    manual.fall_back(ALL, Fallback.HOLD, "odd", OTTO)
    with pytest.raises(PreconditionError):
        manual.fall_back(ALL, Fallback.LAST_GOOD, "milder", OTTO)
    with pytest.raises(InvalidRequestError):
        manual.ask_to_leave(ALL, Fallback.HOLD, "milder", OTTO)
    manual.ask_to_leave(ALL, Fallback.REORDER_POINTS, "milder", OTTO)
    assert Fallback.REORDER_POINTS == manual.confirm(ALL, "yes", PIA).rung
    manual.ask_to_leave(ALL, Fallback.NONE, "out", OTTO)
    manual.fall_back(ALL, Fallback.NONE, "worse again", PIA)
    with pytest.raises(PreconditionError, match="nobody asked"):
        manual.confirm(ALL, "yes", PIA)

    assert Fallback.HOLD == rung(manual)


def test_the_furthest_of_all_scopes_that_cover_holds():
    """
    A hold on everything is not softened by a region, and a region's hold does not reach its neighbours.
    """
    manual = mode()
    manual.fall_back(NORTH, Fallback.HOLD, "flood", OTTO)

    assert Fallback.HOLD == rung(manual, NORTH)
    assert Fallback.HOLD == rung(manual, Scope(region="north", location="DC-1"))
    assert Fallback.NONE == rung(manual, Scope(region="south"))
    assert Fallback.HOLD == rung(manual, ALL)
    manual.fall_back(ALL, Fallback.LAST_GOOD, "odd", OTTO)
    assert Fallback.LAST_GOOD == rung(manual, Scope(region="south"))
    assert Fallback.HOLD == rung(manual, NORTH)


@pytest.mark.parametrize("step", ["ask_to_leave", "confirm"])
def test_what_is_not_in_manual_mode_cannot_leave(step):
    """
    A scope that nobody switched, whatever it is called, is refused by name.
    """
    manual, nowhere = mode(), Scope(region="atlantis")
    given = (nowhere, Fallback.NONE, "why", OTTO) if step == "ask_to_leave" else (nowhere, "why", OTTO)
    with pytest.raises(PreconditionError, match="`region:atlantis` is not in manual mode"):
        getattr(manual, step)(*given)


def test_without_a_governing_release_there_is_nothing_to_fall_back_from():
    """
    Refused, with the reason.
    """
    with pytest.raises(PreconditionError, match="no release governs"):
        mode(active="").fall_back(ALL, Fallback.NONE, "odd", OTTO)


@given(st.sampled_from(LADDER), st.sampled_from(["", "releases/p@1.0.0"]))
def test_the_pointer_reads_back(where, release):
    """
    What the log keeps is what stands.
    """
    assert Rung(where, release) == read_rung(Rung(where, release).pointer)


STEPS = st.tuples(
    st.sampled_from(["fall_back", "ask", "confirm"]), st.sampled_from(LADDER), st.sampled_from([OTTO, PIA])
)


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_nobody_gets_up_the_ladder_alone(steps):
    """
    Whatever two people do in whatever order: a milder rung was asked by one and confirmed by the other.
    """
    manual, asked = mode(), None
    for what, to, who in steps:
        before = LADDER.index(rung(manual))
        try:
            if what == "fall_back":
                manual.fall_back(ALL, to, "r", who)
                asked = None
            elif what == "ask":
                manual.ask_to_leave(ALL, to, "r", who)
                asked = (who, to)
            else:
                manual.confirm(ALL, "r", who)
        except (PreconditionError, ForbiddenError, InvalidRequestError):
            assert before == LADDER.index(rung(manual))
            continue
        after = LADDER.index(rung(manual))
        if after < before:
            assert what == "confirm"
            assert asked is not None
            assert who != asked[0]
            assert after == LADDER.index(asked[1])
            asked = None
