"""A batch of entries is checked for gaps once, and no longer row by row."""

from alembic import op

revision = "0003_density"
down_revision = "0002_outcomes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return  # its trigger is a look at the end of an index
    op.execute(
        """
        CREATE FUNCTION ledger_dense_batch() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          first bigint; last bigint; many bigint;
        BEGIN
          SELECT min(seq), max(seq), count(*) INTO first, last, many FROM added;
          IF many > 0 AND (
            last - first + 1 <> many
            OR first <> (SELECT coalesce(max(seq), -1) + 1 FROM entry WHERE seq < first)
            OR last <> (SELECT max(seq) FROM entry)
          ) THEN
            RAISE EXCEPTION 'seq must be the next one';
          END IF;
          RETURN NULL;
        END $$
        """,
    )
    # First the new one, then the old one goes: no insert is ever unchecked.
    _always(
        "entry_dense_batch",
        "AFTER INSERT ON entry REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_dense_batch()",
    )
    op.execute("DROP TRIGGER entry_dense ON entry")
    op.execute("DROP FUNCTION ledger_dense()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
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
    _always("entry_dense", "BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION ledger_dense()")
    op.execute("DROP TRIGGER entry_dense_batch ON entry")
    op.execute("DROP FUNCTION ledger_dense_batch()")


def _always(name: str, definition: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {definition}")
    op.execute(f"ALTER TABLE entry ENABLE ALWAYS TRIGGER {name}")
