"""More than there is room for, and solvers that crash, hang or eat memory: one call pays, the service serves."""

import json
import os
import threading
import time
from dataclasses import replace
from queue import SimpleQueue

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from decision_service.api.admission import Admission, Gate, Kind, Rates
from decision_service.config import Settings
from decision_service.errors import DeadlineError, OverloadedError
from decision_service.v1 import decision_pb2, planning_pb2
from decision_service.v1 import decision_service_pb2 as pb

from .conftest import METHODS, Running, invoke, outcome, reason_of
from .test_long_solves import actor, found

DECIDE, LIST = METHODS["DecisionService/Decide"], METHODS["DecisionService/ListDecisions"]

# In the worker: what the snapshot's `source` says happens to the solver.
BROKEN_SOLVERS = """
import os, time
from decision_service.workers import tasks
_decide = tasks.decide
def decide(snapshot, *more):
    if b'"source":"crash"' in snapshot: os.abort()
    if b'"source":"hang"' in snapshot: time.sleep(600)
    if b'"source":"eat"' in snapshot: bytes(64 << 30)
    if b'"source":"bug"' in snapshot: raise ZeroDivisionError("a bug with a secret in it")
    return _decide(snapshot, *more)
tasks.TASKS["decide"] = decide
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory, policies):
    """Two may wait behind one worker of 4 GB, whose solver breaks on demand."""
    folder = tmp_path_factory.mktemp("overload")
    (folder / "sitecustomize.py").write_text(BROKEN_SOLVERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        running = Running(
            Settings(
                address="127.0.0.1:0",
                data=folder / "data",
                workers=1,
                waiting=2,
                worker_memory_mb=4096,
                solve_seconds=300,
            )
        )
        found(running, policies)
        yield running
        running.close()


@pytest.fixture
def channel(running):
    with grpc.insecure_channel(running.address) as channel:
        yield channel


def wish(example, source="", request_id="r", **more):
    snapshot = planning_pb2.Snapshot()
    snapshot.CopyFrom(example)
    snapshot.horizon = 2
    snapshot.source = source or "erp"
    return pb.DecideRequest(request_id=request_id, snapshot=snapshot, **more)


def judgement(example, request_id):
    return wish(
        example,
        request_id=request_id,
        mode=decision_pb2.DECISION_MODE_JUDGE,
        proposals=[pb.OrderProposal(id="p", lane=example.lanes[0].id, quantity=10)],
    )


def details_of(error, kind):
    """The detail of a kind that an error carries, or None."""
    raw = dict(error.trailing_metadata())["grpc-status-details-bin"]
    for detail in status_pb2.Status.FromString(raw).details:
        message = kind()
        if detail.Unpack(message):
            return message
    return None


@pytest.mark.parametrize(
    ("source", "code", "reason"),
    [
        ("crash", "UNAVAILABLE", "WORKER_DIED"),
        ("hang", "DEADLINE_EXCEEDED", ""),
        ("eat", "RESOURCE_EXHAUSTED", "TOO_LARGE"),
        ("bug", "INTERNAL", "INTERNAL"),
    ],
)
def test_a_broken_solver_costs_one_call(channel, example, source, code, reason):
    """
    A clear error, without what is ours alone; the next request is decided.
    """
    with pytest.raises(grpc.RpcError) as caught:
        invoke(channel, DECIDE, wish(example, source, source), timeout=3 if source == "hang" else 60)
    after = invoke(channel, DECIDE, wish(example, request_id=f"after {source}"), timeout=60)

    assert code == caught.value.code().name
    assert reason in ("", reason_of(caught.value))
    assert "secret" not in str(caught.value.details())
    assert after.decision.name


def test_cancellation_frees_the_worker(running, channel, example):
    """
    The caller of a solver that hangs goes away; the next one does not wait for it.
    """
    path = f"/{DECIDE.containing_service.full_name}/{DECIDE.name}"
    call = channel.unary_unary(path).future(wish(example, "hang", "cancel").SerializeToString())
    time.sleep(0.5)
    call.cancel()

    assert invoke(channel, DECIDE, wish(example, request_id="after cancel"), timeout=60).decision.name


def test_a_full_class_is_refused_at_once_and_the_others_serve(running, channel, example):
    """
    One at work, two waiting, one more is told when to come back; judgements and reads go on.
    """
    ask = channel.unary_unary(f"/{DECIDE.containing_service.full_name}/{DECIDE.name}").future
    refused: SimpleQueue[grpc.Future] = SimpleQueue()
    calls = [ask(wish(example, "hang", f"hang {number}").SerializeToString()) for number in range(4)]
    for call in calls:
        call.add_done_callback(refused.put)
    first = refused.get(timeout=60)  # three solvers hang for minutes: only a refusal comes back
    waiting = [call for call in calls if not call.done()]
    judged = invoke(channel, DECIDE, judgement(example, "judged meanwhile"), timeout=60)
    listed = invoke(channel, LIST, timeout=60)
    for call in waiting:
        call.cancel()

    caught = first.exception()
    retry = details_of(caught, error_details_pb2.RetryInfo)
    pushback = dict(caught.trailing_metadata())["grpc-retry-pushback-ms"]
    assert len(waiting) == 3
    assert ("RESOURCE_EXHAUSTED", "OVERLOADED") == (caught.code().name, reason_of(caught))
    assert retry.retry_delay.ToTimedelta().total_seconds() > 0
    assert int(pushback) > 0
    assert judged.decision.name
    assert listed.decisions
    assert invoke(channel, DECIDE, wish(example, request_id="after full"), timeout=60).decision.name


def test_a_log_that_hangs_is_no_queue_without_end(tmp_path, policies, example):
    """
    Two judgements wait for it, those that come later are refused at once; reads go on.
    """
    running = Running(Settings(address="127.0.0.1:0", data=tmp_path, workers=1, judging=2))
    found(running, policies)
    writer, is_asked, is_back = running.app.ledger._appender, threading.Event(), threading.Event()
    write = writer._run
    writer._run = lambda requests: (is_asked.set(), is_back.wait(60), write(requests))[-1]
    with grpc.insecure_channel(running.address) as channel:
        ask = channel.unary_unary(f"/{DECIDE.containing_service.full_name}/{DECIDE.name}").future
        begun = [ask(judgement(example, f"begun {n}").SerializeToString(), timeout=60) for n in range(2)]
        is_asked.wait(60)
        time.sleep(0.2)
        refused = [outcome(channel, DECIDE, judgement(example, f"late {n}"), timeout=5) for n in range(3)]
        listed = outcome(channel, LIST, timeout=5)
        is_back.set()
        decided = [pb.DecideResponse.FromString(call.result()).decision.name for call in begun]
    running.close()

    assert [("RESOURCE_EXHAUSTED", "OVERLOADED")] * 3 == refused
    assert ("OK", "") == listed
    assert all(decided)


def test_a_client_that_calls_too_often_is_slowed_down(tmp_path):
    """
    RATE_LIMITED with the time to wait; another client is not; a client with a retry policy gets through by itself.
    """
    settings = Settings(address="127.0.0.1:0", data=tmp_path, workers=1, rate=2.0, burst=3)
    running = Running(settings)
    config = {
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.01s",
                    "maxBackoff": "0.1s",
                    "backoffMultiplier": 1,
                    "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
                },
            }
        ]
    }
    retrying = (("grpc.service_config", json.dumps(config)), ("grpc.use_local_subchannel_pool", 1))
    try:
        with grpc.insecure_channel(running.address) as channel:
            greedy = [outcome(channel, LIST, metadata=actor("greedy")) for _ in range(5)]
            modest = outcome(channel, LIST, metadata=actor("modest"))
        with grpc.insecure_channel(running.address, options=retrying) as channel:
            started = time.monotonic()
            patient = [outcome(channel, LIST, metadata=actor("patient"))[0] for _ in range(5)]
            took = time.monotonic() - started
    finally:
        running.close()

    assert ("OK", "") == greedy[0] == modest
    assert ("RESOURCE_EXHAUSTED", "RATE_LIMITED") == greedy[-1]
    assert ["OK"] * 5 == patient
    assert took > 0.4  # the service's word, not the client's own 10 ms


def test_draining_finishes_what_was_begun(tmp_path, policies, example):
    """
    The call in flight is answered, a new one is told to go elsewhere, health says so first.
    """
    running = Running(Settings(address="127.0.0.1:0", data=tmp_path, workers=1))
    found(running, policies)
    with grpc.insecure_channel(running.address) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=""))
        states = [next(watch).status]
        path = f"/{DECIDE.containing_service.full_name}/{DECIDE.name}"
        begun = channel.unary_unary(path, response_deserializer=pb.DecideResponse.FromString).future(
            wish(example, request_id="begun").SerializeToString(), timeout=60
        )
        time.sleep(0.3)
        draining = threading.Thread(target=lambda: running.run(running.server.drain(60), 90))
        draining.start()
        states.append(next(watch).status)
        time.sleep(0.2)
        late = outcome(channel, LIST, timeout=5)[0]
        decision = begun.result().decision
        watch.cancel()
        draining.join()
    running._end()

    serving = health_pb2.HealthCheckResponse
    assert [serving.SERVING, serving.NOT_SERVING] == states
    assert "UNAVAILABLE" == late
    assert decision.name


def test_buckets_fill_again():
    """
    A burst, then one call every 1/rate seconds; what is over says when the next fits.
    """
    clock = [0.0]
    rates = Rates(2.0, 3, lambda: clock[0])
    for _ in range(3):
        rates.take("a")
    with pytest.raises(OverloadedError) as caught:
        rates.take("a")
    clock[0] += caught.value.retry_seconds
    rates.take("a")
    rates.take("b")
    with pytest.raises(OverloadedError):
        rates.take("a")
    clock[0] += 1000
    for _ in range(3):
        rates.take("a")

    assert 0.5 == caught.value.retry_seconds


def test_admission_by_deadline():
    """
    Who would wait longer than its deadline is refused at once; who would not is let in; the gate learns.
    """
    gates = {kind: Gate(10, abreast=1, seconds=2.0) for kind in Kind}
    admission = Admission(gates)
    now = time.monotonic()
    with admission.room(Kind.SOLVE, None):
        with pytest.raises(OverloadedError) as caught, admission.room(Kind.SOLVE, now + 1):
            raise AssertionError
        with admission.room(Kind.SOLVE, now + 30):
            assert 2 == gates[Kind.SOLVE].inside
        with pytest.raises(DeadlineError), admission.room(Kind.SOLVE, now - 1):
            raise AssertionError
        with admission.room(Kind.READ, now + 1):
            assert 1 == gates[Kind.READ].inside

    assert "DEADLINE_TOO_NEAR" == caught.value.reason
    assert 0 == gates[Kind.SOLVE].inside
    assert gates[Kind.SOLVE].seconds < 2


def test_a_gate_is_left_by_whoever_fails():
    """
    An error inside frees the place.
    """
    gate = Gate(1)
    admission = Admission({Kind.READ: gate})
    for _ in range(3):
        with pytest.raises(ValueError, match="inside"), admission.room(Kind.READ, None):
            raise ValueError("inside")
    with (
        admission.room(Kind.READ, None),
        pytest.raises(OverloadedError, match="waiting"),
        admission.room(Kind.READ, None),
    ):
        raise AssertionError

    assert 0 == replace(gate).inside
