"""Random lives of orders, with an ERP that loses, repeats and delays: what must always be true."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from decision_service.errors import ServiceError
from decision_service.usecases.approvals.book import OrderFilter
from decision_service.usecases.approvals.instructions import Answer, InstructionKind
from decision_service.usecases.approvals.judging import Action
from decision_service.usecases.approvals.limits import Wish
from decision_service.usecases.approvals.overriding import Change
from decision_service.usecases.reversal.actions import Rates
from decision_service.usecases.reversal.record import Affected
from decision_service.usecases.reversal.rollback import PIECE, Rollbacks

from .conftest import BEANS, ERP, GRINDER, World, person

NEVER_THERE = {"VOID", "REJECTED", "BLOCKED", "REFERRED", "APPROVED"}
PEOPLE = ("lars.moen", "maria.silva", "dev.patel", "elif.kaya", "quinn.murphy", "mallory")
OPERATORS = ("otto", "pia")


class Erp:
    """Does each key once; what has left the supplier is not cancelled."""

    def __init__(self):
        self.done, self.placed, self.shipped, self.orders = {}, {}, set(), []

    def take(self, told):
        """The answer to an instruction, the same for the same key."""
        if told.key not in self.done:
            self.done[told.key] = self._do(told, (told.decision, told.order))
        return self.done[told.key]

    def _do(self, told, ref):
        if told.kind is InstructionKind.RELEASE:
            self.orders.append(ref)
            self.placed[ref] = told.terms.quantity
        elif ref in self.shipped or ref not in self.placed:
            return Answer.REFUSED if ref in self.shipped else Answer.ACCEPTED
        elif told.kind is InstructionKind.CHANGE:
            self.placed[ref] = told.terms.quantity
        else:
            del self.placed[ref]
        return Answer.ACCEPTED


class OrderMachine(RuleBasedStateMachine):
    """Decide, sign, change, hand over, lose, answer, undo, restart, in any order."""

    def __init__(self):
        super().__init__()
        self.world, self.erp, self.mail, self.plans, self.voided = World(), Erp(), [], [], set()

    def teardown(self):
        self.world.book.close()
        self.world.ledger.close()

    @property
    def refs(self):
        return [(r.decision, r.order) for r in self.world.book.each(OrderFilter())]

    @property
    def rollbacks(self):
        return Rollbacks(self.world.ledger, self.world.book, self.world.now)

    @rule(lane=st.sampled_from([(BEANS, 3000.0), (GRINDER, 40.0)]), as_plan=st.booleans())
    def decide(self, lane, as_plan):
        self.world.decide(lane, as_plan=as_plan)

    @precondition(lambda self: self.refs)
    @rule(data=st.data(), action=st.sampled_from(Action), who=st.sampled_from(PEOPLE))
    def judge(self, data, action, who):
        ref = data.draw(st.sampled_from(self.refs))
        self._try(lambda: self.world.judging.perform(action, (ref,), person(who), note="n"))

    @precondition(lambda self: self.refs)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE), quantity=st.sampled_from([60.0, 80.0, 2900.0]))
    def override(self, data, who, quantity):
        ref = data.draw(st.sampled_from(self.refs))
        code = self.world.cases.case(ref[0]).playbook(ref[1]).reason_codes[0]
        self._try(lambda: self.world.overriding.perform(ref, Change(Wish(quantity), code, 1), person(who)))

    @rule(is_lost=st.booleans())
    def hand_over(self, is_lost):
        """The ERP may never see it, or answer and the answer lies in the mail."""
        for told in self.world.outbox.take(5, ERP):
            if not is_lost:
                self.mail.append((told.key, self.erp.take(told)))

    @precondition(lambda self: self.mail)
    @rule(data=st.data(), is_kept=st.booleans())
    def deliver(self, data, is_kept):
        """Answers arrive in any order, and some again and again."""
        key, answer = data.draw(st.sampled_from(self.mail))
        if not is_kept:
            self.mail.remove((key, answer))
        self._try(lambda: self.world.outbox.answer(key, answer, ERP))

    @precondition(lambda self: self.erp.placed)
    @rule(data=st.data(), said=st.sampled_from([Answer.SHIPPED, Answer.RECEIVED]))
    def ship(self, data, said):
        ref = data.draw(st.sampled_from(sorted(self.erp.placed)))
        self.erp.shipped.add(ref)
        self._try(lambda: self.world.outbox.answer(f"{ref[0]}/orders/{ref[1]}/RELEASE/1", said, ERP))

    @rule(hours=st.sampled_from([1, 30, 100]))
    def wait(self, hours):
        self.world.at += timedelta(hours=hours)
        self.world.timers.fire()

    @rule(data=st.data(), who=st.sampled_from(OPERATORS))
    def plan(self, data, who):
        affected = Affected(item=data.draw(st.sampled_from(["BEANS-1KG", "GRINDER"])))
        if planned := self._try(lambda: self.rollbacks.plan(affected, Rates(), "r", person(who))):
            self.plans.append(planned)

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), who=st.sampled_from(OPERATORS))
    def approve(self, data, who):
        planned = data.draw(st.sampled_from(self.plans))
        self._try(lambda: self.rollbacks.approve(planned.name, planned.digest, person(who)))

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), is_finished=st.booleans())
    def execute(self, data, is_finished):
        planned = data.draw(st.sampled_from(self.plans))
        done = self._try(lambda: self.rollbacks.act(planned.name, planned.digest, person("otto")))
        if done and is_finished:
            self.rollbacks.finish(planned.name, (), person("otto"))

    @rule()
    def restart(self):
        self.world.book.close()
        self.world.open()

    @invariant()
    def nothing_is_ordered_twice(self):
        """
        The ERP places every order at most once, and never one that is void, rejected or unsigned.
        """
        assert len(self.erp.orders) == len(set(self.erp.orders))
        states = {(r.decision, r.order): r for r in self.world.book.each(OrderFilter())}
        assert not [ref for ref in self.erp.placed if states[ref].state in NEVER_THERE]

    @invariant()
    def void_is_the_end(self):
        """
        What was void stays void and the ERP was never told of it.
        """
        records = {(r.decision, r.order): r for r in self.world.book.each(OrderFilter())}
        self.voided |= {ref for ref, r in records.items() if r.state == "VOID"}
        assert all(records[ref].state == "VOID" and records[ref].told is None for ref in self.voided)
        assert not self.voided & set(self.erp.orders)

    @invariant()
    def what_is_cancelled_is_gone(self):
        """
        Net position: what counts as coming is what the ERP has, once every answer has arrived.
        """
        if self.mail:
            return
        for record in self.world.book.each(OrderFilter()):
            ref = record.decision, record.order
            if record.state == "CANCELLED":
                assert ref not in self.erp.placed
            if record.state in ("ACKNOWLEDGED", "SHIPPED", "RECEIVED") and record.delivery is None:
                assert ref in self.erp.placed

    @invariant()
    def every_action_has_one_approval_by_another_person(self):
        """
        Each piece names its rollback, which one other person approved.
        """
        for entry in self.world.ledger.scan():
            if entry.kind == "orders-rolled-back.v1":
                found = self.rollbacks.get(entry.body["rollback"])
                assert found.approved_by == entry.body["approved_by"] != found.planned_by
                assert len(entry.body["orders"]) <= PIECE

    def _try(self, act):
        """What is refused changes nothing; whatever else goes wrong is a bug."""
        try:
            return act()
        except ServiceError:
            return None


TestOrderMachine = OrderMachine.TestCase
TestOrderMachine.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
