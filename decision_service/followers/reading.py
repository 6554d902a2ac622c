"""What followers read of the log: envelopes of decisions, decoded once into no more than they need."""

from typing import NamedTuple

import msgspec

from audit import Ledger
from audit.entry import Record
from decision_service.usecases import records

LARGEST = 16 << 20  # bytes of entries that are held undecoded; some change thousands of orders


class Said(msgspec.Struct, frozen=True, gc=False):  # one a decision of the log, and none can form a cycle
    """
    What the envelope of a decision says that lists, filters and orders are made of.

    Parameters
    ----------
    value
        Sum of the orders' costs as text, money: an envelope holds no floats.
    """

    name: str
    request_id: str
    mode: str
    scope: str
    actor: str
    release: str
    verdict: str
    approved: int
    referred: int
    blocked: int
    value: str
    outcome_digest: str
    rules: tuple[str, ...] = ()
    snapshot_digest: str = ""


read_said = msgspec.json.Decoder(Said).decode


class Decided(msgspec.Struct, frozen=True, gc=False):
    """
    A decision of the log.

    Parameters
    ----------
    place
        Of its entry.
    recorded_at
        As the log writes it.
    """

    place: int
    recorded_at: str
    said: Said


class Chunk(NamedTuple):
    """
    Entries that follow each other.

    Parameters
    ----------
    entries
        Decisions decoded, others as they are stored.
    stop
        The place after the last.
    leaf
        Leaf hash of the last; empty where there is none.
    """

    entries: list[Decided | Record]
    stop: int
    leaf: bytes


def read_chunk(ledger: Ledger, start: int, stop: int) -> Chunk:
    """The entries start..stop; fewer when they are large."""
    entries: list[Decided | Record] = []
    held, leaf = 0, b""
    for record in ledger.records(start, stop):
        leaf = record.leaf_hash
        if record.kind == records.DECISION:
            entries.append(Decided(record.seq, record.recorded_at, read_said(record.envelope)))
            continue
        entries.append(record)
        held += len(record.envelope)
        if held > LARGEST:
            return Chunk(entries, record.seq + 1, leaf)
    return Chunk(
        entries, stop, leaf
    )  # also where entries are missing: a verification finds that, not a follower
