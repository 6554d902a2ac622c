"""What is settled is forgotten by name, and what is old by an index; the batch no longer reads either table whole."""

import sqlalchemy as sa
from alembic import op

revision = "0002_outcomes"
down_revision = "0001_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return  # one writer process: no outbox
    op.create_index("outcome_settled_at", "outcome", ["settled_at"])
    _create_forget_named()
    _create_sweep()
    # The version before calls this one after every batch: it may not cost more with every outcome kept.
    _replace_forget("PERFORM ledger_sweep();")
    for function in ("ledger_forget(uuid[])", "ledger_sweep()"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO decision_log_writer")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    _replace_forget(
        """
        DELETE FROM outbox USING outcome WHERE outbox.ticket = outcome.ticket;
        DELETE FROM outcome WHERE settled_at < now() - interval '1 hour';
        """,
    )
    op.execute("DROP FUNCTION ledger_sweep()")
    op.execute("DROP FUNCTION ledger_forget(uuid[])")
    op.drop_index("outcome_settled_at")


def _create_forget_named() -> None:
    """A request is forgotten once its outcome is known, whoever asks."""
    op.execute(
        """
        CREATE FUNCTION ledger_forget(settled uuid[]) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
        BEGIN
          DELETE FROM outbox o WHERE o.ticket = ANY(settled)
            AND EXISTS (SELECT 1 FROM outcome c WHERE c.ticket = o.ticket);
        END $$
        """,
    )


def _create_sweep() -> None:
    """Nobody waits for an outcome longer than half a minute; minutes leave room for slow clocks."""
    op.execute(
        """
        CREATE FUNCTION ledger_sweep() RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
        BEGIN
          DELETE FROM outbox o WHERE EXISTS (SELECT 1 FROM outcome c WHERE c.ticket = o.ticket);
          DELETE FROM outcome WHERE settled_at < now() - interval '5 minutes';
        END $$
        """,
    )


def _replace_forget(body: str) -> None:
    op.execute(
        sa.text(
            f"""
            CREATE OR REPLACE FUNCTION ledger_forget() RETURNS void
            LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
            BEGIN {body} END $$
            """,
        ),
    )
