"""What callers may rely on when several replicas serve one log."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration

from audit import verify_ledger
from decision_service.api.server import SERVICES
from decision_service.decision import Caller
from decision_service.usecases import records
from decision_service.usecases.founding import found
from decision_service.usecases.release_content import ReleaseContent
from decision_service.v1 import approval_service_pb2 as approvals
from decision_service.v1 import decision_pb2, planning_pb2
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import handover_service_pb2 as handover
from decision_service.v1 import release_service_pb2 as releases
from decision_service.v1 import solve_service_pb2 as solve

BY_NAME = {s.name: s for s in SERVICES}
SEEN_WITHIN = 1.0  # seconds
BEANS = "BUY:BEANS-1KG:DC-NORTH:HANDELSHOF"


def call(service, method, request, actor="ada.lind", roles=""):
    name, _, rpc = method.partition("/")
    return service.call(BY_NAME[name], rpc, request, actor, roles)


def judgement(snapshot, request_id, quantity=10.0, **more):
    return pb.DecideRequest(
        request_id=request_id,
        snapshot=snapshot,
        mode=decision_pb2.DECISION_MODE_JUDGE,
        proposals=[pb.OrderProposal(id="p", lane=BEANS, quantity=quantity)],
        **more,
    )


def decide(service, request):
    return call(service, "DecisionService/Decide", request)


def governs(service, example):
    """The release under which a replica decides now."""
    request = judgement(example, f"probe-{time.monotonic_ns()}", validate_only=True)
    return decide(service, request).decision.lineage.release


def seconds_until(condition):
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < 10
        time.sleep(0.01)
    return time.monotonic() - started


def test_one_request_to_both_at_once_is_decided_once(replicas, example):
    """
    Forty requests, each sent twice to both replicas at the same moment: one decision each, and one log.
    """
    requests = [judgement(example, f"both-{n}", 10.0 + n) for n in range(40)]
    tries = [(replica, request) for request in requests for replica in (*replicas, *replicas)]
    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda t: decide(*t), tries))
    names = [a.decision.name for a in answers]
    logged = [
        records.envelope_of(e)["request_id"]
        for e in replicas[1].app.ledger.scan()
        if e.kind == records.DECISION
    ]

    assert all(len(set(names[i : i + 4])) == 1 for i in range(0, len(names), 4))
    assert [False] * 40 == [a.is_repeat for a in answers if not a.is_repeat]
    assert all(1 == logged.count(r.request_id) for r in requests)
    assert verify_ledger(replicas[0].app.ledger, replicas[0].app.keys).holds


def test_a_request_sent_again_to_the_other_replica_is_a_repeat(replicas, example):
    """
    The first decision is the answer, word for word; another request under its id is refused.
    """
    first = decide(replicas[0], judgement(example, "again"))
    second = decide(replicas[1], judgement(example, "again"))

    assert (False, True) == (first.is_repeat, second.is_repeat)
    assert first.decision == second.decision
    with pytest.raises(Exception, match="used for another request"):
        decide(replicas[1], judgement(example, "again", 11.0))


def test_activation_and_rollback_are_seen_by_the_other_within_a_second(replicas, example, root):
    """
    While the other replica remembers what governed before.
    """
    here, other = replicas
    before = governs(other, example)
    activated = here.govern(root / "examples" / "bundled" / "replenishment-0.9.0")
    seen = seconds_until(lambda: governs(other, example) == activated)
    undo = releases.RollbackReleaseRequest(reason="it was not meant")
    call(here, "ReleaseService/RollbackRelease", undo, "bruno.keller")
    undone = seconds_until(lambda: governs(other, example) == before)

    assert before != activated
    assert seen < SEEN_WITHIN
    assert undone < SEEN_WITHIN


def test_each_replica_lists_all_decisions(replicas, example):
    """
    Both list at once, what either has just decided included; a page begun at one is continued at the other.
    """
    made = [decide(replicas[n % 2], judgement(example, f"listed-{n}")).decision.name for n in range(6)]
    request = pb.ListDecisionsRequest(page_size=3)
    with ThreadPoolExecutor(8) as callers:
        pages = list(callers.map(lambda n: call(replicas[n % 2], "DecisionService/ListDecisions", request), range(8)))  # fmt: skip
    first = [d.name for d in pages[0].decisions]
    rest = call(
        replicas[1],
        "DecisionService/ListDecisions",
        pb.ListDecisionsRequest(page_size=3, page_token=pages[0].next_page_token),
    )

    assert all(first == [d.name for d in page.decisions] for page in pages)
    assert made[::-1] == first + [d.name for d in rest.decisions]


def test_an_instruction_is_handed_out_by_one_replica(replicas, example):
    """
    The ERP pulls from both at the same time: each instruction goes out once.
    """
    request = judgement(example, "handed")
    del request.proposals[:]
    for number in range(5):
        request.proposals.add(id=f"O{number}", lane=BEANS, quantity=3000.0 + 50 * number)
    made = decide(replicas[0], request).decision
    refs = [approvals.OrderRef(decision=made.name, order=o.id) for o in made.orders]
    for ref in refs:
        approve = approvals.JudgeOrdersRequest(action="JUDGE_ACTION_APPROVE", orders=[ref])
        call(replicas[1], "ApprovalService/JudgeOrders", approve, "lars.moen")
    pull = handover.PullInstructionsRequest(size=1000, ahead_days=92)
    with ThreadPoolExecutor(4) as callers:
        answers = [
            callers.submit(call, replicas[n % 2], "HandoverService/PullInstructions", pull, "erp-1", "erp")
            for n in range(4)
        ]
    pulled = [answer.result() for answer in answers]
    told = [i.key for p in pulled for i in p.instructions if i.decision == made.name]

    assert len(refs) == len(set(told)) == len(told)


def test_followers_run_on_one_replica(replicas):
    """
    Whoever looks second finds the lease taken; when the first lets go, the second has it.
    """
    north, south = (r.app.leases for r in replicas)
    held = [north.hold("followers/test"), south.hold("followers/test"), north.hold("followers/test")]
    north.release("followers/test")

    assert [True, False, True] == held
    assert south.hold("followers/test")
    assert not north.hold("followers/test")


def short(example):
    snapshot = planning_pb2.Snapshot()
    snapshot.CopyFrom(example)
    snapshot.horizon = 2
    return snapshot


def start(service, snapshot, request_id):
    wish = pb.DecideRequest(request_id=request_id, snapshot=snapshot)
    return call(service, "SolveService/StartDecide", solve.StartDecideRequest(decide=wish)).name


def wait(service, name):
    request = operations_pb2.WaitOperationRequest(name=name, timeout=Duration(seconds=60))
    return call(service, "Operations/WaitOperation", request)


def test_an_operation_is_waited_for_at_another_replica(replicas, example):
    """
    Started here, done there, decided once.
    """
    name = start(replicas[0], short(example), "long")
    done = wait(replicas[1], name)
    decided = [
        e
        for e in replicas[0].app.ledger.scan()
        if e.kind == records.DECISION and records.envelope_of(e)["request_id"] == "long"
    ]

    assert done.done
    assert 1 == len(decided)


def test_an_operation_cancelled_at_another_replica_is_not_decided(replicas, example):
    """
    The replica at work lets go of it; no decision is logged after the cancellation was answered.
    """
    name = start(replicas[0], example, "called off")
    call(replicas[1], "Operations/CancelOperation", operations_pb2.CancelOperationRequest(name=name))
    done = wait(replicas[0], name)
    after = decide(replicas[0], judgement(example, "after the cancelled")).decision
    decided = [records.envelope_of(e)["request_id"] for e in replicas[0].app.ledger.scan() if e.kind == records.DECISION]  # fmt: skip

    assert (True, 1) == (done.done, done.error.code)
    assert after.name
    assert "called off" not in decided


def test_replicas_that_found_an_empty_log_together_found_it_once(database, folders, start_service, root):
    """
    Both publish the same policy set where nothing governs: one counts, neither fails.
    """
    import psycopg

    from decision_service.cli.policy_files import read_policy

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE DATABASE founded")
    url = database.replace("/replicas?", "/founded?")
    running = [start_service(folder / "founded", database=url) for folder in _with_keys(folders)]
    content = ReleaseContent(read_policy(root / "policies" / "replenishment"))
    with ThreadPoolExecutor(2) as operators:
        made = list(operators.map(lambda s: found(s.app.releases, content, Caller("op")), running))
    kinds = [e.kind for e in running[0].app.ledger.scan()]
    for service in running:
        service.close()

    assert 1 == sum(record is not None for record in made)
    assert 2 == len(kinds)


def _with_keys(folders):
    for folder in folders:
        (folder / "founded").mkdir()
        shutil.copy(folders[0] / "signing.key", folder / "founded" / "signing.key")
    return folders


def test_an_operation_outlives_a_database_that_is_away(replicas, example, monkeypatch):
    """
    The log cannot be written when the decision is made: the operation stays open, and is decided when it can.
    """
    from audit import StorageError
    from decision_service.usecases.decide import Decide

    log, away = Decide._log, iter([True])

    async def once_away(self, new):
        if new.own["request_id"] == "outage" and next(away, False):
            raise StorageError("the store is away")
        return await log(self, new)

    monkeypatch.setattr(Decide, "_log", once_away)
    done = wait(replicas[1], start(replicas[0], short(example), "outage"))

    assert done.done
    assert done.HasField("response")
    assert not next(away, False)
