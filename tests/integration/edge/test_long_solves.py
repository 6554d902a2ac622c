"""Long solves: operations that survive a restart, a stream of progress, snapshots in pieces, best by the deadline."""

import time
from dataclasses import replace

import grpc
import msgspec
import pytest
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration

from decision_service.config import Settings
from decision_service.usecases import records
from decision_service.usecases.operations import Operations
from decision_service.v1 import audit_service_pb2, decision_pb2, planning_pb2, release_service_pb2
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import solve_service_pb2 as solve_pb

from .conftest import METHODS, Running, invoke, outcome, reason_of

DECIDE, REPLAY = METHODS["DecisionService/Decide"], METHODS["DecisionService/ReplayDecision"]
WATCH, START = METHODS["SolveService/WatchDecide"], METHODS["SolveService/StartDecide"]
UPLOAD = METHODS["SolveService/UploadSnapshot"]
GET, WAIT = METHODS["Operations/GetOperation"], METHODS["Operations/WaitOperation"]
CANCEL, LIST = METHODS["Operations/CancelOperation"], METHODS["Operations/ListOperations"]

SETTINGS = Settings(address="127.0.0.1:0", workers=1)


def found(running, policies):
    """Let the shipped release govern."""
    from decision_service.cli.policy_files import read_policy

    with grpc.insecure_channel(running.address) as channel:
        request = release_service_pb2.PublishReleaseRequest(files=read_policy(policies))
        name = invoke(
            channel, METHODS["ReleaseService/PublishRelease"], request, metadata=actor("ada.lind")
        ).release.name
        for verb, who in (("Propose", "ada.lind"), ("Approve", "bruno.keller"), ("Activate", "bruno.keller")):
            request = getattr(release_service_pb2, f"{verb}ReleaseRequest")(name=name)
            invoke(channel, METHODS[f"ReleaseService/{verb}Release"], request, metadata=actor(who))


def actor(name, roles=""):
    return (("decision-actor", name), *((("decision-roles", roles),) if roles else ()))


@pytest.fixture(scope="module")
def running(tmp_path_factory, policies):
    running = Running(replace(SETTINGS, data=tmp_path_factory.mktemp("solves"), max_upload_mb=1))
    found(running, policies)
    yield running
    running.close()


@pytest.fixture(scope="module")
def channel(running):
    with grpc.insecure_channel(
        running.address, options=(("grpc.max_receive_message_length", -1),)
    ) as channel:
        yield channel


@pytest.fixture(scope="module")
def short(example):
    """The example over two weeks, which plans in a second."""
    snapshot = planning_pb2.Snapshot()
    snapshot.CopyFrom(example)
    snapshot.horizon = 2
    return snapshot


def wish(example, request_id, **more):
    return pb.DecideRequest(request_id=request_id, snapshot=example, **more)


def wait(channel, name, seconds=60):
    return invoke(
        channel,
        WAIT,
        operations_pb2.WaitOperationRequest(name=name, timeout=Duration(seconds=seconds)),
        timeout=90,
    )


def decided_of(operation):
    response = pb.DecideResponse()
    assert operation.response.Unpack(response), operation
    return response.decision


def test_a_watched_decision_tells_incumbent_bound_and_gap(channel, short):
    """
    Progress with a bound that rises and an incumbent that falls, then the decision; watching changes nothing.
    """
    path = f"/{WATCH.containing_service.full_name}/{WATCH.name}"
    call = channel.unary_stream(path, response_deserializer=solve_pb.WatchDecideResponse.FromString)
    words = list(
        call(solve_pb.WatchDecideRequest(decide=wish(short, "watched")).SerializeToString(), timeout=60)
    )
    plain = invoke(channel, DECIDE, wish(short, "plain"), timeout=60).decision
    heard = [w.progress for w in words if w.WhichOneof("word") == "progress"]
    both = [p for p in heard if p.HasField("gap")]

    assert "decided" == words[-1].WhichOneof("word")
    assert both
    assert all(p.bound <= p.incumbent and p.solve for p in both)
    assert all(0 <= p.gap for p in both)
    assert plain.lineage.outcome_digest == words[-1].decided.decision.lineage.outcome_digest


def test_an_operation_is_found_done_with_its_decision(channel, short):
    """
    Started at once, listed while open, done with the decision; the same request_id is the same operation.
    """
    request = solve_pb.StartDecideRequest(decide=wish(short, "operation"))
    started = time.monotonic()
    operation = invoke(channel, START, request)
    took = time.monotonic() - started
    metadata = solve_pb.DecideOperation()
    operation.metadata.Unpack(metadata)
    listed = [o.name for o in invoke(channel, LIST).operations]
    done = wait(channel, operation.name)
    again = invoke(channel, START, request)

    assert not operation.done
    assert took < 5
    assert ("operation", "local") == (metadata.request_id, metadata.actor)
    assert [operation.name] == listed
    assert done.done
    assert "operation" == decided_of(done).request_id
    assert done.response == again.response
    assert done.name == again.name
    assert [] == list(invoke(channel, LIST).operations)


def test_an_operation_that_fails_holds_the_error(channel, short):
    """
    Code, reason and message, as Decide would have answered.
    """
    request = solve_pb.StartDecideRequest(decide=wish(short, "failing", release="releases/none@1.0.0"))
    operation = wait(channel, invoke(channel, START, request).name)

    assert (True, 5) == (operation.done, operation.error.code)
    assert "releases/none@1.0.0" in operation.error.message


def test_any_timeout_is_a_time_to_wait(channel, short):
    """
    None at all below zero; beyond the longest wait it is the longest.
    """
    name = invoke(channel, START, solve_pb.StartDecideRequest(decide=wish(short, "waited for"))).name
    wait(channel, name)

    assert all(wait(channel, name, seconds).done for seconds in (-(2**63), -1, 0, 2**63 - 1))


def test_a_cancelled_operation_frees_its_worker(running, channel, example, short):
    """
    CANCELLED, and the next decision does not wait for it.
    """
    request = solve_pb.StartDecideRequest(decide=wish(slow(example), "cancelled"))
    name = invoke(channel, START, request).name
    time.sleep(0.5)
    invoke(channel, CANCEL, operations_pb2.CancelOperationRequest(name=name))
    operation = invoke(channel, GET, operations_pb2.GetOperationRequest(name=name))

    assert (True, 1) == (operation.done, operation.error.code)
    assert invoke(channel, DECIDE, wish(short, "after"), timeout=60).decision.name
    assert running.app.pool.waiting == 0


def slow(example, copies=12):
    """A network that takes its time: the example many times over, as one."""
    snapshot = planning_pb2.Snapshot()
    snapshot.CopyFrom(example)
    for resource in snapshot.resources:
        resource.capacity *= copies
        resource.capacities[:] = [c * copies for c in resource.capacities]
    for number in range(1, copies):
        _add_copy(snapshot, example, f"~{number}")
    return snapshot


def _add_copy(snapshot, example, mark):
    for item in example.items:
        snapshot.items.add().MergeFrom(item)
        snapshot.items[-1].id += mark
    for stage in example.stages:
        snapshot.stages.add().MergeFrom(stage)
        snapshot.stages[-1].id += mark
        snapshot.stages[-1].item += mark
    for lane in example.lanes:
        copy = snapshot.lanes.add()
        copy.MergeFrom(lane)
        copy.id += mark
        copy.stage += mark
        if copy.source:
            copy.source += mark
        for part in copy.components:
            part.stage += mark
    for demand in example.demands:
        snapshot.demands.add().MergeFrom(demand)
        snapshot.demands[-1].stage += mark


def test_others_do_not_see_an_operation_outside_their_scope(running, channel, short):
    """
    It does not exist for them; and nothing can be deleted by anybody.
    """
    request = solve_pb.StartDecideRequest(
        decide=wish(short, "scoped", scope=decision_pb2.Scope(region="north"))
    )
    name = invoke(channel, START, request).name
    operations = Operations(running.app.ledger, None)
    caller = operations.get(name).caller
    wait(channel, name)

    with pytest.raises(Exception, match="no operation"):
        operations.seen_by(name, msgspec.structs.replace(caller, scopes=("region:south",)))
    assert "ROLE_REQUIRED" == outcome(channel, METHODS["Operations/DeleteOperation"])[1]
    assert ("NOT_FOUND", "OPERATION_NOT_FOUND") == outcome(
        channel, GET, operations_pb2.GetOperationRequest(name="operations/none")
    )


def test_validate_only_and_reused_ids_are_refused(channel, short):
    """
    What would leave nothing to find; what would find something else.
    """
    dry = solve_pb.StartDecideRequest(decide=wish(short, "dry", validate_only=True))
    first = solve_pb.StartDecideRequest(decide=wish(short, "reused"))
    other = solve_pb.StartDecideRequest(decide=wish(short, "reused", on_behalf_of="x"))
    another = solve_pb.StartDecideRequest(decide=wish(short, "reused", release="releases/other@1.0.0"))
    wait(channel, invoke(channel, START, first).name)

    assert ("FAILED_PRECONDITION", "VALIDATE_ONLY") == outcome(channel, START, dry)
    assert ("ALREADY_EXISTS", "REQUEST_ID_REUSED") == outcome(channel, START, other)
    assert ("ALREADY_EXISTS", "REQUEST_ID_REUSED") == outcome(channel, START, another)


def test_an_operation_that_an_earlier_version_started_for_somebody_is_found_again(
    channel, short, monkeypatch
):
    """
    Its digest named the person, and so did that of its decision.
    """
    asked = solve_pb.StartDecideRequest(decide=wish(short, "earlier", on_behalf_of="maria"))
    other = solve_pb.StartDecideRequest(decide=wish(short, "earlier", on_behalf_of="peter"))
    with monkeypatch.context() as earlier:
        earlier.setattr(
            records, "request_digest", lambda asked, on: records._digest(asked, on, asked.on_behalf_of)
        )
        first = invoke(channel, START, asked)
        wait(channel, first.name)

    assert first.name == invoke(channel, START, asked).name
    assert ("ALREADY_EXISTS", "REQUEST_ID_REUSED") == outcome(channel, START, other)


def test_operations_survive_a_restart(tmp_path, policies, example):
    """
    Stopped in the middle, the operation is open; the next start decides it, once, under the same name.
    """
    first = Running(replace(SETTINGS, data=tmp_path))
    found(first, policies)
    with grpc.insecure_channel(first.address) as channel:
        request = solve_pb.StartDecideRequest(decide=wish(example, "survivor"))
        name = invoke(channel, START, request).name
    first.close()
    second = Running(replace(SETTINGS, data=tmp_path))
    with grpc.insecure_channel(second.address, options=(("grpc.max_receive_message_length", -1),)) as channel:
        operation = wait(channel, name, 120)
        decision = decided_of(operation)
        entries = invoke(
            channel,
            METHODS["AuditService/ListEntries"],
            audit_service_pb2.ListEntriesRequest(kind="decision.v1"),
        )
        verified = invoke(channel, METHODS["AuditService/VerifyLog"])
    second.close()

    assert [decision.name] == [e.subject for e in entries.entries]
    assert [] == list(verified.problems)


def test_a_snapshot_in_pieces_stands_for_itself(channel, short):
    """
    The digest of the upload is that of the decision's lineage; the decision is the one on the snapshot itself.
    """
    raw = short.SerializeToString()
    uploaded = upload(channel, [raw[i : i + 10_000] for i in range(0, len(raw), 10_000)])
    by_digest = pb.DecideRequest(request_id="by digest", snapshot_digest=uploaded.snapshot_digest)
    by_value = wish(short, "by value")
    decisions = [invoke(channel, DECIDE, r, timeout=60).decision for r in (by_digest, by_value)]

    assert [uploaded.snapshot_digest] * 2 == [d.lineage.snapshot_digest for d in decisions]
    assert 1 == len({d.lineage.outcome_digest for d in decisions})
    assert uploaded == upload(channel, [raw])


def upload(channel, pieces, who="local"):
    path = f"/{UPLOAD.containing_service.full_name}/{UPLOAD.name}"
    call = channel.stream_unary(path, response_deserializer=solve_pb.UploadSnapshotResponse.FromString)
    requests = (solve_pb.UploadSnapshotRequest(piece=p).SerializeToString() for p in pieces)
    return call(requests, timeout=30, metadata=actor(who))


def test_bad_uploads_are_refused(channel, short):
    """
    Garbled, incomplete, wrong by a field, too large: typed errors, and nothing is kept.
    """
    wrong = planning_pb2.Snapshot()
    wrong.CopyFrom(short)
    wrong.stages[0].on_hand = -1
    tries = {
        "garbled": ([b"\xff\xff\xff"], "INVALID_ARGUMENT"),
        "cut": ([short.SerializeToString()[:-3]], "INVALID_ARGUMENT"),
        "nothing": ([], "INVALID_ARGUMENT"),
        "an empty piece": ([b""], "INVALID_ARGUMENT"),
        "a field": ([wrong.SerializeToString()], "INVALID_ARGUMENT"),
        "too large": ([bytes(1 << 20), b"x"], "RESOURCE_EXHAUSTED"),
    }
    codes = {}
    for name, (pieces, _) in tries.items():
        with pytest.raises(grpc.RpcError) as caught:
            upload(channel, pieces)
        codes[name] = caught.value.code().name
        assert reason_of(caught.value)

    assert {name: code for name, (_, code) in tries.items()} == codes


def test_a_digest_is_of_its_uploader_only(channel, short):
    """
    Another caller with the same digest is told that there is no such snapshot; and one or the other is needed.
    """
    digest = upload(channel, [short.SerializeToString()], "erp-1").snapshot_digest
    request = pb.DecideRequest(request_id="stolen", snapshot_digest=digest)
    both = pb.DecideRequest(request_id="both", snapshot_digest=digest, snapshot=short)

    assert ("NOT_FOUND", "SNAPSHOT_NOT_FOUND") == outcome(channel, DECIDE, request, metadata=actor("erp-2"))
    assert "INVALID_ARGUMENT" == outcome(channel, DECIDE, both)[0]
    assert "INVALID_ARGUMENT" == outcome(channel, DECIDE, pb.DecideRequest(request_id="neither"))[0]


def test_the_best_plan_by_the_deadline(running, channel, example):
    """
    A search that would take far longer: DEADLINE_EXCEEDED by default; asked for, the best plan found, which replays.
    """
    network = slow(example, 4)
    late = outcome(channel, DECIDE, wish(network, "late"), timeout=2)
    asked = wish(network, "best", best_by_deadline=True)
    started = time.monotonic()
    best = invoke(channel, DECIDE, asked, timeout=14).decision
    took = time.monotonic() - started
    replayed = invoke(channel, REPLAY, pb.ReplayDecisionRequest(name=best.name), timeout=100)

    assert "DEADLINE_EXCEEDED" == late[0]
    assert took < 14
    assert best.orders
    assert pb.REPLAY_OUTCOME_IDENTICAL == replayed.outcome
