"""People in the loop over gRPC: inbox, signatures, handover, rollback, and who may call what."""

import time

import grpc
import pytest

from decision_service.api.server import SERVICES
from decision_service.v1 import approval_service_pb2 as approvals
from decision_service.v1 import decision_pb2
from decision_service.v1 import decision_service_pb2 as decisions
from decision_service.v1 import handover_service_pb2 as handover
from decision_service.v1 import rollback_service_pb2 as rollbacks

BY_NAME = {s.name: s for s in SERVICES}
BEANS, GRINDER = "BUY:BEANS-1KG:DC-NORTH:HANDELSHOF", "BUY:GRINDER:DC-NORTH:HANDELSHOF"
ahead = 92


def call(service, method, request, actor="otto", roles=""):
    name, _, rpc = method.partition("/")
    return service.call(BY_NAME[name], rpc, request, actor, roles)


def reason(error):
    from google.rpc import error_details_pb2, status_pb2

    raw = dict(error.value.trailing_metadata())["grpc-status-details-bin"]
    info = error_details_pb2.ErrorInfo()
    status_pb2.Status.FromString(raw).details[0].Unpack(info)
    return info.reason


@pytest.fixture
def judged(governed, example):
    """Decide on proposals (lane, quantity); references of the orders."""
    count = iter(range(1000))

    def make(*proposals):
        request = decisions.DecideRequest(
            request_id=f"people-{time.monotonic_ns()}-{next(count)}", snapshot=example,
            mode=decision_pb2.DECISION_MODE_JUDGE,
        )  # fmt: skip
        for i, (lane, quantity) in enumerate(proposals):
            request.proposals.add(id=f"O{i}", lane=lane, quantity=quantity)
        made = call(governed, "DecisionService/Decide", request, "erp-1", "erp").decision
        return [approvals.OrderRef(decision=made.name, order=o.id) for o in made.orders]

    return make


def judge(service, refs, actor, action="APPROVE", **more):
    request = approvals.JudgeOrdersRequest(action=f"JUDGE_ACTION_{action}", orders=refs, **more)
    return call(service, "ApprovalService/JudgeOrders", request, actor)


def test_from_the_inbox_to_the_erp(governed, judged):
    """
    Listed with reason and deadline for the role; signed; handed over ahead of its day; acknowledged.
    """
    (ref,) = judged((BEANS, 3000.0))
    wanted = approvals.ListOrdersRequest(mine=True, decision=ref.decision)
    (listed,) = call(governed, "ApprovalService/ListOrders", wanted, "lars.moen").orders
    others = call(governed, "ApprovalService/ListOrders", wanted, "quinn.murphy").orders
    (signed,) = judge(governed, [ref], "lars.moen").judgements
    pulled = call(governed, "HandoverService/PullInstructions", handover.PullInstructionsRequest(ahead_days=ahead), "erp-1", "erp")  # fmt: skip
    (told,) = [i for i in pulled.instructions if i.decision == ref.decision]
    answer = handover.AcknowledgeInstructionRequest(
        key=told.key, answer="INSTRUCTION_ANSWER_ACCEPTED", reference="PO-1"
    )
    first = call(governed, "HandoverService/AcknowledgeInstruction", answer, "erp-1", "erp")
    second = call(governed, "HandoverService/AcknowledgeInstruction", answer, "erp-1", "erp")

    assert ("purchasing-manager", "ESCALATE") == (listed.asked, listed.on_timeout)
    assert listed.HasField("deadline")
    assert listed.terms.cost > 25000
    assert [] == list(others)
    assert approvals.ORDER_STATE_APPROVED == signed.order.state
    assert approvals.ORDER_STATE_ACKNOWLEDGED == first.order.state
    assert (False, True) == (first.is_repeat, second.is_repeat)


def test_refusals_say_why(governed, judged):
    """
    A stranger, a second approval and a made-up order: the reason is in the status.
    """
    (ref,) = judged((BEANS, 3000.0))
    with pytest.raises(grpc.RpcError) as stranger:
        judge(governed, [ref], "mallory")
    judge(governed, [ref], "lars.moen")
    with pytest.raises(grpc.RpcError) as twice:
        judge(governed, [ref], "maria.silva")
    with pytest.raises(grpc.RpcError) as made_up:
        judge(governed, [approvals.OrderRef(decision="decisions/x", order="y")], "lars.moen")
    with pytest.raises(grpc.RpcError) as forged:
        call(governed, "ApprovalService/JudgeOrders", approvals.JudgeOrdersRequest(action=1, orders=[ref]), "lars.moen", "erp")  # fmt: skip

    assert ["NOT_IN_ROLE", "ORDER_APPROVED", "ORDER_NOT_FOUND", "ROLE_REQUIRED"] == [
        reason(e) for e in (stranger, twice, made_up, forged)
    ]


def test_bulk_over_the_wire(governed, judged):
    """
    A preview, then its digest: all of them.
    """
    refs = judged(*[(BEANS, 3000.0 + 50 * i) for i in range(5)])
    preview = judge(governed, refs, "lars.moen", validate_only=True)
    done = judge(governed, refs, "lars.moen", digest=preview.digest)

    assert {approvals.ORDER_STATE_REFERRED} == {j.order.state for j in preview.judgements}
    assert {approvals.ORDER_STATE_APPROVED} == {j.order.state for j in done.judgements}
    assert preview.value == pytest.approx(done.value)


def test_override_and_delegation_over_the_wire(governed, judged):
    """
    A planner changes an order, a delegate of another planner signs it.
    """
    (ref,) = judged((GRINDER, 40.0))
    change = approvals.OverrideOrderRequest(
        order=ref, quantity=60.0, reason_code="LOCAL_KNOWLEDGE", playbook_step=1
    )
    done = call(governed, "ApprovalService/OverrideOrder", change, "dev.patel")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    lend = approvals.DelegateRoleRequest(role="supply-planner", taker="uma.khan", start=today, end=today)
    call(governed, "ApprovalService/DelegateRole", lend, "elif.kaya")
    (signed,) = judge(governed, [ref], "uma.khan").judgements
    known = call(governed, "ApprovalService/ListDelegations", approvals.ListDelegationsRequest()).delegations

    assert (60.0, "supply-planner") == (done.terms.quantity, done.tiers[0].role)
    assert ("uma.khan", "elif.kaya") == (signed.order.signatures[0].actor, signed.order.signatures[0].giver)
    assert "uma.khan" in [d.taker for d in known]


def test_watching(governed, example):
    """
    An approved order whose day has come arrives on the stream, and a puller does not get it meanwhile.
    """
    stub = governed.channel.unary_stream(
        "/decision_service.v1.HandoverService/WatchInstructions",
        request_serializer=lambda r: r.SerializeToString(),
        response_deserializer=handover.WatchInstructionsResponse.FromString,
    )
    today = type(example)()
    today.CopyFrom(example)
    del today.receipts[:]  # of days to come
    today.as_of = time.strftime("%Y-%m-%d", time.gmtime())
    request = decisions.DecideRequest(
        request_id="watched", snapshot=today, mode=decision_pb2.DECISION_MODE_JUDGE
    )
    request.proposals.add(id="O1", lane=GRINDER, quantity=40.0)
    made = call(governed, "DecisionService/Decide", request, "erp-1", "erp").decision
    stream = stub(handover.WatchInstructionsRequest(), metadata=(("decision-actor", "erp-1"),), timeout=60)
    told = next(r.instruction for r in stream if r.instruction.decision == made.name)
    pulled = call(
        governed, "HandoverService/PullInstructions", handover.PullInstructionsRequest(), "erp-2", "erp"
    )
    stream.cancel()

    assert ("O1", 1, 40.0) == (told.order, told.attempt, told.terms.quantity)
    assert told.key not in [i.key for i in pulled.instructions]


def test_rollback_over_the_wire(service, root, example):
    """
    Two releases; the bad one is rolled back; what it decided is planned, approved by another person,
    executed and decided anew on the original snapshot, once.
    """
    service.govern(root / "examples" / "bundled" / "replenishment-0.9.0")
    bad = service.govern(root / "policies" / "replenishment")
    made = call(
        service, "DecisionService/Decide", decisions.DecideRequest(request_id="r1", snapshot=example), "erp-1"
    ).decision
    plan = call(service, "RollbackService/PlanRollback", rollbacks.PlanRollbackRequest(
        affected=rollbacks.RollbackAffected(release=bad), reason="wrong limits")).rollback  # fmt: skip
    yes = rollbacks.ApproveRollbackRequest(name=plan.name, digest=plan.digest)
    do = rollbacks.ExecuteRollbackRequest(
        name=plan.name, digest=plan.digest, redecide=rollbacks.REDECIDE_ORIGINAL
    )
    with pytest.raises(grpc.RpcError) as own:
        call(service, "RollbackService/ApproveRollback", yes)
    call(service, "RollbackService/ApproveRollback", yes, "pia")
    with pytest.raises(grpc.RpcError) as governs:
        call(service, "RollbackService/ExecuteRollback", do)
    from decision_service.v1 import release_service_pb2 as releases

    call(service, "ReleaseService/RollbackRelease", releases.RollbackReleaseRequest(reason="wrong limits"))
    done = call(service, "RollbackService/ExecuteRollback", do).rollback
    size = service.app.ledger.size
    again = call(service, "RollbackService/ExecuteRollback", do, "pia").rollback
    (anew,) = done.redecided
    second = call(service, "DecisionService/GetDecision", decisions.GetDecisionRequest(name=anew)).decision
    page = call(
        service, "RollbackService/GetRollback", rollbacks.GetRollbackRequest(name=plan.name, page_size=5)
    )

    assert ["FOUR_EYES", "RELEASE_GOVERNS"] == [reason(own), reason(governs)]
    assert rollbacks.ROLLBACK_STATE_FINISHED == done.state
    assert done.acted == sum(t.orders for t in plan.totals)
    assert (size, done) == (service.app.ledger.size, again)
    assert [made.name] == list(second.lineage.parents)
    assert bad != second.lineage.release
    assert 5 == len(page.orders)
    assert page.next_page_token
