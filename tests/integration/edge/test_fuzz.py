"""
Anything at all, sent to every method: an answer or a typed refusal, within two seconds, and the service serves on.

The number of examples a method is FUZZ_EXAMPLES; `tests/benchmarks/soak_edge.py` runs this for an hour.
"""

import os
import time

import grpc
import pytest
from google.protobuf import text_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decision_service.config import Settings
from decision_service.v1 import decision_pb2, planning_pb2
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import solve_service_pb2 as solve_pb

from .conftest import METHODS, Running, invoke, reason_of
from .test_long_solves import found
from .wire import bent, damaged, messages

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
SECONDS = 2.0
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory, policies, example):
    running = Running(Settings(address="127.0.0.1:0", data=tmp_path_factory.mktemp("fuzz"), workers=1))
    found(running, policies)
    yield running
    running.close()


@pytest.fixture(scope="module")
def channel(running):
    with grpc.insecure_channel(running.address) as channel:
        yield channel


SMALL = """
as_of: "2026-11-30" currency: "EUR" bucket_days: 7 horizon: 2
items { id: "bolt" unit: "EA" value: 2 abc: "A" }
locations { id: "dc" kind: LOCATION_KIND_DC region: "north" }
suppliers { id: "acme" is_active: true risk: 0.2 }
stages { id: "bolt@dc" item: "bolt" location: "dc" added_cost: 2 holding_rate: 0.2 on_hand: 5
         service_level { kind: SERVICE_LEVEL_KIND_CYCLE target: 0.95 } }
lanes { id: "buy" kind: LANE_KIND_PURCHASE stage: "bolt@dc" supplier: "acme" lead_time: 3 unit: "EA" unit_cost: 2
        fixed_cost: 5 minimum: 10 multiple: 5 }
demands { stage: "bolt@dc" kind: DEMAND_KIND_BACKORDER penalty: 1 mean: 20 mean: 30 std: 4 std: 4 }
"""


@pytest.fixture(scope="module")
def good(channel):
    """A good request that decides in no time."""
    return pb.DecideRequest(
        request_id="good",
        snapshot=text_format.Parse(SMALL, planning_pb2.Snapshot()),
        mode=decision_pb2.DECISION_MODE_JUDGE,
        proposals=[pb.OrderProposal(id="p", lane="buy", quantity=10)],
    )


@pytest.fixture(scope="module")
def names(channel, good):
    """Names of what is there: a decision and its order, an operation, a release, digests, ids of the network."""
    decision = invoke(channel, METHODS["DecisionService/Decide"], good).decision
    started = solve_pb.StartDecideRequest(decide=good)
    operation = invoke(channel, METHODS["SolveService/StartDecide"], started)
    return [
        decision.name,
        decision.orders[0].id,
        operation.name,
        decision.lineage.release,
        decision.lineage.snapshot_digest,
        "bolt@dc",
        "buy",
        "region:north",
        "decision.v1",
    ]


# Streams that stay open until something happens: hearing nothing for so many seconds is an answer.
LISTENS = {"WatchInstructions": 0.3}


def check(channel, method, raw):
    """One call: what it answered, and that it was in time; a machine that stumbled gets a second chance."""
    for _ in range(2):
        started = time.monotonic()
        try:
            invoke(channel, method, raw, timeout=LISTENS.get(method.name, 10))
            said = ("OK", "-")
        except grpc.RpcError as error:
            said = (error.code().name, reason_of(error), error.details())
        if time.monotonic() - started < SECONDS:
            break
    else:
        raise AssertionError(f"{method.full_name} took more than {SECONDS} s twice: {said}")
    assert said[0] not in ("INTERNAL", "UNKNOWN", "DATA_LOSS"), (method.full_name, said, raw)
    assert said[1] or said[0] == "DEADLINE_EXCEEDED", (method.full_name, said, raw)


@pytest.mark.parametrize("name", METHODS)
def test_any_message_to_every_method(channel, names, name):
    """
    Made from the descriptor: refused by type, or answered.
    """
    method = METHODS[name]

    @FUZZ
    @given(messages(method.input_type, names))
    def run(request):
        check(channel, method, request.SerializeToString())

    run()


@pytest.mark.parametrize("name", METHODS)
def test_any_bytes_to_every_method(channel, name):
    """
    Not even a message.
    """

    @FUZZ
    @given(st.binary(max_size=200))
    def run(raw):
        check(channel, METHODS[name], raw)

    run()


@pytest.mark.parametrize("how", [damaged, bent])
def test_a_good_request_gone_wrong(channel, good, names, how):
    """
    Bytes damaged on the way; one field anywhere in it set to something else.
    """
    requests = damaged(good) if how is damaged else bent(good, names).map(lambda m: m.SerializeToString())

    @settings(FUZZ, max_examples=8 * EXAMPLES)
    @given(requests)
    def run(raw):
        check(channel, METHODS["DecisionService/Decide"], raw)

    run()


def test_the_service_serves_on(channel, good):
    """
    After all of it: the log verifies, and the good request is still the same decision.
    """
    verified = invoke(channel, METHODS["AuditService/VerifyLog"])
    again = invoke(channel, METHODS["DecisionService/Decide"], good)

    assert [] == list(verified.problems)
    assert again.is_repeat
