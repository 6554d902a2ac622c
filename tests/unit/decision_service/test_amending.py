"""A value with some of its fields changed."""

from dataclasses import replace
from datetime import date

from decision_service.decision import Disposition, JudgedOrder, Outcome, Reason, Verdict
from decision_service.usecases.amending import amended
from optimization.network import Finding, LaneKind
from optimization.plan import Pegging

DAY = date(2026, 11, 30)
ORDER = JudgedOrder(
    "o1", "buy", LaneKind.PURCHASE, "i@dc", "i", "dc", 5.0, 4.0, DAY, DAY, 0, 1, 9.5, Disposition.REFERRED, "acme",
    ("MINIMUM",), (Pegging("DEMAND", "i@dc", 1, 2.0),), (), "boss", 2.0, "BLOCK", (Reason("t", "r", "why"),),
)  # fmt: skip


def test_an_amended_value_is_what_replace_makes_of_it():
    """
    What is not named stays as it was, in every field.
    """
    changes = {"disposition": Disposition.BLOCKED, "role": "", "reasons": ()}
    outcome = Outcome(Verdict.APPROVED, orders=(ORDER,), exceptions=(Finding("K", "s", "m", "KEPT"),))

    assert replace(ORDER, **changes) == amended(ORDER, **changes)
    assert replace(outcome, verdict=Verdict.REFERRED) == amended(outcome, verdict=Verdict.REFERRED)
    assert ORDER == amended(ORDER)
