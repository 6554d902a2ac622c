"""
Run migrations without taking the service down.

One transaction a revision; a lock that is not free within seconds fails the migration, not the
service's requests; replicas that start together take turns. Revisions only add: the code of the
version before keeps writing while they run.
"""

import sqlite3

from alembic import context
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import make_url

from audit.sql.tables import LedgerTable

LOCK_TIMEOUT, STATEMENT_TIMEOUT = "5s", "60s"
TURN = 0x6C656467  # one number for all replicas: an advisory lock
# Bytes, of a new SQLite file: an entry takes some 2,000. Pages of 4,096 hold one of them and are half empty.
PAGE = 8192


def _connect(url: str) -> Connection:
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": 5.0})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine.connect()
    connection = create_engine(make_url(url).set(drivername="postgresql+psycopg")).connect()
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.execute(text("SELECT pg_advisory_lock(:turn)"), {"turn": TURN})
    connection.commit()
    return connection


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    connection.execute(f"PRAGMA page_size = {PAGE}").close()


def run() -> None:
    """Migrate the database that the caller, or alembic.ini, names."""
    config = context.config
    url = config.attributes.get("url") or config.get_main_option("sqlalchemy.url", "")
    connection = _connect(url)
    try:
        context.configure(
            connection=connection,
            target_metadata=[LedgerTable.metadata, *config.attributes.get("metadata", ())],
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.close()
        connection.engine.dispose()


run()
