"""Requests read from their bytes, with a memory for snapshots."""

import protovalidate
import pytest
from cachetools import LRUCache
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from decision_service.api import reading
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
    reading._right.clear()
    reading._known.clear()
    return seen


def read(request, more=b""):
    """
    A request as it is read from its bytes.
    """
    return reading.read_request(pb.DecideRequest, request.SerializeToString() + more)


def complaints(request):
    """
    The fields that are refused.
    """
    try:
        read(request)
    except InvalidRequestError as error:
        return [violation.field for violation in error.violations]
    return []


def test_a_snapshot_found_right_is_not_read_again(looked_at):
    """
    The rest of the request is, every time; the snapshot comes as it was sent.
    """
    first, second = (read(pb.DecideRequest(request_id=name, snapshot=RIGHT)) for name in "ab")

    assert [True, False] == [m.HasField("snapshot") for m in looked_at]
    assert ["a", "b"] == [r.sent.request_id for r in (first, second)]
    assert first.sent.known.digest == second.sent.known.digest
    assert RIGHT == planning_pb2.Snapshot.FromString(second.sent.known.content) == first.message.snapshot


def test_a_question_that_was_asked_is_not_read_again(looked_at):
    """
    From the third time on, under whatever request_id, wherever that stands among the fields; the second finds the
    snapshot known.
    """
    asked = {"snapshot": RIGHT, "mode": 2, "on_behalf_of": "ada"}
    rest = pb.DecideRequest(**asked).SerializeToString()
    found = [read(pb.DecideRequest(request_id=name, **asked)).sent for name in "abc"]
    last = reading.read_request(pb.DecideRequest, rest + pb.DecideRequest(request_id="d").SerializeToString())

    assert [True, False] == [m.HasField("snapshot") for m in looked_at]
    assert ["a", "b", "c", "d"] == [sent.request_id for sent in (*found, last.sent)]
    assert found[1].known is found[2].known is last.sent.known
    assert (2, "ada", "") == (last.message.mode, last.message.on_behalf_of, last.message.request_id)


@pytest.mark.parametrize("name", ["", "x" * 129])
def test_a_wrong_name_of_a_known_question_is_found(name):
    """
    Everybody else's name was right.
    """
    for right in "abc":
        assert not complaints(pb.DecideRequest(request_id=right, snapshot=RIGHT))

    assert ["request_id"] == complaints(pb.DecideRequest(request_id=name, snapshot=RIGHT))


def test_another_question_is_another_matter(looked_at):
    """
    One field makes the difference.
    """
    for mode in (1, 1, 2):
        assert mode == read(pb.DecideRequest(request_id="a", snapshot=RIGHT, mode=mode)).message.mode

    assert 3 == len(looked_at)


def test_another_snapshot_is_another_matter(looked_at):
    """
    One byte makes the difference.
    """
    other = planning_pb2.Snapshot()
    other.CopyFrom(RIGHT)
    other.horizon = 3
    first, second = (read(pb.DecideRequest(request_id="a", snapshot=s)) for s in (RIGHT, other))

    assert [True, True] == [m.HasField("snapshot") for m in looked_at]
    assert first.sent.known.digest != second.sent.known.digest


def test_what_is_wrong_beside_a_known_snapshot_is_found():
    """
    A request without a name, proposals without a lane.
    """
    complaints(pb.DecideRequest(request_id="a", snapshot=RIGHT))
    beside = pb.DecideRequest(snapshot=RIGHT, proposals=[pb.OrderProposal(id="p", quantity=1)])

    assert ["request_id", "proposals[0].lane"] == complaints(beside)


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

    assert [True, True] == [m.HasField("snapshot") for m in looked_at]


def test_the_snapshot_used_longest_ago_is_forgotten_first(looked_at, monkeypatch):
    """
    Not the one that was seen first.
    """
    monkeypatch.setattr(reading, "_right", LRUCache(2))

    def ask(horizon):
        snapshot = planning_pb2.Snapshot()
        snapshot.CopyFrom(RIGHT)
        snapshot.horizon = horizon
        read(pb.DecideRequest(request_id="a", snapshot=snapshot))
        reading._known.clear()  # of questions
        return looked_at[-1].HasField("snapshot")

    assert [True, True, False, True, False, True] == [ask(horizon) for horizon in (1, 2, 1, 3, 1, 2)]


def test_small_questions_are_few_as_well(looked_at, monkeypatch):
    """
    What is made of one takes many times its bytes: of so many bytes, fewer are known than would fit as they were sent.
    """
    room = 4 * reading.OVERHEAD
    monkeypatch.setattr(reading, "_known", LRUCache(room, getsizeof=lambda known: known.size))
    for person in map(str, range(50)):
        read(pb.DecideRequest(request_id="a", snapshot=RIGHT, on_behalf_of=person))

    assert 50 * RIGHT.ByteSize() < room
    assert 3 == len(reading._known)


@pytest.mark.parametrize("limit", [("LARGEST", 8), ("BYTES", 8)])
def test_what_is_large_is_read_whole(looked_at, monkeypatch, limit):
    """
    Large ones are planned, which takes longer than reading them.
    """
    monkeypatch.setattr(reading, *limit)
    found = [read(pb.DecideRequest(request_id=name, snapshot=RIGHT)) for name in "ab"]

    assert [True, True] == [m.HasField("snapshot") for m in looked_at]
    assert [None, None] == [request.sent for request in found]


@pytest.mark.parametrize(
    "more",
    [
        pb.DecideRequest(
            snapshot=planning_pb2.Snapshot(horizon=3)
        ).SerializeToString(),  # given twice: merged
        b"\x12",  # a length is missing
        b"\x12\x7f",  # fewer bytes than the length says
        b"\x12" + b"\xff" * 20,  # a length without end
        b"\x0b\x0c",  # a group
    ],
)
def test_what_is_not_plain_is_left_to_the_library(more):
    """
    Merged, or refused, as it always was.
    """
    whole = pb.DecideRequest(request_id="a", snapshot=RIGHT)
    read(whole)
    try:
        expected = pb.DecideRequest.FromString(whole.SerializeToString() + more)
    except DecodeError:
        with pytest.raises(InvalidRequestError, match="truncated or garbled"):
            read(whole, more)
    else:
        assert expected == whole_of(read(whole, more))


def test_a_number_in_the_snapshots_place_is_no_snapshot():
    """
    The library takes it for a field that it does not know.
    """
    asked = pb.DecideRequest(request_id="a").SerializeToString() + b"\x10\x07"
    for _ in range(2):
        request = reading.read_request(pb.DecideRequest, asked)
        assert request.sent is None
        assert not request.message.HasField("snapshot")


def test_other_requests_are_read_whole():
    """
    Only a DecideRequest is taken apart.
    """
    asked = pb.GetDecisionRequest(name="decisions/01a22b14-3f5a-71e5-b6a0-e91b5f0c2b89")
    for _ in range(2):
        assert reading.Request(asked) == reading.read_request(type(asked), asked.SerializeToString())


def fields(**given):
    return pb.DecideRequest(**given).SerializeToString()


def outcome(read_one, raw):
    """
    What comes of bytes: a request, or complaints.
    """
    try:
        return read_one(pb.DecideRequest, raw)
    except InvalidRequestError as error:
        return error.violations


FIELDS = st.sampled_from(
    [
        fields(request_id="a"),
        fields(mode=2),
        fields(proposals=[pb.OrderProposal(id="p", lane="l", quantity=1)]),
        fields(proposals=[pb.OrderProposal(id="p")]),
        fields(snapshot=RIGHT),
        fields(snapshot=WRONG),
        fields(snapshot=planning_pb2.Snapshot()),
        b"\x92\x00" + fields(snapshot=RIGHT)[1:],  # a tag in two bytes, longer than it need be
        b"\x7a\x01x",  # a field of a later version
        b"\x79" + bytes(8),
        b"\x7d" + bytes(4),
    ]
)


@given(st.lists(FIELDS, max_size=6), st.binary(max_size=3))
def test_whatever_is_sent_is_read_as_the_library_reads_it(sent, rest):
    """
    Known snapshots or not: the parts together are the whole, and what is refused is refused alike.
    """
    read(pb.DecideRequest(request_id="a", snapshot=RIGHT))
    raw = b"".join(sent) + rest
    expected = outcome(reading.read_message, raw)
    for _ in range(3):  # it becomes better known
        found = outcome(reading.read_request, raw)
        if isinstance(found, reading.Request):
            found = whole_of(found)

        assert expected == found


def whole_of(request):
    """
    The message, with what is kept apart from it.
    """
    message = pb.DecideRequest()
    message.CopyFrom(request.message)
    if request.sent:
        message.request_id = request.sent.request_id
        if not message.HasField("snapshot"):
            message.snapshot.ParseFromString(request.sent.known.content)
    return message
