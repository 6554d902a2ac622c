"""Decisions on their way into the log."""

from decision_service.derived import Followed
from decision_service.usecases.records import Filed

FILED = Filed("sha256:d", (), {"mode": "JUDGE"}, b"p", {"revoked/x": None}, {})


def test_decisions_on_one_question_are_told_apart_by_what_they_follow_up_and_what_is_held():
    """
    A form of others would record their parents, or have a decision judged by pointers that moved long ago.
    """
    asked = [((), {}), (("decisions/0",), {}), ((), {"frozen/a": None}), ((), {"frozen/a": "otto"})]

    for parents, held in (*asked, *asked):
        form = FILED.form(parents, held)
        entry = form.fill("decisions/1", "k", dict.fromkeys(form.blanks, ""))

        assert {"revoked/x": None, **held} == entry.requires
        assert f'"parents":{list(parents)}'.replace("'", '"').encode() in entry.pieces("").after
    assert FILED.form(*asked[1]) is FILED.form(*asked[1])


def test_what_follows_from_a_value_does_not_grow_without_end():
    """
    Another day, another release: what followed under the earlier ones is forgotten.
    """
    value = Followed()
    kept = [value.derived(("day", day), object) for day in range(100)]

    assert len(value.__dict__["_followed"]) <= 16
    assert value.derived(("day", 99), object) is kept[99]
