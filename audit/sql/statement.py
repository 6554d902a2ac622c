"""
A statement sent often, prepared once in a session.

The driver looks up, counts and converts anew at every call, which costs as much as building the
rows of a small batch; here all values are columns that know how they are written (`columns`).
"""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, generators
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format

from audit.sql.columns import Column

_DONE = ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK


class Statement:
    """
    A prepared statement.

    Parameters
    ----------
    raw
        The session; nobody else uses it meanwhile.
    name
        Not given to another statement of this session.
    sql
        With ``%b`` where a column goes.
    """

    def __init__(self, raw: Connection[Any], name: str, sql: str) -> None:
        self._raw = raw
        self._name = name.encode()
        first, *rest = sql.split("%b")
        numbered = first + "".join(f"${place}{piece}" for place, piece in enumerate(rest, 1))
        self._formats = [Format.BINARY] * len(rest)
        _check(raw.pgconn.prepare(self._name, numbered.encode()))

    def run(self, values: Sequence[Column]) -> None:
        """
        Run it to its end.

        Raises
        ------
        psycopg.Error
            What the server said against it, or the connection is lost.
        """
        connection = self._raw.pgconn
        connection.send_query_prepared(self._name, [value.data for value in values], self._formats)
        for result in self._raw.wait(generators.execute(connection)):
            _check(result)


def _check(result: Any) -> None:
    if result.status not in _DONE:
        raise error_from_result(result)
