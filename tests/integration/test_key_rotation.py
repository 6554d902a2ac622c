"""`decisionctl db rotate-key`: what was decided and signed under the old key stands under the new one."""

import json

import grpc
import pytest
from click.testing import CliRunner

from decision_service.cli import load
from decision_service.cli.audit import SERVICE as AUDIT
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.v1 import audit_service_pb2, decision_pb2
from decision_service.v1 import decision_service_pb2 as pb


def run(*arguments):
    result = CliRunner().invoke(load(), [*map(str, arguments), "--json"])
    assert 0 == result.exit_code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def judged(example):
    """judged(service, id): the decision on one proposed order."""
    proposal = pb.OrderProposal(id="p", lane=example.lanes[0].id, quantity=10)

    def judged(service, request_id):
        request = pb.DecideRequest(
            request_id=request_id,
            snapshot=example,
            mode=decision_pb2.DECISION_MODE_JUDGE,
            proposals=[proposal],
        )
        return service.call(DECISIONS, "Decide", request).decision

    return judged


def test_a_log_changes_its_key_and_nothing_else(tmp_path, root, judged, start_service):
    """
    The release that the old key signed governs on, and who holds the old key verifies all of it.
    """
    data = tmp_path / "data"
    service = start_service(data)
    service.govern(root / "policies" / "replenishment")
    before = judged(service, "before")
    (old,) = service.call(AUDIT, "GetCheckpoint", audit_service_pb2.GetCheckpointRequest()).keys
    service.close()

    new = run("db", "rotate-key", "--data", data)["key"]
    service = start_service(data)
    after = judged(service, "after")
    keys = service.call(AUDIT, "GetCheckpoint", audit_service_pb2.GetCheckpointRequest()).keys
    own = service.call(AUDIT, "VerifyLog", audit_service_pb2.VerifyLogRequest())
    run("audit", "export", tmp_path / "stick", "--address", service.server.address)
    service.close()
    found = run("audit", "verify", tmp_path / "stick", "--key", old)

    assert before.lineage.release == after.lineage.release
    assert [old, new] == list(keys)
    assert [] == list(own.problems)
    assert ([], [old, new]) == (found["problems"], found["keys"])


def test_a_stolen_key_is_disowned(tmp_path, root, judged, start_service):
    """
    Without its line among the earlier keys, what it signed governs nothing, and the service names its checkpoints.
    """
    data = tmp_path / "data"
    service = start_service(data)
    service.govern(root / "policies" / "replenishment")
    service.close()
    run("db", "rotate-key", "--data", data)
    (data / "earlier.keys").unlink()

    service = start_service(data)
    with pytest.raises(grpc.RpcError, match="is not signed") as caught:
        judged(service, "after")
    problems = service.call(AUDIT, "VerifyLog", audit_service_pb2.VerifyLogRequest()).problems
    service.close()

    assert grpc.StatusCode.FAILED_PRECONDITION == caught.value.code()
    assert all("CHECKPOINT_CHANGED" in problem for problem in problems)
    assert problems
