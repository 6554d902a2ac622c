"""Lineage through time: what people did with an order afterwards, and decisions made again."""

from dataclasses import replace

import pytest

from audit import NewEntry
from audit.lineage import NodeKind
from decision_service.api import convert
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.decision import Caller, DecisionRequest
from decision_service.errors import NotFoundError
from decision_service.usecases import records
from decision_service.usecases.lineage import TellOrigin
from decision_service.v1 import decision_service_pb2 as pb

AUDITOR = Caller("vera", frozenset({"auditor"}))


@pytest.fixture(scope="module")
def asked(example):
    request = pb.DecideRequest(request_id="judge", snapshot=example, mode="DECISION_MODE_JUDGE")
    lane = next(lane for lane in example.lanes if not lane.unit)
    request.proposals.add(id="p-1", lane=lane.id, quantity=lane.minimum or 10)
    return request


@pytest.fixture(scope="module")
def first(governed, asked):
    return governed.call(DECISIONS, "Decide", asked, "erp-1").decision


@pytest.fixture(scope="module")
def tell(governed):
    return TellOrigin(governed.app.ledger, governed.app.releases)


@pytest.fixture(scope="module")
def again(governed, asked, first):
    """The same question decided again: by a rollback, two generations deep."""
    ledger, parent = governed.app.ledger, first.name
    entry = records.find_decision(ledger, parent)
    release = governed.app.releases.load(first.lineage.release)
    request = convert.parse(asked, DecisionRequest)
    reached = records.Reached(ledger.artifact(first.lineage.outcome_digest).content)
    for number in (1, 2):
        made = records.Deliberation(
            replace(request, request_id=f"again-{number}"),
            Caller("otto"),
            release,
            records.read_inputs(ledger, entry),
            reached,
            (parent,),
        )
        parent = ledger.append(records.new_entry(f"decisions/again-{number}", made)).entry.subject
    return parent


def test_who_signed_is_part_of_the_lineage(governed, first, tell):
    """
    Steps that people and timers took with an order, each by its own log entry and actor.
    """
    name = f"{first.name}/orders/p-1"
    facts = {"decision": first.name, "order": "p-1", "actor": "sofia.marin", "trace_id": "", "role": "cfo"}
    entry = governed.app.ledger.append(NewEntry("order-signed.v1", name, facts)).entry
    lineage = tell(first.name, "p-1", AUDITOR).lineage
    step = lineage.node(f"log/{entry.seq}")

    assert (NodeKind.ACTIVITY, "order signed", "cfo") == (step.kind, step.label, step.details["role"])
    assert "agents/sofia.marin" in {node.id for node in lineage.ancestry(name)}


def test_a_decision_made_again_goes_back_to_the_first(first, again, tell):
    """
    Parents and their parents, each with the snapshot and the release that it was made under.
    """
    lineage = tell(again, "", AUDITOR).lineage
    ancestry = {node.id for node in lineage.ancestry(again)}
    roles = {(edge.product, edge.material): edge.role for edge in lineage.edges}

    assert {"decisions/again-1", first.name} <= ancestry
    assert "supersedes" == roles[again, "decisions/again-1"] == roles["decisions/again-1", first.name]
    assert first.lineage.snapshot_digest == lineage.node(first.name).details["snapshot"]


def test_whom_a_grant_does_not_cover_is_told_nothing(first, tell):
    """
    A caller of another scope is not told that the decision exists.
    """
    with pytest.raises(NotFoundError):
        tell(first.name, "", Caller("erp-north", frozenset({"erp"}), ("region:north",)))


def test_the_run_names_log_policy_and_engine(first, tell):
    """
    What OpenLineage calls namespace, job and processing engine.
    """
    run = tell(first.name, "", AUDITOR).run

    assert ("decision-service", "replenishment", "decision-service") == (run.namespace, run.job, run.engine)
    assert first.name.endswith(run.id)
