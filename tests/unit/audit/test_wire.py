"""Requests and outcomes on their way between replicas: written and read back, and small enough to be told."""

import uuid
from datetime import UTC, datetime

from audit import KeyConflictError, NewEntry
from audit.entry import Appended
from audit.prepared import prepare
from audit.sql.wire import Places, read_news, read_outcome, write_news, write_outcome

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
