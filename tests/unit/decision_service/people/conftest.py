"""A log, a clock that is set by hand, the shipped rules, and people."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from audit import Ledger, MemoryStore, Signer, canonical
from decision_service.api import convert
from decision_service.cli.policy_files import read_policy
from decision_service.cli.snapshot_file import read_message
from decision_service.decision import Caller, DecisionMode, DecisionRequest, OrderProposal, Question
from decision_service.followers.order_book import SqliteOrderBook
from decision_service.usecases import records
from decision_service.usecases.approvals.cases import Cases
from decision_service.usecases.approvals.delegations import Delegations
from decision_service.usecases.approvals.judging import Action, Judging
from decision_service.usecases.approvals.overriding import Overriding
from decision_service.usecases.escalation.timers import Timers
from decision_service.usecases.founding import found
from decision_service.usecases.handover.outbox import Outbox
from decision_service.usecases.outcome import decide
from decision_service.usecases.records import Deliberation, Inputs
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import ReleaseContent, compile_release
from decision_service.usecases.release_signature import ReleaseSigner
from optimization.network import Snapshot

ROOT = Path(__file__).parents[4]
SIGNER = Signer("example.com/log", bytes(range(32)))
START = datetime(2026, 11, 30, 8, tzinfo=UTC)
BEANS, GRINDER, PUMP = "BUY:BEANS-1KG:DC-NORTH:HANDELSHOF", "BUY:GRINDER:DC-NORTH:HANDELSHOF", "BUY:PUMP-15:PLANT-BRNO:FLUIDTEC"  # fmt: skip
ERP = Caller("erp-1", frozenset({"erp"}))


@cache
def snapshot():
    return convert.parse(read_message(ROOT / "examples" / "bundled" / "snapshot.json"), Snapshot)


@cache
def release():
    return compile_release(ReleaseContent(read_policy(ROOT / "policies" / "replenishment")))


@cache
def outcome(proposals, scope):
    seen = snapshot()
    digest = canonical.digest(canonical.encode_object(seen))
    question = Question(digest, seen.as_of, DecisionMode.JUDGE, scope, proposals)
    return question, decide(question, seen, release())


def person(name, *roles, scopes=("*",)):
    return Caller(name, frozenset(roles or {"planner"}), scopes)


@dataclass
class World:
    """Everything that people act on."""

    store: MemoryStore = field(default_factory=MemoryStore)
    at: datetime = START
    numbers: object = field(default_factory=lambda: count(1))

    def __post_init__(self):
        self.open()
        found(self.releases, release().content, Caller("founder"))

    def open(self):
        """Start, or start again on what is stored."""
        self.ledger = Ledger(self.store, SIGNER, lambda: self.at)
        self.releases = Releases(self.ledger, self.now, ReleaseSigner(SIGNER, (SIGNER.verifier,)))
        self.releases._compiled[release().digest] = release()
        self.book = SqliteOrderBook(self.ledger, ":memory:")
        self.cases = Cases(self.ledger, self.releases)
        parts = (self.ledger, self.book, self.cases, self.now)
        self.judging, self.overriding, self.timers = Judging(*parts), Overriding(*parts), Timers(*parts)
        self.outbox = Outbox(self.ledger, self.book, self.now)
        charter = release().charter
        self.delegations = Delegations(self.ledger, lambda: charter, self.now)

    def now(self):
        return self.at

    def later(self, **more):
        self.at += timedelta(**more)

    def decide(self, *proposals, scope=None, on_behalf_of="", caller=ERP, as_plan=False):
        """Log a decision about proposals (lane, quantity); returns the references of its orders."""
        from decision_service.decision import Scope

        number, scope = next(self.numbers), scope or Scope()
        asked = tuple(OrderProposal(f"O{i}", lane, quantity) for i, (lane, quantity) in enumerate(proposals))
        question, result = outcome(asked, scope)
        if as_plan:
            question = replace(question, mode=DecisionMode.PLAN)
        request = DecisionRequest(
            f"r{number}", snapshot(), question.mode, asked, scope, on_behalf_of=on_behalf_of
        )
        inputs = Inputs(
            canonical.encode_object(snapshot()), canonical.encode_object(question), release().encoded
        )
        made = Deliberation(
            request, caller, release(), inputs, records.Reached(canonical.encode_object(result))
        )
        name = f"decisions/d{number}"
        self.ledger.append(records.new_entry(name, made))
        return tuple((name, order.id) for order in result.orders)

    def order(self, ref):
        return self.book.get((ref,))[0].record

    def state(self, ref):
        return self.order(ref).state.value

    def approve(self, ref, *people):
        for one in people:
            self.judging.perform(Action.APPROVE, (ref,), person(one))
        return self.state(ref)

    def reject(self, ref, one):
        self.judging.perform(Action.REJECT, (ref,), person(one), note="no")
        return self.state(ref)

    def kinds(self, since=0):
        return [entry.kind for entry in self.ledger.scan(since)]


@pytest.fixture
def world():
    made = World()
    yield made
    made.book.close()
    made.ledger.close()
