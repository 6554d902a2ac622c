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
    else:
        _create_outbox()
        _guard_postgresql()
        _grant()


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT 1 FROM entry LIMIT 1")).first():
        message = (
            "the log holds entries, and going back would destroy it; keep the database and use an empty one"
        )
        raise sa.exc.InvalidRequestError(message)
    for table in reversed(KEYS):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for table in ("outbox", "outcome"):
            op.drop_table(table)
        for function in (
            "ledger_refuse",
            "ledger_dense",
            "ledger_keep_payload",
            "ledger_erase",
            "ledger_forget",
        ):
            op.execute(f"DROP FUNCTION {function}")
        # The role stays: it belongs to the server, and other databases may use it.


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
    _refuse(
        "erasure_has_reason",
        "BEFORE INSERT ON erasure WHEN NOT EXISTS (SELECT 1 FROM entry WHERE seq = NEW.reason AND kind = 'redaction.v1')",
        "an erasure names the redaction entry that gives its reason",
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


def _create_outbox() -> None:
    """Requests of all replicas wait here, unordered, until the elected sequencer takes them."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("ticket", sa.Uuid, nullable=False, unique=True),
        sa.Column("request", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "outcome",
        sa.Column("ticket", sa.Uuid, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def _guard_postgresql() -> None:
    """Refuse UPDATE, DELETE, TRUNCATE and UPSERT; ENABLE ALWAYS holds under the replica role too."""
    op.execute(
        """
        CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
        """,
    )
    op.execute(
        """
        CREATE FUNCTION ledger_dense() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq), -1) + 1 FROM entry) THEN
            RAISE EXCEPTION 'seq must be the next one';
          END IF;
          RETURN NEW;
        END $$
        """,
    )
    op.execute(
        """
        CREATE FUNCTION ledger_keep_payload() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT EXISTS (SELECT 1 FROM erasure WHERE seq = OLD.seq) THEN
            RAISE EXCEPTION 'a payload is deleted only after its erasure is recorded';
          END IF;
          RETURN OLD;
        END $$
        """,
    )
    for table in KEYS:
        verbs = "UPDATE OR TRUNCATE" if table == "payload" else "UPDATE OR DELETE OR TRUNCATE"
        _always(
            table,
            "append_only",
            f"BEFORE {verbs} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
        )
    _always("payload", "keep", "BEFORE DELETE ON payload FOR EACH ROW EXECUTE FUNCTION ledger_keep_payload()")
    _always("entry", "dense", "BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION ledger_dense()")


def _always(table: str, name: str, definition: str) -> None:
    op.execute(f"CREATE TRIGGER {table}_{name} {definition}")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")


def _grant() -> None:
    """
    Let the service insert and read, and nothing else.

    What else it needs runs with the owner's rights and checks for itself: a payload is erased only
    for a redaction entry, a request is forgotten only once its outcome is known.
    """
    op.execute(
        """
        CREATE FUNCTION ledger_erase(erased bigint, why bigint) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
        BEGIN
          IF NOT EXISTS (SELECT 1 FROM entry WHERE seq = why AND kind = 'redaction.v1') THEN
            RAISE EXCEPTION 'an erasure names the redaction entry that gives its reason';
          END IF;
          INSERT INTO erasure VALUES (erased, why);
          DELETE FROM payload WHERE seq = erased;
        END $$
        """,
    )
    op.execute(
        """
        CREATE FUNCTION ledger_forget() RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
        BEGIN
          DELETE FROM outbox USING outcome WHERE outbox.ticket = outcome.ticket;
          DELETE FROM outcome WHERE settled_at < now() - interval '1 hour';
        END $$
        """,
    )
    op.execute(
        """
        DO $$ BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'decision_log_writer') THEN
            CREATE ROLE decision_log_writer NOLOGIN;
          END IF;
        END $$
        """,
    )
    op.execute("REVOKE EXECUTE ON FUNCTION ledger_erase, ledger_forget FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION ledger_erase, ledger_forget TO decision_log_writer")
    for table in (*KEYS, "outbox", "outcome"):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO decision_log_writer")
