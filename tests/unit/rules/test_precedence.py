"""Who wins, who is reduced, who is asked."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.document import PolicyStage
from rules.joins import Alias, Firing, JoinRule
from rules.precedence import (
    Award,
    Competitor,
    Conflict,
    PrecedenceError,
    competing,
    parse_precedence,
    resolve,
)

PRECEDENCE = parse_precedence(("risk", "abc", "need_by"))


def rival(subject, amount, **facts):
    return Competitor(subject, Decimal(amount), facts)


def conflict(*competitors, capacity=None, precedence=PRECEDENCE):
    left = None if capacity is None else Decimal(capacity)
    return Conflict("r", competitors, precedence, left, "regional-planning")


def outcome(settled):
    return {share.subject: (share.award, share.granted, share.decided_by) for share in settled.shares}


def test_the_list_decides_and_the_rest_is_reduced():
    """
    Highest risk first, then A before B, then the earlier need; the third gets what is left.
    """
    settled = resolve(
        conflict(
            rival("o1", 50, risk=Decimal("0.1"), abc="A", need_by=date(2026, 12, 1)),
            rival("o2", 40, risk=Decimal("0.9"), abc="B", need_by=date(2026, 12, 9)),
            rival("o3", 40, risk=Decimal("0.1"), abc="A", need_by=date(2026, 11, 30)),
            rival("o4", 5, risk=Decimal("0.1"), abc="B", need_by=date(2026, 11, 1)),
            capacity=100,
        )
    )

    assert ("o2", "o3", "o1", "o4") == tuple(share.subject for share in settled.shares)
    assert {
        "o2": (Award.WINS, 40, ""),
        "o3": (Award.WINS, 40, "risk"),
        "o1": (Award.REDUCED, 20, "need_by"),
        "o4": (Award.LOSES, 0, "abc"),
    } == outcome(settled)
    assert "" == settled.escalate_to


def test_a_tie_that_decides_goes_to_the_role():
    """
    Equal on everything and not enough for both; who comes after gets nothing.
    """
    same = {"risk": Decimal(1), "abc": "A", "need_by": date(2026, 12, 1)}
    settled = resolve(
        conflict(
            rival("o1", 6, **same), rival("o2", 6, **same), rival("o3", 1, **same | {"abc": "C"}), capacity=10
        )
    )

    assert [Award.ESCALATED, Award.ESCALATED, Award.LOSES] == [share.award for share in settled.shares]
    assert "regional-planning" == settled.escalate_to


def test_a_tie_that_changes_nothing_is_no_question():
    """
    There is enough for both.
    """
    settled = resolve(conflict(rival("o1", 4), rival("o2", 6), capacity=10))

    assert ("o1", "o2") == settled.winners
    assert "" == settled.escalate_to


def test_an_absent_fact_lets_no_later_one_decide():
    """
    Whose risk is unknown is not placed by its ABC class.
    """
    settled = resolve(
        conflict(rival("o1", 6, abc="A"), rival("o2", 6, risk=Decimal(1), abc="B"), capacity=10)
    )

    assert {Award.ESCALATED} == {share.award for share in settled.shares}


def test_one_of_two_duplicates_stays():
    """
    Without a capacity only the first can have it.
    """
    settled = resolve(conflict(rival("o1", 6, risk=Decimal(1)), rival("o2", 6, risk=Decimal(2))))

    assert {"o2": (Award.WINS, 6, ""), "o1": (Award.LOSES, 0, "risk")} == outcome(settled)


def test_a_direction_turns_a_column_round():
    """
    `value lowest` puts the cheaper first.
    """
    settled = resolve(
        conflict(
            rival("o1", 1, value=Decimal(9)),
            rival("o2", 1, value=Decimal(5)),
            precedence=parse_precedence(("value lowest",)),
        )
    )

    assert ("o2",) == settled.winners


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=2, max_size=8), st.integers(0, 30))
def test_no_more_is_granted_than_there_is(rivals, capacity):
    """
    Shares never exceed wants or the capacity, and do not depend on the order of the competitors.
    """
    competitors = [rival(f"o{at}", amount, risk=Decimal(risk)) for at, (amount, risk) in enumerate(rivals)]
    settled = resolve(conflict(*competitors, capacity=capacity))

    assert sum(share.granted for share in settled.shares) <= capacity
    assert all(0 <= share.granted <= share.wanted for share in settled.shares)
    assert settled == resolve(conflict(*reversed(competitors), capacity=capacity))


def test_firings_that_share_a_fact_are_one_conflict():
    """
    a-b and b-c compete together; d-e apart.
    """
    rule = JoinRule("r", PolicyStage.CONFLICTS, (Alias("a", "order"), Alias("b", "order")), (), {})
    firings = tuple(Firing("r", pair) for pair in [("a", "b"), ("b", "a"), ("b", "c"), ("e", "d")])

    assert (("a", "b", "c"), ("d", "e")) == competing(rule, (*firings, Firing("other", ("a", "d"))))


@pytest.mark.parametrize("texts", [("",), ("value sideways",), ("value", "value lowest")])
def test_a_bad_precedence_is_refused(texts):
    """
    Empty, unknown direction, twice the same fact.
    """
    with pytest.raises(PrecedenceError):
        parse_precedence(texts)


def test_a_bad_conflict_is_refused():
    """
    One competitor, one twice, a negative amount.
    """
    for competitors in (
        (rival("o1", 1),),
        (rival("o1", 1), rival("o1", 1)),
        (rival("o1", -1), rival("o2", 1)),
    ):
        with pytest.raises(PrecedenceError):
            resolve(conflict(*competitors))
