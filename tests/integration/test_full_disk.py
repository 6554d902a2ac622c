"""A disk without room: the call fails with a reason, nothing is claimed, and with room again all goes on."""

import contextlib
import os
import subprocess

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from decision_service.cli.audit import SERVICE as AUDIT
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.v1 import audit_service_pb2
from decision_service.v1 import decision_service_pb2 as pb

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a small file system")


@pytest.fixture
def small(tmp_path):
    """A file system of 6 MB."""
    folder = tmp_path / "data"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=False)


def fill(folder):
    """Take all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def request(example, number):
    asked = pb.DecideRequest(request_id=f"r{number}", snapshot=example, mode="DECISION_MODE_JUDGE")
    lane = next(lane for lane in example.lanes if not lane.unit)
    asked.proposals.add(id="p", lane=lane.id, quantity=(lane.minimum or 10) + number)
    return asked


def reason_of(error):
    raw = dict(error.trailing_metadata())["grpc-status-details-bin"]
    info = error_details_pb2.ErrorInfo()
    return next(info.reason for detail in status_pb2.Status.FromString(raw).details if detail.Unpack(info))


def test_a_full_disk_is_an_answer(small, example, root, start_service):
    """
    UNAVAILABLE with a reason for the decision and the list; after there is room, the same request is decided,
    the log verifies, and only what was acknowledged is in it.
    """
    service = start_service(small)
    service.govern(root / "policies" / "replenishment")
    first = service.call(DECISIONS, "Decide", request(example, 1)).decision
    ballast = fill(small)
    with pytest.raises(grpc.RpcError) as refused:
        service.call(DECISIONS, "Decide", request(example, 2))
    ballast.unlink()
    second = service.call(DECISIONS, "Decide", request(example, 2)).decision
    verified = service.call(AUDIT, "VerifyLog", audit_service_pb2.VerifyLogRequest())
    listed = service.call(DECISIONS, "ListDecisions", pb.ListDecisionsRequest()).decisions
    service.close()

    assert (grpc.StatusCode.UNAVAILABLE, "LOG_UNAVAILABLE") == (
        refused.value.code(),
        reason_of(refused.value),
    )
    assert "full" in refused.value.details()
    assert (first.log.index + 1, []) == (second.log.index, list(verified.problems))
    assert ["r2", "r1"] == [decision.request_id for decision in listed]
