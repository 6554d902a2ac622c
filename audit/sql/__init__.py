"""The ledger in SQLite and PostgreSQL; the only place in this package that speaks SQL."""

from audit.sql.store import SqlStore

__all__ = ["SqlStore"]
