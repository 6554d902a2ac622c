"""Rollback of decisions: every order by its true state, one approval, executed once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import NewEntry, PointerMovedError
from decision_service.decision import Scope
from decision_service.errors import ForbiddenError, InvalidRequestError, NotFoundError, PreconditionError
from decision_service.usecases.approvals.instructions import Answer
from decision_service.usecases.approvals.order_record import OrderState
from decision_service.usecases.freezing import LAST_FROZEN, frozen_scopes, require_thawed
from decision_service.usecases.reversal import rollback as module
from decision_service.usecases.reversal.actions import Action, ActionKind, Rates, lines, read_lines
from decision_service.usecases.reversal.record import Affected
from decision_service.usecases.reversal.rollback import Rollbacks
from decision_service.usecases.standing import standing_of

from .conftest import BEANS, ERP, GRINDER, PUMP, person, release

RATES = Rates()
ANN, BEN = person("otto.lang", "operator"), person("pia.holm", "operator")


@pytest.fixture
def rollbacks(world):
    return Rollbacks(world.ledger, world.book, world.now)


def everything(rollbacks, **affected):
    return rollbacks.plan(Affected(**(affected or {"release": release().name})), RATES, "bad limits", ANN)


def done(rollbacks, plan, redecided=()):
    rollbacks.approve(plan.name, plan.digest, BEN)
    rollbacks.act(plan.name, plan.digest, ANN)
    return rollbacks.finish(plan.name, redecided, ANN)


def told(world, *answers):
    """An order at the ERP with these answers."""
    (ref,) = world.decide((GRINDER, 40.0))
    (instruction,) = world.outbox.take(1, ERP)
    for said in answers:
        world.outbox.answer(instruction.key, Answer(said), ERP)
    return ref


@pytest.fixture
def orders(world):
    """One order in each state that undoing tells apart."""
    found = {state: told(world, *answers) for state, answers in {
        "RELEASED": (), "ACKNOWLEDGED": ("ACCEPTED",), "SHIPPED": ("SHIPPED",), "RECEIVED": ("RECEIVED",), "REFUSED": ("REFUSED",),
    }.items()}  # fmt: skip
    found["REFERRED"], found["APPROVED"] = *world.decide((BEANS, 3000.0)), *world.decide((GRINDER, 40.0))
    return found


def test_each_order_by_its_true_state(world, rollbacks, orders):
    """
    What has not left is void, what was told is cancelled, what is under way is compensated, what is
    received is noted, what the ERP refused is left alone; each with its cost.
    """
    plan = everything(rollbacks)
    kinds = {(a.decision, a.order): a for a in rollbacks.actions(plan)}

    assert {
        "REFERRED": "VOID", "APPROVED": "VOID", "RELEASED": "CANCEL_REQUEST", "ACKNOWLEDGED": "CANCEL_REQUEST",
        "SHIPPED": "COMPENSATE", "RECEIVED": "ANNOTATE",
    } == {state: kinds[ref].kind for state, ref in orders.items() if ref in kinds}  # fmt: skip
    assert orders["REFUSED"] not in kinds
    value = world.order(orders["SHIPPED"]).terms.cost
    assert (0.0, round(value * 0.02, 2), round(value * 0.10, 2), 0.0) == tuple(
        kinds[orders[s]].cost for s in ("APPROVED", "RELEASED", "SHIPPED", "RECEIVED")
    )


def test_executed_every_order_is_where_the_plan_said(world, rollbacks, orders):
    """
    VOID and CANCEL_REQUESTED are states, compensations and notes leave theirs; cancellations go out.
    """
    plan = done(rollbacks, everything(rollbacks))
    handed_over = {(i.decision, i.order): i.kind for i in world.outbox.take(10, ERP)}

    assert "FINISHED" == plan.state
    assert {
        "REFERRED": "VOID", "APPROVED": "VOID", "RELEASED": "CANCEL_REQUESTED", "ACKNOWLEDGED": "CANCEL_REQUESTED",
        "SHIPPED": "SHIPPED", "RECEIVED": "RECEIVED", "REFUSED": "REFUSED",
    } == {name: world.state(ref) for name, ref in orders.items()}  # fmt: skip
    assert {orders["RELEASED"]: "CANCEL", orders["ACKNOWLEDGED"]: "CANCEL"} == handed_over
    assert plan.name == world.order(orders["SHIPPED"]).rolled_back


def test_run_again_it_adds_nothing(world, rollbacks, orders):
    """
    A second execution of a finished rollback adds no entry, and nothing is left to plan.
    """
    plan = done(rollbacks, everything(rollbacks))
    size = world.ledger.size
    rollbacks.act(plan.name, plan.digest, ANN)
    rollbacks.finish(plan.name, (), ANN)

    assert size == world.ledger.size
    with pytest.raises(PreconditionError) as nothing:
        everything(rollbacks)
    assert "NOTHING_TO_UNDO" == nothing.value.reason


def test_another_person_approves(rollbacks, orders):
    """
    Whoever planned it does not approve it, and nothing is executed without approval.
    """
    plan = everything(rollbacks)
    with pytest.raises(ForbiddenError):
        rollbacks.approve(plan.name, plan.digest, ANN)
    with pytest.raises(PreconditionError) as early:
        rollbacks.act(plan.name, plan.digest, ANN)

    assert "ROLLBACK_PLANNED" == early.value.reason


def test_only_the_digest_that_was_seen(rollbacks, orders):
    """
    Another digest is stale, for the approval and for the execution; approving twice is refused.
    """
    plan = everything(rollbacks)
    with pytest.raises(PreconditionError) as stale:
        rollbacks.approve(plan.name, "sha256:00", BEN)
    rollbacks.approve(plan.name, plan.digest, BEN)
    with pytest.raises(PreconditionError) as twice:
        rollbacks.approve(plan.name, plan.digest, person("third", "operator"))
    with pytest.raises(PreconditionError) as other:
        rollbacks.act(plan.name, "sha256:00", ANN)

    assert ["DIGEST_STALE", "ROLLBACK_APPROVED", "DIGEST_STALE"] == [
        e.value.reason for e in (stale, twice, other)
    ]


def test_it_stops_when_the_world_moved(world, rollbacks, orders):
    """
    An order ships after the plan: nothing is done, the difference is named, another plan is needed.
    """
    plan = everything(rollbacks)
    rollbacks.approve(plan.name, plan.digest, BEN)
    key = world.order(orders["ACKNOWLEDGED"]).sent[0]
    world.outbox.answer(key, Answer.SHIPPED, ERP)
    with pytest.raises(PreconditionError) as moved:
        rollbacks.act(plan.name, plan.digest, ANN)

    assert "WORLD_MOVED" == moved.value.reason
    assert "CANCEL_REQUEST" in moved.value.metadata["first"]
    assert ("STOPPED", 0) == (rollbacks.get(plan.name).state, rollbacks.get(plan.name).acted)
    assert "APPROVED" == world.state(orders["APPROVED"])
    assert "FINISHED" == done(rollbacks, everything(rollbacks)).state


def test_a_crash_at_any_piece_resumes(world, rollbacks, monkeypatch):
    """
    Pieces of three orders, the process ends after each: executed again, every order once.
    """
    monkeypatch.setattr(module, "PIECE", 3)
    monkeypatch.setattr(module, "TOGETHER", 1)
    refs = world.decide(*[(GRINDER, 40.0)] * 10)
    plan = everything(rollbacks)
    rollbacks.approve(plan.name, plan.digest, BEN)
    submit, crashes = world.ledger._submit, 0

    def dies(news):
        submit(news).result()
        raise KeyboardInterrupt

    while rollbacks.get(plan.name).state != "ACTED":
        world.ledger._submit = dies
        with pytest.raises(KeyboardInterrupt):
            rollbacks.act(plan.name, plan.digest, ANN)
        world.ledger._submit = submit
        crashes += 1

    assert 6 == crashes
    assert {"VOID"} == {world.state(r) for r in refs}
    assert {2} == {world.order(r).version + 1 for r in refs}


def test_a_move_in_the_middle_stops_and_thaws(world, rollbacks, monkeypatch):
    """
    An order is signed between two pieces: what was done stays done, the rest is left, the scope thaws.
    """
    monkeypatch.setattr(module, "PIECE", 1)
    monkeypatch.setattr(module, "TOGETHER", 1)
    first, second = world.decide((BEANS, 3000.0), (BEANS, 3050.0))
    plan = everything(rollbacks)
    rollbacks.approve(plan.name, plan.digest, BEN)
    act_on = Rollbacks._act_on

    def meddle(self, record, some, start, caller):
        if start == 1:
            world.approve(second, "lars.moen")
        act_on(self, record, some, start, caller)

    monkeypatch.setattr(Rollbacks, "_act_on", meddle)
    with pytest.raises(PreconditionError) as moved:
        rollbacks.act(plan.name, plan.digest, ANN)

    assert "WORLD_MOVED" == moved.value.reason
    assert ("VOID", "APPROVED") == (world.state(first), world.state(second))
    assert {} == frozen_scopes(world.ledger)


def test_the_scope_is_frozen_meanwhile(world, rollbacks):
    """
    While it runs nothing is decided for the scope and nothing new leaves; afterwards it does again.
    """
    north = Scope(business_unit="north")
    world.decide((BEANS, 3000.0), scope=north)
    plan = everything(rollbacks)
    rollbacks.approve(plan.name, plan.digest, BEN)
    rollbacks.act(plan.name, plan.digest, ANN)
    (ref,) = world.decide((GRINDER, 40.0), scope=north)
    (elsewhere,) = world.decide((GRINDER, 40.0), scope=Scope(business_unit="south"))
    for scope in (north, Scope()):
        with pytest.raises(PreconditionError) as frozen:
            require_thawed(scope, standing_of(world.ledger, scope).frozen_by)
        assert {"by": plan.name} == frozen.value.metadata
    south = Scope(business_unit="south")
    require_thawed(south, standing_of(world.ledger, south).frozen_by)
    during = [(i.decision, i.order) for i in world.outbox.take(10, ERP)]
    rollbacks.finish(plan.name, (), ANN)
    after = [(i.decision, i.order) for i in world.outbox.take(10, ERP)]

    assert ([elsewhere], [ref]) == (during, after)


def test_two_rollbacks_of_one_scope_do_not_run_at_once(world, rollbacks):
    """
    The scope is frozen by the first: the second waits until it is finished.
    """
    first_ref, second_ref = *world.decide((GRINDER, 40.0)), *world.decide((GRINDER, 41.0))
    plans = [everything(rollbacks, decisions=(ref[0],)) for ref in (first_ref, second_ref)]
    for plan in plans:
        rollbacks.approve(plan.name, plan.digest, BEN)
    rollbacks.act(plans[0].name, plans[0].digest, ANN)
    with pytest.raises(PreconditionError) as waits:
        rollbacks.act(plans[1].name, plans[1].digest, ANN)
    rollbacks.finish(plans[0].name, (), ANN)
    rollbacks.act(plans[1].name, plans[1].digest, ANN)

    assert "SCOPE_FROZEN" == waits.value.reason


@pytest.mark.parametrize(
    ("affected", "count"),
    [
        ({"item": "GRINDER"}, 2),
        ({"item": "BEANS-1KG"}, 1),
        ({"scope": "business_unit:north"}, 1),
        ({"first": 3}, 2),
        ({"last": 2}, 1),
        ({"first": 3, "last": 3, "item": "GRINDER"}, 1),
        ({"release": "releases/replenishment@1.0.0"}, 3),
        ({"decisions": ("decisions/d2",)}, 1),
    ],
)
def test_what_is_undone_is_chosen(world, rollbacks, affected, count):
    """
    By release, scope, item, place in the log, names: all conditions given hold.
    """
    world.decide((BEANS, 3000.0))
    world.decide((GRINDER, 40.0), scope=Scope(business_unit="north"))
    world.decide((GRINDER, 40.0))

    assert count == everything(rollbacks, **affected).orders


def test_chosen_by_time(world, rollbacks):
    """
    From a moment, included, to another, excluded.
    """
    world.decide((BEANS, 3000.0))
    world.later(hours=1)
    start = world.at
    (wanted,) = world.decide((GRINDER, 40.0))
    world.later(hours=1)
    end = world.at
    world.decide((GRINDER, 40.0))

    assert [wanted[0]] == [
        a.decision for a in rollbacks.actions(everything(rollbacks, since=start, until=end))
    ]


def test_bad_plans_are_refused(world, rollbacks):
    """
    Nothing that restricts it, a rate that is no share, a rollback that does not exist.
    """
    world.decide((GRINDER, 40.0))
    with pytest.raises(InvalidRequestError):
        rollbacks.plan(Affected(), RATES, "all", ANN)
    with pytest.raises(InvalidRequestError):
        rollbacks.plan(Affected(item="GRINDER"), replace(RATES, cancel=float("nan")), "all", ANN)
    with pytest.raises(NotFoundError):
        rollbacks.act("rollbacks/none", "sha256:00", ANN)


def test_a_grant_for_one_unit_undoes_no_other(world, rollbacks):
    """
    The plan of an operator of the north has the north's orders only, and the south does not see it.
    """
    world.decide((GRINDER, 40.0), scope=Scope(business_unit="north"))
    world.decide((GRINDER, 40.0), scope=Scope(business_unit="south"))
    north = person("otto.lang", "operator", scopes=("business_unit:north",))
    plan = rollbacks.plan(Affected(item="GRINDER"), RATES, "north only", north)

    assert (1, ("business_unit:north",)) == (plan.orders, plan.scopes)
    with pytest.raises(NotFoundError):
        rollbacks.approve(plan.name, plan.digest, person("x", "operator", scopes=("business_unit:south",)))


def test_a_refused_cancellation_can_be_planned_again(world, rollbacks):
    """
    Too late to cancel: the order is at the ERP still, and another plan finds it there.
    """
    ref = told(world, "ACCEPTED")
    done(rollbacks, everything(rollbacks))
    (cancelling,) = world.outbox.take(1, ERP)
    world.outbox.answer(cancelling.key, Answer.REFUSED, ERP)
    world.outbox.answer(world.order(ref).sent[0], Answer.SHIPPED, ERP)
    again = everything(rollbacks)

    assert [ActionKind.COMPENSATE] == [a.kind for a in rollbacks.actions(again)]


def test_every_action_is_traced_to_one_approval(world, rollbacks, orders):
    """
    The entry of every piece names the rollback and who approved it.
    """
    plan = done(rollbacks, everything(rollbacks))
    pieces = [e.body for e in world.ledger.scan() if e.kind == "orders-rolled-back.v1"]

    assert [(plan.name, "pia.holm")] == [(p["rollback"], p["approved_by"]) for p in pieces]


def test_the_orders_of_a_supplier(world, rollbacks):
    """
    Only what is ordered there, whatever the item; nobody else's.
    """
    here, _ = world.decide((GRINDER, 40.0), (PUMP, 200.0))
    plan = rollbacks.plan(Affected(supplier=world.order(here).terms.supplier), RATES, "in liquidation", ANN)
    unknown = Affected(supplier="nobody")
    with pytest.raises(PreconditionError) as nothing:
        rollbacks.plan(unknown, RATES, "x", ANN)

    assert [here] == [(a.decision, a.order) for a in rollbacks.actions(plan)]
    assert "NOTHING_TO_UNDO" == nothing.value.reason


def test_undoing_a_rollback_acts_on_what_it_decided_anew(world, rollbacks):
    """
    Another plan, approved anew, on the decisions that the rollback made; a rollback that made none, and
    one that does not exist, leave nothing to undo.
    """
    (first,) = world.decide((GRINDER, 40.0))
    (anew,) = world.decide((GRINDER, 60.0))
    plan = rollbacks.plan(Affected(decisions=(first[0],)), RATES, "bad limits", ANN)
    ended = done(rollbacks, plan, redecided=(anew[0],))
    undo = rollbacks.plan(Affected(rollback=ended.name), RATES, "it was right", ANN)
    acted = [(a.decision, a.order) for a in rollbacks.actions(undo)]
    second = done(rollbacks, undo)
    with pytest.raises(PreconditionError) as nothing:
        rollbacks.plan(Affected(rollback=second.name), RATES, "x", ANN)
    with pytest.raises(NotFoundError):
        rollbacks.plan(Affected(rollback="rollbacks/none"), RATES, "x", ANN)

    assert [anew] == acted
    assert "NOTHING_TO_UNDO" == nothing.value.reason
    assert ("VOID", "VOID") == (world.state(first), world.state(anew))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(ActionKind),
            st.integers(0, 99),
            st.sampled_from(OrderState),
            st.text(max_size=5),
            st.floats(0, 1e9),
            st.text(min_size=1, max_size=9),
        )
    )
)
def test_a_plan_reads_back(rows):
    """
    Whatever the names: spaces, line ends and tabs in orders and scopes.
    """
    actions = tuple(
        Action(f"decisions/{i}", order, kind, f"{version} {state}", scope, value, round(value / 3, 2))
        for i, (kind, version, state, scope, value, order) in enumerate(rows)
    )

    assert actions == read_lines(*lines(actions))


def test_a_freeze_of_a_part_stops_what_is_decided_for_everything(world, rollbacks):
    """
    Begun before the freeze, logged after it: refused at the append, also when it has thawed again; what
    is decided for another scope is not held up.
    """
    everywhere, elsewhere = (
        standing_of(world.ledger, s).held for s in (Scope(), Scope(business_unit="south"))
    )
    world.decide((GRINDER, 40.0), scope=Scope(business_unit="north"))
    done(rollbacks, everything(rollbacks))
    with pytest.raises(PointerMovedError) as refused:
        world.ledger.append(NewEntry("decision-like.v1", "decisions/x", {}, requires=everywhere))
    world.ledger.append(NewEntry("decision-like.v1", "decisions/y", {}, requires=elsewhere))

    assert LAST_FROZEN == refused.value.pointer
    assert {} == frozen_scopes(world.ledger)
