import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import DatabaseError

from audit import (
    Artifact,
    NewEntry,
    SchemaError,
    Signer,
    StorageError,
    current,
    open_ledger,
    open_view,
    upgrade,
)
from audit.opening import now
from audit.prepared import prepare
from audit.sequence import Sequencing
from audit.sql.sqlite import connect_sqlite
from audit.sql.store import SqlStore
from audit.sql.tables import LedgerTable

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url, MIGRATIONS)
    with open_ledger(url, SIGNER) as ledger:
        for number in range(3):
            ledger.append(
                NewEntry("k", f"s{number}", {"n": number}, payload=b"p", key=f"k{number}", sets={"p": "x"})
            )
    return url


CHANGES = [
    "UPDATE entry SET subject = 'x' WHERE seq = 1",
    "DELETE FROM entry WHERE seq = 1",
    "INSERT OR REPLACE INTO entry SELECT * FROM entry WHERE seq = 1",
    "REPLACE INTO entry SELECT 3, kind, subject, recorded_at, key, payload_commitment, leaf_hash, envelope FROM entry WHERE seq = 1",
    "INSERT INTO entry SELECT * FROM entry WHERE seq = 1 ON CONFLICT (seq) DO UPDATE SET subject = 'x'",
    "INSERT INTO entry SELECT 7, kind, subject, recorded_at, 'new', payload_commitment, leaf_hash, envelope FROM entry WHERE seq = 1",
    "INSERT INTO entry SELECT NULL, kind, subject, recorded_at, 'new', payload_commitment, leaf_hash, envelope FROM entry WHERE seq = 1",
    "UPDATE payload SET payload = x'00'",
    "DELETE FROM payload",
    "INSERT OR REPLACE INTO payload VALUES (1, x'00', x'00')",
    "UPDATE pointer SET value = 'y'",
    "DELETE FROM pointer",
    "INSERT OR REPLACE INTO pointer VALUES ('p', 1, 'y')",
    "UPDATE checkpoint SET note = ''",
    "DELETE FROM checkpoint",
    "INSERT OR REPLACE INTO checkpoint VALUES (1, '')",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_refuses_to_change_the_log(url, statement):
    """
    UPDATE, DELETE, REPLACE, UPSERT and gaps are refused whoever connects; our connections included.
    """
    plain = sqlite3.connect(url.removeprefix("sqlite:///"))
    with pytest.raises(
        sqlite3.DatabaseError, match=r"append-only|the next one|another entry|erasure is recorded"
    ):
        plain.execute(statement)
    plain.close()

    for engine in connect_sqlite(url):
        with pytest.raises(DatabaseError), engine.begin() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER entry_no_update",
        "DROP TABLE entry",
        "ALTER TABLE entry ADD COLUMN x",
        "PRAGMA writable_schema=ON",
    ],
)
def test_our_own_connections_cannot_remove_the_guards(url, statement):
    """
    The authoriser refuses what triggers cannot.
    """
    for engine in connect_sqlite(url):
        with pytest.raises(DatabaseError), engine.begin() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def test_connections_are_durable_and_leave_no_residue(url):
    """
    WAL, synchronous=FULL and secure_delete are set on every connection.
    """
    for engine in connect_sqlite(url):
        with engine.connect() as connection:
            values = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "secure_delete")
            ]
        engine.dispose()

        assert ["wal", 2, 1] == values


def test_the_migrated_schema_is_that_of_the_tables(url):
    """
    Migrations and SQLModel classes describe the same columns, keys and indexes.
    """
    found = inspect(create_engine(url))

    for name, table in LedgerTable.metadata.tables.items():
        assert {column.name for column in table.columns} == {
            column["name"] for column in found.get_columns(name)
        }
        assert [column.name for column in table.primary_key] == found.get_pk_constraint(name)[
            "constrained_columns"
        ]
        nullable = {column.name: column.nullable for column in table.columns}
        assert nullable == {column["name"]: column["nullable"] for column in found.get_columns(name)}
        assert {index.name for index in table.indexes} == {index["name"] for index in found.get_indexes(name)}
    assert current(url) is not None


def test_a_database_without_tables_says_what_to_do(tmp_path):
    """
    Opening an empty database is a typed error that names the command.
    """
    with pytest.raises(SchemaError, match="db upgrade"):
        open_view(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StorageError):
        open_view(f"sqlite:///{tmp_path}/no/such/folder/l.db")
    with pytest.raises(StorageError, match="mysql"):
        open_view("mysql://localhost/x")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    """
    A text file under the ledger's name is a typed error.
    """
    (tmp_path / "l.db").write_text("not a database, but long enough to look like one" * 50)

    with pytest.raises(StorageError):
        open_view(f"sqlite:///{tmp_path}/l.db")


def test_two_processes_may_take_turns(url):
    """
    Two open ledgers on one file append alternately without a fork.
    """
    one, other = open_ledger(url, SIGNER), open_ledger(url, SIGNER)
    places = [ledger.append(NewEntry("k", "s", {})).entry.seq for ledger in (one, other, other, one)]
    one.close()
    other.close()

    assert [3, 4, 5, 6] == places


@pytest.mark.parametrize("count", [1, 13, 64])
def test_a_batch_of_any_length_takes_few_statements(tmp_path, count):
    """
    Each lets go of the interpreter's lock and waits for it again: BEGIN, what a table takes, COMMIT, and no question.
    """
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url, MIGRATIONS)
    writing, reading = connect_sqlite(url)
    store = SqlStore(writing, reading)
    sequencing = Sequencing(store, (SIGNER,), now)
    said = []
    with writing.connect() as connection:
        connection.connection.driver_connection.set_trace_callback(said.append)
    news = [NewEntry("k", "s", {"n": n}, payload=b"p", key=f"k{n}", sets={"p": str(n)}) for n in range(count)]
    outcomes = sequencing.run([(prepare(new, b"salt"),) for new in news])
    store.close()

    assert list(range(count)) == [appended.entry.seq for (appended,) in outcomes]
    # a trigger's steps are traced as the statement that pulled it
    assert ["BEGIN", "INSERT", "INSERT", "INSERT", "INSERT", "COMMIT"] == [
        text.split()[0] for text in dict.fromkeys(said)
    ]


def test_content_is_looked_for_once(tmp_path):
    """
    What is known to be stored is not asked for again, and what a batch that failed brought along is.
    """
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url, MIGRATIONS)
    engines = connect_sqlite(url)
    store, said = SqlStore(*engines), []
    sequencing = Sequencing(store, (SIGNER,), now)
    with engines[0].connect() as connection:
        connection.connection.driver_connection.set_trace_callback(said.append)

    def questions(*news):
        said.clear()
        sequencing.run([(prepare(new, b"salt"),) for new in news])
        return sum("FROM artifact" in text for text in said if text.startswith("SELECT"))

    def fail(new):
        with store.begin() as transaction:
            transaction.write(sequencing.judge(transaction, [(prepare(new, b""),)]).batch)
            raise RuntimeError

    kept, lost = Artifact.of("text/plain", b"kept"), Artifact.of("text/plain", b"lost")
    with pytest.raises(RuntimeError):
        fail(NewEntry("k", "s", {}, artifacts=(lost,)))
    asked = [questions(NewEntry("k", "s", {"n": n}, artifacts=(kept,))) for n in range(3)]
    asked.append(questions(NewEntry("k", "s", {}, artifacts=(kept, lost))))
    found = store.artifact(lost.digest)
    store.close()

    assert [1, 0, 0, 1] == asked
    assert lost == found


def test_a_new_file_has_pages_that_hold_several_entries(tmp_path):
    """
    An entry of a decision takes some 2,050 bytes: in pages of 4,096 half the file would be empty.
    """
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url, MIGRATIONS)
    with open_ledger(url, SIGNER) as ledger:
        ledger.append_all(tuple(NewEntry("k", "s" * 50, {"text": "x" * 1900}) for _ in range(300)))
    connection = sqlite3.connect(tmp_path / "ledger.db")
    pages, size = (connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size"))
    connection.close()

    assert 300 * 2000 < pages * size < 300 * 3500
