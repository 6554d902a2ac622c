"""A log in memory, a small policy set in as many versions as are wanted, and people."""

from datetime import UTC, datetime

import pytest

from audit import Ledger, MemoryStore, Signer
from decision_service.decision import Caller
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import ReleaseContent
from decision_service.usecases.release_signature import ReleaseSigner
from decision_service.usecases.rollout import Rollout

POLICY = """
policy: small
version: {version}
owner: rule-makers
effective: {effective}
tables:
  - name: admission
    stage: admission
    hit: FIRST
    inputs: [request.stages]
    outputs: {{verdict: [REJECTED, ADMITTED]}}
    rows:
      - {{id: A-1, when: {{request.stages: "0"}}, then: {{verdict: REJECTED}}, because: nothing to plan}}
      - {{id: A-2, then: {{verdict: ADMITTED}}, because: something to plan}}
tests:
  - {{given: {{request.stages: 0}}, expect: {{admission: {{verdict: REJECTED}}}}, rows: [A-1]}}
{second}
"""
SECOND = "  - {given: {request.stages: 1}, expect: {admission: {verdict: ADMITTED}}, rows: [A-2]}"
CHARTER = """
charter: people
version: 1.0.0
effective: 2026-01-01
roles:
  rule-makers: {{members: [ada, bob, cleo, dan]}}
domains:
  rules: {{owner: rule-makers, quorum: {quorum}}}
ladders:
  - domain: rules
    severity: [LOW, MEDIUM, HIGH, CRITICAL]
    steps: [{{role: rule-makers, within: P1D}}]
    at_end: BLOCK
delegations:
  - {{role: rule-makers, from: dan, to: eve, start: 2026-11-01, end: 2026-11-30, reason: leave}}
"""


def content(version="1.0.0", effective="2026-11-01", quorum=1, *, is_covered=True):
    """A policy set of one table."""
    policy = POLICY.format(version=version, effective=effective, second=SECOND if is_covered else "")
    return ReleaseContent({"policy.yaml": policy, "charter.yaml": CHARTER.format(quorum=quorum)})


class World:
    """A log, its releases, and the day; `around` is put around the log."""

    def __init__(self, around=lambda ledger: ledger):
        self.at = datetime(2026, 11, 25, 12, tzinfo=UTC)
        self.signer = Signer("example.com/log", bytes(range(32)))
        self.ledger = around(Ledger(MemoryStore(), self.signer, lambda: self.at))
        self.releases = Releases(
            self.ledger, lambda: self.at, ReleaseSigner(self.signer, (self.signer.verifier,))
        )
        self.rollout = Rollout(self.releases)

    @property
    def today(self):
        return self.at.date()

    def approved(self, version="1.0.0", **given):
        """Name of a release that ada published and bob approved."""
        record, _ = self.releases.publish(content(version, **given), Caller("ada"))
        self.releases.propose(record.name, Caller("ada"))
        self.releases.approve(record.name, Caller("bob"))
        return record.name

    def state(self, name):
        return self.releases.get(name).state.value

    def kinds(self):
        """Kinds of all entries, in order."""
        return [entry.kind for entry in self.ledger.scan(0)]


@pytest.fixture
def world():
    return World()


@pytest.fixture(scope="session")
def new_world():
    return World


@pytest.fixture(scope="session")
def small():
    """small(version, ...): content of the small policy set."""
    return content
