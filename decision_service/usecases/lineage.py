"""
Lineage: from a decision, or one of its orders, back to what it was made from, by what, for whom.

    order -- part of --> decision -- made by --> run -- snapshot --> snapshot -- read from --> file
      |                      |                    +---- release --> release, parameters
      |                      |                    +---- asked by -> caller -- on behalf of --> person
      |                      +-- supersedes --> earlier decision
      +-- rules that spoke of it, the rows of the snapshot it was planned from, who signed it

Everything comes from the log and its artifacts; nothing is computed anew, and nothing that a later
release or engine would say differently.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit import Entry, Ledger, canonical
from audit.lineage import Lineage, NodeKind, Run
from decision_service.decision import Caller, Decision, Evidence, Fallback, JudgedOrder, Outcome
from decision_service.errors import NotFoundError
from decision_service.usecases import records
from decision_service.usecases.graph import Graph
from decision_service.usecases.inquire import Inquire
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import Release
from decision_service.usecases.snapshot_rows import SnapshotRows
from optimization.network import Snapshot
from optimization.report import SolveLimits, SolveReport

_REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something came from, and the run that made it."""

    lineage: Lineage
    run: Run


@dataclass(frozen=True, slots=True)
class TellOrigin:
    """Tells the origin of decisions and orders."""

    ledger: Ledger
    releases: Releases

    def __call__(self, name: str, order_id: str, caller: Caller) -> Origin:
        """
        The origin of a decision, or of one of its orders.

        Raises
        ------
        NotFoundError
            No such decision or order, or none that the caller may see.
        """
        entry = records.find_decision(self.ledger, name)
        decision = Inquire(self.ledger, self.releases).decision(name, caller)
        release = self.releases.load(decision.lineage.release)
        content = self.ledger.artifact(decision.lineage.snapshot_digest).content
        graph = _OriginGraph(self.ledger, self.releases, decision, entry)
        snapshot = canonical.decode_object(content, Snapshot)
        graph.add_decision(snapshot, release)
        root = name
        if order_id:
            order = next((o for o in decision.outcome.orders if o.id == order_id), None)
            if order is None:
                raise NotFoundError("order", order_id)
            root = graph.add_order(order, snapshot)
        else:
            graph.add_rules(decision.outcome.evaluations)
        return Origin(graph.lineage(root), self._run(entry, decision, release))

    def _run(self, entry: Entry, decision: Decision, release: Release) -> Run:
        engine = decision.lineage.engine
        checkpoint = self.ledger.checkpoint()
        return Run(
            id=decision.name.rpartition("/")[2],
            namespace=checkpoint.checkpoint.origin,
            job=release.ruleset.name,
            at=entry.recorded_at,
            engine="decision-service",
            version=engine.get("decision_service", "unknown"),
            facts=_run_facts(decision, release),
        )


class _OriginGraph(Graph):
    """The graph of one decision in the making."""

    def __init__(self, ledger: Ledger, releases: Releases, decision: Decision, entry: Entry) -> None:
        super().__init__()
        self._ledger = ledger
        self._releases = releases
        self._decision = decision
        self._run = f"runs/{decision.name.rpartition('/')[2]}"
        self._add_decision(entry)

    def add_decision(self, snapshot: Snapshot, release: Release) -> None:
        """The decision with everything that went into it."""
        lineage = self._decision.lineage
        self.add(self._run, NodeKind.ACTIVITY, "decide", _run_facts(self._decision, release))
        self.link(self._decision.name, self._run, "made by")
        self._add_snapshot(snapshot)
        self._add_release(release)
        self._add_agents()
        for parent in lineage.parents:
            self._add_parent(self._decision.name, parent)

    def add_rules(self, evaluations: tuple[Evidence, ...]) -> None:
        """Every rule that spoke in the decision, and of how many subjects."""
        subjects: dict[tuple[str, str, str], int] = {}
        for evidence in evaluations:
            for row in evidence.rows:
                key = (evidence.stage, evidence.table, row)
                subjects[key] = subjects.get(key, 0) + len(evidence.subjects)
        for (stage, table, row), count in subjects.items():
            rule = self._add_rule(table, row, {"spoke of": f"{count} subjects"})
            self.link(self._run, rule, stage)

    def add_order(self, order: JudgedOrder, snapshot: Snapshot) -> str:
        """One order: its rules, its rows of the snapshot, and what became of it; returns its id."""
        name = f"{self._decision.name}/orders/{order.id}"
        self.add(name, NodeKind.PRODUCT, f"order {order.id}", _order_facts(order))
        self.link(name, self._decision.name, "part of")
        for stage, evidence in _evidence_of(order, self._decision.outcome):
            for row in evidence.rows:
                said = {f"says {key}": value for key, value in evidence.outcome.items()}
                read = {f"read {fact}": value for fact, value in evidence.readings.items()}
                self.link(name, self._add_rule(evidence.table, row, said | read), stage)
        digest = self._decision.lineage.snapshot_digest
        for row_id, label, facts, role in SnapshotRows(snapshot).of_order(order):
            self.add(f"{digest}#{row_id}", NodeKind.MATERIAL, label, facts)
            self.link(name, f"{digest}#{row_id}", role)
            self.link(f"{digest}#{row_id}", self._selected_by(row_id, snapshot), "selected by")
        for stage, text in _safety_stocks(order, self._decision.outcome):
            self.add(f"{name}#safety-stock", NodeKind.PRODUCT, f"safety stock of {stage}", text)
            self.link(name, f"{name}#safety-stock", "keeps")
            self.link(f"{name}#safety-stock", self._run, "made by")
        for step in self._ledger.by_subject(name):
            self._add_step(name, step)
        return name

    def _add_decision(self, entry: Entry) -> None:
        e = records.envelope_of(entry)
        facts = {key: str(e[key]) for key in ("verdict", "mode", "scope", "request_id", "value")}
        facts |= {"orders": f"{e['approved']} approved, {e['referred']} referred, {e['blocked']} blocked"}
        facts |= {"outcome": e["outcome_digest"], "recorded at": entry.recorded_at.isoformat()}
        facts |= {"log entry": str(entry.seq), "leaf hash": entry.leaf_hash.hex()}
        name = self._decision.name
        self.add(name, NodeKind.PRODUCT, f"decision {name.rpartition('/')[2]}", facts)

    def _add_snapshot(self, snapshot: Snapshot) -> None:
        lineage = self._decision.lineage
        self.add(lineage.snapshot_digest, NodeKind.MATERIAL, "snapshot", _snapshot_facts(snapshot))
        self.link(self._run, lineage.snapshot_digest, "snapshot")
        for source in snapshot.sources:
            facts = {"rows": str(source.rows), "digest": source.digest}
            if source.contract:
                facts["contract"] = source.contract
            self.add(f"{source.digest}#{source.name}", NodeKind.MATERIAL, source.name, facts)
            self.link(lineage.snapshot_digest, f"{source.digest}#{source.name}", "read from")

    def _selected_by(self, row_id: str, snapshot: Snapshot) -> str:
        """The mapping file that selected a row, if the snapshot names one; otherwise the snapshot."""
        script = f"mapping/{row_id.partition('/')[0]}.sql"
        for source in snapshot.sources:
            if source.name == script:
                return f"{source.digest}#{source.name}"
        return self._decision.lineage.snapshot_digest

    def _add_release(self, release: Release) -> None:
        lineage, record = self._decision.lineage, self._releases.get(release.name)
        approvers = ", ".join(record.approvers) or "nobody"
        facts = {"version": record.version, "owner": record.owner, "effective": record.effective}
        facts |= {"published by": record.publisher, "proposed by": record.proposer, "approved by": approvers}
        self.add(lineage.release_digest, NodeKind.PLAN, release.name, {k: v for k, v in facts.items() if v})
        self.link(self._run, lineage.release_digest, "release")
        parameters = canonical.digest(canonical.encode_object(release.parameters))
        self.add(parameters, NodeKind.PLAN, "planning parameters", _parameter_facts(release))
        self.link(self._run, parameters, "parameters")
        self.link(parameters, lineage.release_digest, "fixed by")

    def _add_rule(self, table: str, row: str, facts: Mapping[str, str]) -> str:
        name = f"{self._decision.lineage.release}/tables/{table}/rows/{row}"
        self.add(name, NodeKind.PLAN, f"rule {row} of {table}", facts)
        self.link(name, self._decision.lineage.release_digest, "from")
        return name

    def _add_agents(self) -> None:
        lineage = self._decision.lineage
        actor = f"agents/{lineage.actor}"
        self.add(actor, NodeKind.AGENT, lineage.actor, {})
        self.link(self._run, actor, "asked by")
        if lineage.on_behalf_of and lineage.on_behalf_of != lineage.actor:
            person = f"agents/{lineage.on_behalf_of}"
            self.add(person, NodeKind.AGENT, lineage.on_behalf_of, {})
            self.link(actor, person, "on behalf of")

    def _add_parent(self, child: str, parent: str) -> None:
        """The decision that this one was made again from, and its parents: each is older."""
        entry = records.find_decision(self._ledger, parent)
        e = records.envelope_of(entry)
        facts = {"verdict": e["verdict"], "release": e["release"], "snapshot": e["snapshot_digest"]}
        facts |= {"recorded at": entry.recorded_at.isoformat(), "log entry": str(entry.seq)}
        is_known = self.add(parent, NodeKind.PRODUCT, f"decision {parent.rpartition('/')[2]}", facts)
        self.link(child, parent, "supersedes")
        if not is_known:
            for grandparent in e["parents"]:
                self._add_parent(parent, grandparent)

    def _add_step(self, order: str, entry: Entry) -> None:
        """What a person or a timer did about the order afterwards."""
        e = records.envelope_of(entry)
        told = {k: str(v) for k, v in e.items() if k not in ("entry", "decision", "order", "actor") and v}
        facts = {"recorded at": entry.recorded_at.isoformat(), "log entry": str(entry.seq)} | told
        name = f"log/{entry.seq}"
        self.add(name, NodeKind.ACTIVITY, entry.kind.partition(".")[0].replace("-", " "), facts)
        self.link(order, name, "afterwards")
        if actor := e.get("actor"):
            self.add(f"agents/{actor}", NodeKind.AGENT, actor, {})
            self.link(name, f"agents/{actor}", "by")


def _evidence_of(order: JudgedOrder, outcome: Outcome) -> Iterator[tuple[str, Evidence]]:
    """What was evaluated for the request, for the stage ordered for, and for the order itself."""
    for evidence in outcome.evaluations:
        if {order.id, order.stage, "request"} & set(evidence.subjects):
            yield evidence.stage, evidence


def _safety_stocks(order: JudgedOrder, outcome: Outcome) -> Iterator[tuple[str, Mapping[str, str]]]:
    for stock in outcome.safety_stocks:
        if stock.stage == order.stage:
            yield (
                stock.stage,
                {
                    "safety stock": f"{stock.safety_stock:g}",
                    "base stock": f"{stock.base_stock:g}",
                    "net replenishment time": f"{stock.net_replenishment_time:g} days",
                },
            )


def _order_facts(order: JudgedOrder) -> Mapping[str, str]:
    facts = {
        "disposition": order.disposition.value,
        "quantity": f"{order.quantity:g}",
        "needed before rounding": f"{order.need:g}",
        "rounding": ", ".join(order.rounding),
        "place by": order.order_date.isoformat(),
        "due": order.due_date.isoformat(),
        "cost": f"{order.cost:.2f}",
        "supplier": order.supplier,
        "asked": order.role,
        "because": "; ".join(reason.message for reason in order.reasons),
        "pegged to": "; ".join(
            f"{p.quantity:g} {p.kind.lower()} of {p.stage} in bucket {p.bucket}" for p in order.pegging
        ),
        "bound by": "; ".join(f"{b.resource} in bucket {b.bucket}" for b in order.binding),
    }
    return {key: value for key, value in facts.items() if value}


def _snapshot_facts(snapshot: Snapshot) -> Mapping[str, str]:
    sets = ("items", "locations", "suppliers", "stages", "lanes", "resources", "demands", "receipts")
    counts = {name: str(len(getattr(snapshot, name))) for name in sets if getattr(snapshot, name)}
    facts = {
        "as of": snapshot.as_of.isoformat(),
        "buckets": f"{snapshot.horizon} of {snapshot.bucket_days} days",
    }
    if snapshot.source:
        facts["source"] = snapshot.source
    return facts | counts | ({"findings": str(len(snapshot.findings))} if snapshot.findings else {})


def _parameter_facts(release: Release) -> Mapping[str, str]:
    p = release.parameters
    facts: dict[str, Any] = {
        "service level": f"{p.service_level.kind.value.lower()} {p.service_level.target:g}",
        "holding rate": f"{p.holding_rate:g} a year",
        "backorder penalty": f"{p.backorder_penalty:g}",
        "lost-sale penalty": f"{p.lost_sale_penalty:g}",
        "shortfall penalty": f"{p.shortfall_penalty:g}",
        "pooling": p.pooling.value,
        "frozen buckets": p.frozen_buckets,
        "rounding": ", ".join(step.value.lower() for step in p.rounding),
    }
    return {key: str(value) for key, value in facts.items()}


def _run_facts(decision: Decision, release: Release) -> Mapping[str, str]:
    facts = {f"engine {name}": version for name, version in decision.lineage.engine.items()}
    for report in decision.outcome.reports:
        facts[f"solve {report.name}"] = _report(report)
    facts["limits safety stock"] = _limits(release.parameters.safety_stock_limits)
    facts["limits orders"] = _limits(release.parameters.order_limits)
    if decision.lineage.fallback is not Fallback.NONE:
        facts["manual mode"] = decision.lineage.fallback.value
    if decision.lineage.trace_id:
        facts["trace id"] = decision.lineage.trace_id
    return facts


def _report(report: SolveReport) -> str:
    return (
        f"{report.termination.value} at {report.objective:.6g}, bound {report.bound:.6g}, gap {report.gap:.4%}; "
        f"{report.slices} slices, {report.nodes} nodes, {report.iterations} iterations; {report.solver}"
    )


def _limits(limits: SolveLimits) -> str:
    return (
        f"{limits.slices} slices of {limits.nodes} nodes, {limits.iterations} iterations, gap {limits.gap:g}, "
        f"seed {limits.seed}, {limits.threads} thread, priced from {limits.priced_stages} stages"
    )
