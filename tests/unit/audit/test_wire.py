"""Requests and outcomes on their way between replicas: written and read back, and small enough to be told."""

import uuid
from datetime import UTC, datetime

import msgspec
import pytest

from audit import Artifact, KeyConflictError, NewEntry
from audit.entry import Appended
from audit.prepared import prepare
from audit.sql.wire import (
    Places,
    read_news,
    read_outcome,
    read_request,
    write_news,
    write_outcome,
    write_request,
)

MOMENT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def prepared(name="s"):
    return prepare(NewEntry("k", name, {"n": 1}, payload=b"p", key=name), b"s" * 16)


def test_whoever_asked_makes_the_entry_again():
    """
    Place, time and leaf are told; the rest is what was asked for.
    """
    request = (prepared("a"), prepared("b"))
    outcome = tuple(Appended(one.at(7 + place, MOMENT)) for place, one in enumerate(request))

    assert outcome == read_outcome(write_outcome(outcome), request)


def test_an_entry_that_is_not_the_one_asked_for_is_read():
    """
    A repeat, or a leaf that another version of the code would write: the places are told, no more.
    """
    request = (prepared("a"),)
    repeat = write_outcome((Appended(request[0].at(7, MOMENT), is_repeat=True),))
    other = write_outcome((Appended(prepared("b").at(7, MOMENT)),))

    for text, is_repeat in ((repeat, True), (other, False)):
        told = read_outcome(text, request)

        assert isinstance(told, Places)
        assert ((7, is_repeat),) == told.entries


def test_news_are_what_was_told_in_pieces_that_a_notification_holds():
    """
    Refusals too; what is too long is left out, and somebody else's words are no news.
    """
    tickets = [uuid.uuid4() for _ in range(40)]
    text = write_outcome(KeyConflictError("k" * 50, 3))
    news = write_news([(ticket, text) for ticket in tickets] + [(uuid.uuid4(), "x" * 500)])

    assert max(len(piece.encode()) for piece in news) < 7900
    assert [(ticket, text) for ticket in tickets] == [told for piece in news for told in read_news(piece)]
    assert [] == read_news("anything")


ASKED = prepare(
    NewEntry(
        "k.v1",
        "s/é",
        {"a": "x", "n": 7, "z": [None, True]},
        b"p",
        (Artifact.of("text/plain", b"1"),),
        "key",
        "sha256:d",
        {"p": None, "o": "é"},
        {"q": "1", "w": None},
        "long",
    ),
    b"s" * 16,
)
# ASKED as version 0.1.0 wrote it when an envelope was no bytes yet.
WRITTEN = (
    b"\x91\x84\xa4body\x83\xa1a\xa1x\xa1n\x07\xa1z\x92\xc0\xc3\xa6header\x89\xa4kind\xa4k.v1\xa7subject\xa4s/\xc3\xa9"
    b"\xa3key\xa3key\xaakey_digest\xa8sha256:d\xa7payload\xd9Gsha256:"
    b"f5f539d3bc0feab9bab54eaae66bb12b3ec20b446e7ec1ccb6a9b90c8883e04d\xa9artifacts\x91\xd9Gsha256:"
    b"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b\xa8requires\x92\x92\xa1o\xa2\xc3\xa9\x92\xa1p\xc0"
    b"\xa4sets\x92\x92\xa1q\xa11\x92\xa1w\xc0\xa9retention\xa4long\xa4salt\xc4\x10ssssssssssssssss\xa7payload\xc4\x01p"
)


@pytest.mark.parametrize("written", [WRITTEN, write_request((ASKED,))])
def test_a_request_that_another_replica_wrote_is_what_it_asked(written):
    """
    Also one of an earlier version, and one that an earlier version reads: replicas are renewed one by one.
    """
    (read,) = read_request(written)

    assert ASKED.at(7, MOMENT) == read.at(7, MOMENT)
    assert (ASKED.sealed, ASKED.commitment) == (read.sealed, read.commitment)
    for name in ("kind", "subject", "key", "key_digest", "requires", "sets"):
        assert getattr(ASKED.new, name) == getattr(read.new, name)
    assert msgspec.msgpack.decode(WRITTEN) == [
        {**one, "header": dict(one["header"])} for one in msgspec.msgpack.decode(write_request((ASKED,)))
    ]
