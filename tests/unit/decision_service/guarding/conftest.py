"""A log with a clock set by hand, two approved releases, and decisions of any value."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import numpy as np
import pytest

from audit import Artifact, Ledger, MemoryStore, NewEntry, Signer, canonical
from decision_service.decision import (
    Caller,
    DecisionMode,
    Disposition,
    JudgedOrder,
    Outcome,
    Question,
    Scope,
    Verdict,
)
from decision_service.followers.order_book import SqliteOrderBook
from decision_service.usecases.guarding.guard import Guard
from decision_service.usecases.guarding.seen import Seen
from decision_service.usecases.guarding.trips import Trips
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import ReleaseContent
from decision_service.usecases.release_signature import ReleaseSigner
from decision_service.usecases.reversal.rollback import Rollbacks
from decision_service.usecases.rollout import Rollout
from optimization.network import LaneKind

POLICY = """
policy: small
version: {version}
owner: rule-makers
effective: 2026-01-01
tables:
  - name: admission
    stage: admission
    hit: FIRST
    inputs: [request.stages]
    outputs: {{verdict: [REJECTED, ADMITTED]}}
    rows:
      - {{id: A-1, then: {{verdict: ADMITTED}}, because: something to plan}}
tests:
  - {{given: {{request.stages: 1}}, expect: {{admission: {{verdict: ADMITTED}}}}, rows: [A-1]}}
"""
CHARTER = """
charter: people
version: 1.0.0
effective: 2026-01-01
roles:
  rule-makers: {members: [ada, bob]}
domains:
  rules: {owner: rule-makers, quorum: 1}
ladders:
  - {domain: rules, severity: [LOW, MEDIUM, HIGH, CRITICAL], steps: [{role: rule-makers, within: P1D}], at_end: BLOCK}
"""
GUARD = """
guard: g
least_baseline: 20
silent_periods: 5
most_periods: 40
indicators:
  order_value: {worse: UP, hard_limit: 1000000}
"""
ORDER = JudgedOrder(
    "O1", "BUY:X:DC", LaneKind.PURCHASE, "X@DC", "X", "DC", 10.0, 10.0, date(2026, 11, 2), date(2026, 11, 9), 0, 1,
    1000.0, Disposition.APPROVED, supplier="S",
)  # fmt: skip
DAY = timedelta(days=1)
EVERYTHING = Scope()


class World:
    """Releases at work and what they decide."""

    def __init__(self):
        self.store, self.signer = MemoryStore(), Signer("example.com/log", bytes(range(32)))
        self.at = datetime(2026, 8, 1, 6, tzinfo=UTC)
        self.numbers, self.random = count(1), np.random.default_rng(5)
        self.open()

    def open(self):
        """Start, or start again on what is stored."""
        self.ledger = Ledger(self.store, self.signer, lambda: self.at)
        signing = ReleaseSigner(self.signer, (self.signer.verifier,))
        self.releases = Releases(self.ledger, lambda: self.at, signing)
        self.rollout = Rollout(self.releases)
        self.guard = self.new_guard()

    def new_guard(self):
        """One more replica's."""
        self.book = SqliteOrderBook(self.ledger, ":memory:")
        self.rollbacks = Rollbacks(self.ledger, self.book, lambda: self.at)
        trips = Trips(self.ledger, self.rollout, self.rollbacks)
        return Guard(self.ledger, trips, Seen(self.ledger), lambda: self.at)

    def approved(self, version, guard=GUARD):
        """Name of a release that ada published and bob approved."""
        files = {"policy.yaml": POLICY.format(version=version), "charter.yaml": CHARTER}
        content = ReleaseContent(files | ({"guard.yaml": guard} if guard else {}))
        record, _ = self.releases.publish(content, Caller("ada"))
        self.releases.propose(record.name, Caller("ada"))
        self.releases.approve(record.name, Caller("bob"))
        return record.name

    def decide(self, release, value, scope=EVERYTHING, seconds=1.0, fallback=""):
        """Log a decision of one order."""
        number = next(self.numbers)
        name = f"decisions/{number:08d}"
        order = ORDER if value == ORDER.cost else _costing(value)
        outcome = _artifact(Outcome(Verdict.APPROVED, orders=(order,)))
        question = _artifact(Question("sha256:" + "0" * 64, date(2026, 11, 2), DecisionMode.JUDGE, scope))
        envelope = {
            "name": name, "request_id": f"r{number}", "mode": "JUDGE", "scope": scope.key, "actor": "erp", "trace_id": "",
            "parents": [], "snapshot_digest": "sha256:" + "0" * 64, "release": release, "question_digest": question.digest,
            "outcome_digest": outcome.digest, "verdict": "APPROVED", "approved": 1, "referred": 0, "blocked": 0,
            "value": repr(value), "seconds": f"{seconds:.3f}", "rules": ["A-1"], "fallback": fallback,
        }  # fmt: skip
        self.ledger.append(NewEntry("decision.v1", name, envelope, artifacts=(outcome, question)))
        return name

    def days(self, number, release, factor=1.0, scope=EVERYTHING, then=lambda: None):
        """One decision a day whose value is log-normal around 1,000 times `factor`."""
        for _ in range(number):
            self.decide(release, 1000.0 * factor * float(np.exp(0.3 * self.random.standard_normal())), scope)
            self.at += DAY
            then()

    def kinds(self):
        return [entry.kind for entry in self.ledger.scan(0)]


def _costing(value):
    return replace(ORDER, cost=value)


def _artifact(value):
    return Artifact.of("application/json", canonical.encode_object(value))


@pytest.fixture
def world():
    return World()


@pytest.fixture
def changed(world):
    """A world in which 1.0.0 governed for forty days and 2.0.0 does since."""
    world.old = world.approved("1.0.0")
    world.rollout.activate(world.old, Scope(), Caller("bob"))
    world.days(40, world.old)
    world.new = world.approved("2.0.0")
    world.rollout.activate(world.new, Scope(), Caller("bob"))
    return world
