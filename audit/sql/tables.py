"""
The ledger's tables. Rows never leave this folder.

Migrations create them, with the triggers that keep them append-only; a test holds the two
descriptions equal. Everything is only ever inserted: a pointer's value is its latest move, and an
erased payload leaves an erasure behind.
"""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Text
from sqlmodel import Field, SQLModel

# SQLite makes a column the row's own number only if it is called INTEGER.
BIG = BigInteger().with_variant(Integer(), "sqlite")
# Names are compared byte by byte, as SQLite does: a prefix is then a range of the index.
NAME = Text().with_variant(Text(collation="C"), "postgresql")


class LedgerTable(SQLModel):
    """Base of the ledger's tables; its own metadata keeps them apart from the service's index."""

    metadata = MetaData()


class EntryRow(LedgerTable, table=True):
    """An entry; all columns but the envelope are copies of what stands in it."""

    __tablename__ = "entry"

    seq: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(NAME, nullable=False, index=True))
    recorded_at: str = Field(sa_column=Column(Text, nullable=False))
    key: str | None = Field(sa_column=Column(NAME, unique=True))
    payload_commitment: str = Field(sa_column=Column(Text, nullable=False))
    leaf_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    envelope: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class PayloadRow(LedgerTable, table=True):
    """What may be erased, and the salt that goes with it."""

    __tablename__ = "payload"

    seq: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    salt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ErasureRow(LedgerTable, table=True):
    """Entry `reason` says why the payload of entry `seq` is gone."""

    __tablename__ = "erasure"

    seq: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    reason: int = Field(sa_column=Column(BIG, nullable=False))


class ArtifactRow(LedgerTable, table=True):
    """Content by digest."""

    __tablename__ = "artifact"

    digest: str = Field(sa_column=Column(NAME, primary_key=True))
    media_type: str = Field(sa_column=Column(Text, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class PointerRow(LedgerTable, table=True):
    """A pointer took a value with entry `seq`; the latest counts, and null is unset."""

    __tablename__ = "pointer"

    name: str = Field(sa_column=Column(NAME, primary_key=True))
    seq: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    value: str | None = Field(sa_column=Column(Text))


class TileRow(LedgerTable, table=True):
    """A complete tile of the Merkle tree."""

    __tablename__ = "tile"

    level: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    nodes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CheckpointRow(LedgerTable, table=True):
    """A signed checkpoint."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
