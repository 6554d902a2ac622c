"""Requests held against the constraints of their protos, with a memory for snapshots."""

import protovalidate
import pytest

from decision_service.api import validation
from decision_service.errors import InvalidRequestError
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import planning_pb2

STAGE = planning_pb2.Stage(id="s", item="i", location="l")
RIGHT = planning_pb2.Snapshot(as_of="2026-11-30", currency="EUR", bucket_days=7, horizon=2, stages=[STAGE])
WRONG = planning_pb2.Snapshot(as_of="2026-11-30", currency="euro", bucket_days=7, horizon=2, stages=[STAGE])


@pytest.fixture(autouse=True)
def looked_at(monkeypatch):
    """
    What the library was given to look at; nothing is remembered from another test.
    """
    seen, collect = [], protovalidate.collect_violations
    monkeypatch.setattr(protovalidate, "collect_violations", lambda m: (seen.append(m), collect(m))[1])
    validation._right.clear()
    return seen


def complaints(request):
    """
    The fields that are refused.
    """
    try:
        validation.validate(request)
    except InvalidRequestError as error:
        return [violation.field for violation in error.violations]
    return []


def test_a_snapshot_found_right_is_not_looked_at_again(looked_at):
    """
    The rest of the request is, every time; the caller's message stays whole.
    """
    first, second = (pb.DecideRequest(request_id=name, snapshot=RIGHT) for name in "ab")

    assert complaints(first) == complaints(second) == []
    assert [m.HasField("snapshot") for m in looked_at] == [True, False]
    assert second.HasField("snapshot")


def test_what_is_wrong_beside_a_known_snapshot_is_found():
    """
    A request without a name, proposals without a lane.
    """
    complaints(pb.DecideRequest(request_id="a", snapshot=RIGHT))
    beside = pb.DecideRequest(snapshot=RIGHT, proposals=[pb.OrderProposal(id="p", quantity=1)])

    assert complaints(beside) == ["request_id", "proposals[0].lane"]


def test_a_wrong_snapshot_is_found_every_time():
    """
    Together with all else that is wrong: only what is right is remembered.
    """
    asked = pb.DecideRequest(snapshot=WRONG)

    assert complaints(asked) == complaints(asked) == ["request_id", "snapshot.currency"]


def test_a_right_snapshot_in_a_wrong_request_is_not_remembered(looked_at):
    """
    The library looks at the whole and does not say which part was right.
    """
    complaints(pb.DecideRequest(snapshot=RIGHT))
    complaints(pb.DecideRequest(request_id="a", snapshot=RIGHT))

    assert [m.HasField("snapshot") for m in looked_at] == [True, True]


def test_a_large_snapshot_is_not_remembered(looked_at, monkeypatch):
    """
    Large ones are planned, which takes longer than looking at them.
    """
    monkeypatch.setattr(validation, "LARGEST", 8)
    for name in "ab":
        complaints(pb.DecideRequest(request_id=name, snapshot=RIGHT))

    assert [m.HasField("snapshot") for m in looked_at] == [True, True]
