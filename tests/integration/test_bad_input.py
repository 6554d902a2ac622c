"""Bad input over gRPC: a typed error that names the field and the fix, and the service keeps serving."""

import time
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.cli.policy import SERVICE as RELEASES
from decision_service.v1 import decision_pb2, planning_pb2, release_service_pb2
from decision_service.v1 import decision_service_pb2 as pb


def details(error):
    """ErrorInfo reason and the paths of the field violations."""
    raw = dict(error.trailing_metadata())["grpc-status-details-bin"]
    reason, fields = "", []
    for detail in status_pb2.Status.FromString(raw).details:
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad):
            fields = [v.field for v in bad.field_violations]
    return reason, fields


def request(example, change, request_id="bad"):
    """The bundled example with one thing wrong."""
    snapshot = planning_pb2.Snapshot()
    snapshot.CopyFrom(example)
    change(snapshot)
    return pb.DecideRequest(request_id=request_id, snapshot=snapshot)


def _cycle(snapshot):
    first, second = snapshot.stages[0].id, snapshot.stages[1].id
    for name, stage, part in (("x1", first, second), ("x2", second, first)):
        lane = snapshot.lanes.add(id=name, kind=planning_pb2.LANE_KIND_PRODUCTION, stage=stage)
        lane.components.add(stage=part, quantity=1)


CHANGES = {
    "unknown item": (lambda s: setattr(s.stages[0], "item", "nowhere"), "snapshot.stages[0].item"),
    "unknown location": (
        lambda s: setattr(s.stages[0], "location", "nowhere"),
        "snapshot.stages[0].location",
    ),
    "unknown supplier": (lambda s: setattr(s.lanes[0], "supplier", "nowhere"), "snapshot.lanes[0].supplier"),
    "negative stock": (lambda s: setattr(s.stages[0], "on_hand", -1), "snapshot.stages[0].on_hand"),
    "NaN": (lambda s: setattr(s.stages[0], "on_hand", float("nan")), "snapshot.stages[0].on_hand"),
    "infinite": (lambda s: setattr(s.items[0], "value", float("inf")), "snapshot.items[0].value"),
    "service level 1": (
        lambda s: s.stages[0].service_level.MergeFrom(planning_pb2.ServiceLevel(kind=1, target=1)),
        "snapshot.stages[0].service_level.target",
    ),
    "service level 0": (
        lambda s: s.stages[0].service_level.MergeFrom(planning_pb2.ServiceLevel(kind=1)),
        "snapshot.stages[0].service_level.target",
    ),
    "not a day": (lambda s: setattr(s, "as_of", "2026-02-31"), "snapshot.as_of"),
    "10 MB text": (lambda s: setattr(s.items[0], "name", "x" * 10_000_000), "snapshot.items[0].name"),
    "duplicate ids": (lambda s: s.items.add(id=s.items[0].id), f"snapshot.items[{10}].id"),
    "an empty network": (lambda s: s.ClearField("stages"), "snapshot.stages"),
    "no kind": (lambda s: s.lanes.add(id="z", stage=s.stages[0].id), "snapshot.lanes"),
    "effective backwards": (
        lambda s: s.lanes[0].MergeFrom(
            planning_pb2.Lane(effective_from="2027-01-02", effective_to="2027-01-01")
        ),
        "snapshot.lanes[0].effective_to",
    ),
    "a cycle": (_cycle, "snapshot.lanes"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_wrong_snapshot_is_refused_by_field(governed, example, name):
    """
    INVALID_ARGUMENT with ErrorInfo and the path of the field, within a second.
    """
    change, field = CHANGES[name]
    wrong = request(example, change)
    started = time.monotonic()

    with pytest.raises(grpc.RpcError) as caught:
        governed.call(DECISIONS, "Decide", wrong)

    reason, fields = details(caught.value)
    assert grpc.StatusCode.INVALID_ARGUMENT == caught.value.code(), caught.value.details()
    assert reason in ("INVALID_FIELD", "SNAPSHOT_INVALID")
    assert any(f.startswith(field) for f in fields), fields
    assert len(caught.value.details()) < 10_000
    assert time.monotonic() - started < 20  # bounded; a loaded machine is slow, a hang is not


@pytest.mark.parametrize("raw", [b"\x0a", b"\xff\xff\xff\xff", b"\x12\x05abc", b"\x0a\x04\xff\xfe\xfd\xfc"])
def test_unreadable_bytes_are_the_callers_fault(governed, raw):
    """
    Truncated or garbled messages: INVALID_ARGUMENT, not INTERNAL.
    """
    stub = governed.channel.unary_unary(f"/{DECISIONS.full_name}/Decide")

    with pytest.raises(grpc.RpcError) as caught:
        stub(raw, timeout=10)

    assert (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD") == (
        caught.value.code(),
        details(caught.value)[0],
    )


def test_an_oversized_message_is_refused(governed):
    """
    Beyond the message limit nothing is read.
    """
    stub = governed.channel.unary_unary(f"/{DECISIONS.full_name}/Decide")

    with pytest.raises(grpc.RpcError) as caught:
        stub(b"\x0a" + bytes(70 << 20), timeout=30)

    assert grpc.StatusCode.RESOURCE_EXHAUSTED == caught.value.code()


@pytest.mark.parametrize("named", [{"request_id": "a\0b"}, {"scope": decision_pb2.Scope(region="a\0b")}])
def test_a_name_that_no_store_takes_is_the_callers_fault(governed, example, named):
    """
    Not the log's, which is there: whoever hears that it is not would try again for ever.
    """
    asked = pb.DecideRequest(
        **{"request_id": "r", "snapshot": example, "mode": decision_pb2.DECISION_MODE_JUDGE} | named
    )

    with pytest.raises(grpc.RpcError) as caught:
        governed.call(DECISIONS, "Decide", asked)

    assert (grpc.StatusCode.INVALID_ARGUMENT, "NOT_RECORDABLE") == (
        caught.value.code(),
        details(caught.value)[0],
    )


@pytest.mark.parametrize("name", ["releases/none@1.0.0", "replenishment", "releases/replenishment@9.9.9"])
def test_a_release_that_does_not_exist_is_not_found(governed, example, name):
    """
    Pinning what is not there.
    """
    asked = pb.DecideRequest(request_id="r", snapshot=example, release=name)

    with pytest.raises(grpc.RpcError) as caught:
        governed.call(DECISIONS, "Decide", asked)

    assert (grpc.StatusCode.NOT_FOUND, "RELEASE_NOT_FOUND") == (caught.value.code(), details(caught.value)[0])


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "- just a list",
        "policy: [",
        BOMB,
        "[" * 100_000,
        "policy: x\nversion: y\ntables: 7",
        "\x00",
        "a: b\na: c",
        "",
    ],
)
def test_what_is_not_a_policy_is_refused(governed, text):
    """
    YAML that is not a policy, and YAML bombs: every diagnostic names its file.
    """
    charter = (Path(__file__).parents[2] / "policies" / "charter.yaml").read_text()
    asked = release_service_pb2.PublishReleaseRequest(files={"policy.yaml": text, "charter.yaml": charter})

    with pytest.raises(grpc.RpcError) as caught:
        governed.call(RELEASES, "PublishRelease", asked)

    reason, fields = details(caught.value)
    assert (grpc.StatusCode.INVALID_ARGUMENT, "POLICY_INVALID") == (caught.value.code(), reason)
    assert all(f.startswith("files") for f in fields), fields


def test_a_forged_page_token_is_refused(governed):
    """
    Tokens are opaque and bound to their question.
    """
    asked = pb.ListDecisionsRequest(page_token="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")

    with pytest.raises(grpc.RpcError) as caught:
        governed.call(DECISIONS, "ListDecisions", asked)

    assert ["page_token"] == details(caught.value)[1]


def test_the_service_still_serves(governed, example):
    """
    After all of the above, a good request is decided.
    """
    decision = governed.call(
        DECISIONS, "Decide", pb.DecideRequest(request_id="good", snapshot=example)
    ).decision

    assert decision.name.startswith("decisions/")
