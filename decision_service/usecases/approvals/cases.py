"""What an approver's question is judged by: the decision, its rules, its facts, and the charter of today."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from audit import Ledger, canonical
from decision_service import directives, facts
from decision_service.decision import JudgedOrder, Outcome, scope_of
from decision_service.errors import PreconditionError
from decision_service.facts import SnapshotFacts
from decision_service.usecases import records
from decision_service.usecases.approvals.authority import Roster
from decision_service.usecases.approvals.delegations import delegations_in
from decision_service.usecases.approvals.order_record import OrderRecord
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import Release
from decision_service.usecases.release_life import ACTIVATED, APPROVED, PROPOSED, PUBLISHED, ROLLED_BACK
from optimization.network import Snapshot
from rules import Charter, CharterError, Ladder, Playbook, Severity, evaluate_stage

KEPT = 16  # decisions whose snapshot stays decoded

_RELEASED_THE_RULES = {
    PUBLISHED: "published the rules that judged it",
    PROPOSED: "proposed the rules that judged it",
    APPROVED: "approved the rules that judged it",
    ACTIVATED: "activated the rules that judged it",
    ROLLED_BACK: "activated the rules that judged it",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One decision as approvers need it."""

    release: Release
    known: SnapshotFacts
    orders: Mapping[str, JudgedOrder]
    of_plan: facts.Facts

    def escalation(self, order: str) -> Mapping[str, Any]:
        """`domain`, `severity` and `playbook` of an order, as the escalation tables say."""
        judged = self.orders[order]
        evaluated = evaluate_stage(
            self.release.ruleset, "escalation", self.known.of_order(judged) | self.of_plan
        )
        return directives.merge(evaluated)

    def playbook(self, order: str) -> Playbook | None:
        """The playbook for an order; None where the release has none for it."""
        name = self.escalation(order).get("playbook")
        return self.release.ruleset.playbook(str(name)) if name else None


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases by decision."""

    ledger: Ledger
    releases: Releases
    _cases: OrderedDict[str, Case] = field(default_factory=OrderedDict)

    def case(self, decision: str) -> Case:
        """The case of a decision."""
        if decision not in self._cases:
            self._cases[decision] = self._read(decision)
            if len(self._cases) > KEPT:
                self._cases.popitem(last=False)
        return self._cases[decision]

    def barred(self, decision: str) -> Mapping[str, str]:
        """Who never signs an order of a decision, and why."""
        entry = records.find_decision(self.ledger, decision)
        e, payload = records.envelope_of(entry), self.ledger.payload(entry.seq)
        barred = {
            str(records.envelope_of(step)["actor"]): _RELEASED_THE_RULES[step.kind]
            for step in self.ledger.by_subject(e["release"])
            if step.kind in _RELEASED_THE_RULES
        }
        if payload and (behalf := orjson.loads(payload)["on_behalf_of"]):
            barred[str(behalf)] = "is who the decision was asked for"
        barred[str(e["actor"])] = "asked for the decision"
        return barred

    def roster(self, record: OrderRecord, now: datetime) -> Roster:
        """Who is in which role now, by the charter that governs the order's scope now."""
        return Roster(self.charter(record), delegations_in(self.ledger), now.date())

    def charter(self, record: OrderRecord) -> Charter:
        """
        The charter in force for an order: of the release that governs its scope now.

        Not of the release that judged it: people leave, and who left signs nothing.
        """
        for key in scope_of(record.scope).candidates:
            if name := self.ledger.pointer(f"active/{key}"):
                return self.releases.load(name).charter
        return self.releases.load(record.release).charter

    def charter_of_all(self) -> Charter:
        """
        The charter that governs where nothing more specific does.

        Raises
        ------
        PreconditionError
            Nothing governs.
        """
        if name := self.ledger.pointer("active/*"):
            return self.releases.load(name).charter
        raise PreconditionError("no release governs `*`; activate one", "NO_ACTIVE_RELEASE")

    def ladder(self, record: OrderRecord) -> Ladder | None:
        """Who is asked in turn about an order; None where no rule says what it is about."""
        said = self.case(record.decision).escalation(record.order)
        if "domain" not in said:
            return None
        severity = Severity(str(said.get("severity") or Severity.CRITICAL))
        try:
            return self.charter(record).ladder(str(said["domain"]), severity)
        except CharterError:
            return None

    def _read(self, decision: str) -> Case:
        e = records.envelope_of(records.find_decision(self.ledger, decision))
        snapshot = canonical.decode_object(self.ledger.artifact(e["snapshot_digest"]).content, Snapshot)
        outcome = canonical.decode_object(self.ledger.artifact(e["outcome_digest"]).content, Outcome)
        gap = next((r.gap for r in outcome.reports if r.name == "orders"), 0.0)
        return Case(
            self.releases.load(e["release"]),
            SnapshotFacts(snapshot),
            {order.id: order for order in outcome.orders},
            facts.of_plan(gap, outcome.value, len(outcome.gave_way)),
        )
