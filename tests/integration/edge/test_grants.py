"""Grants: by scope, read again as they change, refused with every mistake."""

from datetime import UTC, datetime

import pytest

from decision_service.api.identity.grants import read_grants
from decision_service.errors import InvalidRequestError
from decision_service.v1 import audit_service_pb2, decision_pb2, planning_pb2, release_service_pb2
from decision_service.v1 import decision_service_pb2 as pb

from .conftest import METHODS, invoke, outcome

DECIDE, LIST = METHODS["DecisionService/Decide"], METHODS["DecisionService/ListDecisions"]


@pytest.fixture(scope="module")
def decided(mutual, policies, example):
    """One decision of each business unit, under a release that somebody else approved."""
    from decision_service.cli.policy_files import read_policy

    mutual.write_grants(mutual_grants())
    token = (("authorization", f"Bearer {mutual.issuer.token('ada.lind')}"),)
    other = (("authorization", f"Bearer {mutual.issuer.token('bruno.keller')}"),)
    channel = mutual.channel(name="stranger")
    release = METHODS["ReleaseService/PublishRelease"]
    name = invoke(
        channel,
        release,
        release_service_pb2.PublishReleaseRequest(files=read_policy(policies)),
        metadata=token,
    ).release.name
    for verb, who in (("Propose", token), ("Approve", other), ("Activate", other)):
        method = METHODS[f"ReleaseService/{verb}Release"]
        request = getattr(release_service_pb2, f"{verb}ReleaseRequest")(name=name)
        invoke(channel, method, request, metadata=who)
    return {
        unit: invoke(mutual.channel(name=f"{unit}-erp"), DECIDE, asked(example, unit)).decision
        for unit in ("north", "south")
    }


def mutual_grants():
    from .conftest import default_grants

    return default_grants() | {"bruno.keller": (["governance"], ["*"])}


def asked(example, unit, request_id="r"):
    """A judgement on stock of today: a unit decides on none that is older than a week."""
    fresh = planning_pb2.Snapshot()
    fresh.CopyFrom(example)
    fresh.as_of = datetime.now(UTC).date().isoformat()
    return pb.DecideRequest(
        request_id=request_id,
        snapshot=fresh,
        mode=decision_pb2.DECISION_MODE_JUDGE,
        proposals=[pb.OrderProposal(id="p", lane=example.lanes[0].id, quantity=10)],
        scope=decision_pb2.Scope(business_unit=unit),
    )


def test_a_planner_sees_its_own_unit_only(mutual, decided):
    """
    Read, list, explain and replay: what is another unit's does not exist.
    """
    north, theirs = mutual.channel(name="north-planner"), decided["south"]
    order = theirs.orders[0].id
    tries = {
        "GetDecision": pb.GetDecisionRequest(name=theirs.name),
        "ExplainOrder": pb.ExplainOrderRequest(name=theirs.name, order=order),
        "ReplayDecision": pb.ReplayDecisionRequest(name=theirs.name),
    }
    listed = [d.name for d in invoke(north, LIST, pb.ListDecisionsRequest()).decisions]

    assert dict.fromkeys(tries, ("NOT_FOUND", "DECISION_NOT_FOUND")) == {
        m: outcome(north, METHODS[f"DecisionService/{m}"], request) for m, request in tries.items()
    }
    assert [decided["north"].name] == listed


@pytest.mark.parametrize("unit", ["south", ""])
def test_an_erp_decides_for_its_own_unit_only(mutual, decided, example, unit):
    """
    Neither for another unit nor for everything.
    """
    request = asked(example, unit, "other")

    assert ("PERMISSION_DENIED", "SCOPE_NOT_GRANTED") == outcome(
        mutual.channel(name="north-erp"), DECIDE, request
    )


def test_governance_of_one_unit_does_not_move_another(mutual, decided):
    """
    Activation and rollback for their own scope; revocation reaches everybody and needs everything.
    """
    north, name = mutual.channel(name="north-governance"), decided["north"].lineage.release
    south = decision_pb2.Scope(business_unit="south")
    tries = {
        "ActivateRelease": release_service_pb2.ActivateReleaseRequest(name=name, scope=south),
        "RollbackRelease": release_service_pb2.RollbackReleaseRequest(reason="r", scope=south),
        "RevokeRelease": release_service_pb2.RevokeReleaseRequest(name=name, reason="r"),
    }
    own = release_service_pb2.ActivateReleaseRequest(
        name=name, scope=decision_pb2.Scope(business_unit="north")
    )

    assert dict.fromkeys(tries, ("PERMISSION_DENIED", "SCOPE_NOT_GRANTED")) == {
        m: outcome(north, METHODS[f"ReleaseService/{m}"], request) for m, request in tries.items()
    }
    assert "OK" == outcome(north, METHODS["ReleaseService/ActivateRelease"], own)[0]


def test_the_log_is_whole(mutual, decided):
    """
    Entries are of all units: an auditor of one does not read them.
    """
    north = mutual.channel(name="north-auditor")
    tries = {
        "GetEntry": audit_service_pb2.GetEntryRequest(index=0),
        "ListEntries": audit_service_pb2.ListEntriesRequest(),
        "VerifyLog": audit_service_pb2.VerifyLogRequest(),
    }

    assert dict.fromkeys(tries, ("PERMISSION_DENIED", "SCOPE_NOT_GRANTED")) == {
        m: outcome(north, METHODS[f"AuditService/{m}"], request) for m, request in tries.items()
    }


def test_request_ids_of_two_callers_do_not_meet(decided):
    """
    The same request_id of another subject is another request.
    """
    assert decided["north"].name != decided["south"].name
    assert {"spiffe://example/north-erp", "spiffe://example/south-erp"} == {
        d.lineage.actor for d in decided.values()
    }


def test_a_changed_file_of_grants_holds_with_the_next_call(mutual):
    """
    Granted, then withdrawn; a broken file changes nothing.
    """
    channel, grants = mutual.channel(name="newcomer"), mutual_grants()
    seen = [outcome(channel, LIST)[0]]
    mutual.write_grants(grants | {"spiffe://example/newcomer": (["planner"], ["*"])})
    seen.append(outcome(channel, LIST)[0])
    mutual.grants.write_text("[[grant")
    seen.append(outcome(channel, LIST)[0])
    mutual.write_grants(grants)
    seen.append(outcome(channel, LIST)[0])

    assert ["PERMISSION_DENIED", "OK", "OK", "PERMISSION_DENIED"] == seen


def test_every_mistake_in_the_grants_is_listed(tmp_path):
    """
    Unknown roles, scopes and keys, subjects granted twice.
    """
    file = tmp_path / "grants.toml"
    file.write_text(
        '[[grant]]\nsubject = "a"\nroles = ["king"]\nscopes = ["planet:mars"]\nrole = "erp"\n'
        '[[grant]]\nroles = ["erp"]\n'
        '[[grant]]\nsubject = "b"\nroles = ["erp"]\n[[grant]]\nsubject = "b"\nroles = ["auditor"]\n'
    )

    with pytest.raises(InvalidRequestError) as caught:
        read_grants(file)

    assert {"grant[0].roles", "grant[0].scopes", "grant[0].role", "grant[1].subject", "grant.subject"} == {
        v.field for v in caught.value.violations
    }


@pytest.mark.parametrize("text", ["x", 'grant = "all"', "[other]\na = 1", "[[grant]]\nsubject = 7"])
def test_what_is_not_a_file_of_grants_is_refused(tmp_path, text):
    """
    At start, with its name or the place.
    """
    (tmp_path / "grants.toml").write_text(text)

    with pytest.raises(InvalidRequestError, match=r"grant"):
        read_grants(tmp_path / "grants.toml")
