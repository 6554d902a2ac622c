"""The ledger: append-only tables, and the triggers that keep them so."""

import sqlalchemy as sa
from alembic import op

revision = "0001_ledger"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# Table -> its key, in the order in which they are created.
KEYS = {
    "entry": ("seq",),
    "payload": ("seq",),
    "erasure": ("seq",),
    "artifact": ("digest",),
    "pointer": ("name", "seq"),
    "tile": ("level", "number"),
    "checkpoint": ("size",),
}


def upgrade() -> None:
    _create_tables()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT 1 FROM entry LIMIT 1")).first():
        message = (
            "the log holds entries, and going back would destroy it; keep the database and use an empty one"
        )
        raise sa.exc.InvalidRequestError(message)
    for table in reversed(KEYS):
        op.drop_table(table)


def _create_tables() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", NAME, nullable=False, index=True),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("key", NAME, unique=True),
        sa.Column("payload_commitment", sa.Text, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "payload",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "erasure",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("reason", BIG, nullable=False),
    )
    op.create_table(
        "artifact",
        sa.Column("digest", NAME, primary_key=True),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "pointer",
        sa.Column("name", NAME, primary_key=True),
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("value", sa.Text),
    )
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", BIG, primary_key=True, autoincrement=False),
        sa.Column("nodes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", BIG, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
    )


def _guard_sqlite() -> None:
    """Refuse UPDATE, DELETE and INSERT OR REPLACE, which passes by the triggers on DELETE."""
    for table, key in KEYS.items():
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        taken = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of this file
        _refuse(f"{table}_no_update", f"BEFORE UPDATE ON {table}", f"{table} is append-only")
        _refuse(f"{table}_no_replace", f"BEFORE INSERT ON {table} WHEN {taken}", f"{table} is append-only")
        if table != "payload":
            _refuse(f"{table}_no_delete", f"BEFORE DELETE ON {table}", f"{table} is append-only")
    _refuse(
        "payload_no_delete",
        "BEFORE DELETE ON payload WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE seq = OLD.seq)",
        "a payload is deleted only after its erasure is recorded",
    )
    # A second entry under a known key would let OR REPLACE drop the first.
    _refuse(
        "entry_key_once",
        "BEFORE INSERT ON entry WHEN NEW.key IS NOT NULL AND EXISTS (SELECT 1 FROM entry WHERE key = NEW.key)",
        "the key names another entry",
    )
    _refuse(
        "entry_dense",
        "BEFORE INSERT ON entry WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM entry)",
        "seq must be the next one",
    )


def _refuse(name: str, when: str, message: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{message}'); END")
