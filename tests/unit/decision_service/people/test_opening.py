"""How orders begin: what follows from the outcome once, what follows from the decision each time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import orjson

from audit import Entry
from decision_service.decision import Disposition, Evidence, JudgedOrder, Outcome, Verdict
from decision_service.usecases.approvals import opening
from decision_service.usecases.approvals.opening import Opening
from decision_service.usecases.approvals.order_record import OrderState, Tier
from decision_service.usecases.records import DECISION
from optimization.network import LaneKind

DAY = date(2026, 11, 30)
ORDER = JudgedOrder(
    "p0", "buy", LaneKind.PURCHASE, "bolt@dc", "bolt", "dc", 10.0, 10.0, DAY, DAY, 0, 0, 25.0,
    Disposition.REFERRED, role="planner", deadline_days=2.0,
)  # fmt: skip
ASKS = Evidence(
    "review",
    ("p1",),
    "limits",
    ("L-10",),
    {"disposition": "REFERRED", "role": "head", "deadline_days": "1"},
    {},
)
OUTCOME = Outcome(
    Verdict.REFERRED,
    orders=(ORDER, replace(ORDER, id="p1"), replace(ORDER, id="p2", disposition=Disposition.BLOCKED)),
    evaluations=(ASKS,),
)


def entry(number, mode="JUDGE"):
    e = {
        "name": f"decisions/{number}",
        "mode": mode,
        "scope": "*",
        "snapshot_digest": f"sha256:{number}",
        "release": "releases/a@1.0.0",
    }
    at = datetime(2026, 11, 30, number, tzinfo=UTC)
    return Entry(number, DECISION, e["name"], at, orjson.dumps(e), b"")


def test_orders_of_one_outcome_begin_alike_in_each_decision(monkeypatch):
    """
    Name, place and time are the decision's; who is asked is worked out once, and waits from the decision on.
    """
    calls = []
    tiers = opening.tiers_by_order
    monkeypatch.setattr(opening, "tiers_by_order", lambda evidence: calls.append(1) or tiers(evidence))
    begun = Opening(OUTCOME)
    first, second = (list(begun.orders_of(entry(number))) for number in (1, 2))

    assert [1] == calls
    assert [OrderState.REFERRED, OrderState.REFERRED, OrderState.BLOCKED] == [o.state for o in first]
    assert [(Tier("planner", 2.0),), (Tier("head", 1.0),), ()] == [o.tiers for o in first]
    assert ["planner", "head", ""] == [o.asked for o in first]
    assert [timedelta(days=2), timedelta(days=1)] == [o.deadline - o.opened for o in second[:2]]
    moved = {"decision": "decisions/1", "index": 1, "snapshot_digest": "sha256:1"}
    times = [{name: getattr(o, name) for name in ("opened", "since", "deadline")} for o in first]
    assert first == [replace(o, **moved, **at) for o, at in zip(second, times, strict=True)]


def test_only_a_plan_replaces_what_was_proposed_before():
    """
    Judged proposals of the caller replace nothing.
    """
    begun = Opening(OUTCOME)

    assert frozenset() == begun.stages_of(entry(1))
    assert frozenset({"bolt@dc"}) == begun.stages_of(entry(1, "PLAN"))
