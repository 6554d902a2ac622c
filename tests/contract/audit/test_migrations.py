"""
Migrations: forward and back with data in place, on both databases, while the service writes.
"""

import shutil
import sqlite3
import threading
import time
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from audit import (
    NewEntry,
    SchemaError,
    Signer,
    StorageError,
    current,
    downgrade,
    open_ledger,
    open_view,
    upgrade,
    verify_ledger,
)
from audit.sql.revisions import head, is_at_head

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))
LATER = """
import sqlalchemy as sa
from alembic import op

revision = "9999_later"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("later", sa.Column("seq", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("later")
"""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/ledger.db"
        upgrade(url, MIGRATIONS)
        return url
    return request.getfixturevalue("postgres")


@pytest.fixture
def folder(tmp_path, url):
    """
    The migrations, with one more revision at the end.
    """
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy)
    (copy / "versions" / "9999_later.py").write_text(LATER.format(before=current(url)))
    return copy


def new(number):
    return NewEntry(
        "k", f"s{number}", {"number": number}, payload=b"p", key=f"k{number}", sets={"p": str(number)}
    )


def test_up_and_down_keeps_the_log(url, folder):
    """
    A later revision comes and goes, twice; every entry stays and the log verifies.
    """
    with open_ledger(url, SIGNER) as ledger:
        ledger.append_all(tuple(map(new, range(300))))
    revisions = []
    for _ in range(2):
        before = current(url)
        upgrade(url, folder)
        revisions.append(current(url))
        downgrade(url, folder, before)
        assert before == current(url)
        with open_ledger(url, SIGNER) as ledger:
            ledger.append(new(ledger.size))
            assert verify_ledger(ledger, [SIGNER.verifier]).holds

    assert ["9999_later", "9999_later"] == revisions
    assert open_view(url).size == 302


def test_upgrading_twice_does_nothing(url):
    """
    At the head, upgrade is a no-op.
    """
    before = current(url)
    upgrade(url, MIGRATIONS)

    assert before == current(url)


def test_the_head_is_what_alembic_says(url, folder):
    """
    The last revision of a folder, and the one of a database, are read without Alembic as Alembic reads them.
    """
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == head(MIGRATIONS) == current(url)
    assert ScriptDirectory(str(folder)).get_current_head() == head(folder) == "9999_later"
    assert is_at_head(url, MIGRATIONS)
    assert not is_at_head(url, folder)


def test_two_heads_are_left_to_alembic(url, folder):
    """
    Revisions that part ways are no head: whoever upgrades is told.
    """
    (folder / "versions" / "9998_other.py").write_text(
        LATER.format(before=current(url)).replace("9999_later", "9998_other")
    )
    assert head(folder) == ""

    with pytest.raises(SchemaError, match="head"):
        upgrade(url, folder)


def test_a_log_with_entries_is_never_dropped(url):
    """
    Going back before the first revision is refused as long as there is something to lose.
    """
    with open_ledger(url, SIGNER) as ledger:
        ledger.append(new(0))

    with pytest.raises((SchemaError, StorageError), match="destroy"):
        downgrade(url, MIGRATIONS, "base")
    assert verify_ledger(open_view(url), [SIGNER.verifier]).entries == 1


def test_an_empty_log_goes_back_to_nothing_and_forward_again(url):
    """
    The first revision undoes itself completely.
    """
    downgrade(url, MIGRATIONS, "base")
    assert current(url) is None
    with pytest.raises(SchemaError):
        open_view(url)

    upgrade(url, MIGRATIONS)
    with open_ledger(url, SIGNER) as ledger:
        assert ledger.append(new(0)).entry.seq == 0


def test_no_revision_lets_a_gap_through(postgres):
    """
    The check for gaps changes its form and goes back with data in place; the log is written under both.
    """
    for number, revision in enumerate(("0002_outcomes", "0003_density")):
        downgrade(postgres, MIGRATIONS, "0002_outcomes")
        upgrade(postgres, MIGRATIONS, revision)
        with open_ledger(postgres, SIGNER) as ledger:
            ledger.append(new(number))
        with (
            psycopg.connect(postgres) as connection,
            pytest.raises(psycopg.errors.RaiseException, match="the next one"),
        ):
            connection.execute(
                "INSERT INTO entry SELECT 9, 'k', 's', '', 'x', '', leaf_hash, envelope FROM entry LIMIT 1"
            )

    assert verify_ledger(open_view(postgres), [SIGNER.verifier]).entries == 2


def test_the_version_before_keeps_writing_while_a_migration_runs(url, folder):
    """
    Appends before, during and after an upgrade and a downgrade all succeed.
    """
    before = current(url)
    with open_ledger(url, SIGNER) as ledger:
        failed, stop = [], threading.Event()

        def write():
            number = 0
            while not stop.is_set():
                try:
                    ledger.append(new(number))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
                    failed.append(error)
                number += 1

        writer = threading.Thread(target=write)
        writer.start()
        upgrade(url, folder)
        downgrade(url, folder, before)
        stop.set()
        writer.join()

        assert failed == []
        assert verify_ledger(ledger, [SIGNER.verifier]).holds


def test_a_migration_gives_up_rather_than_wait_for_a_lock(url, folder):
    """
    With the database held by somebody else the migration fails in seconds, and changes nothing.
    """
    if url.startswith("sqlite"):
        holder = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    else:
        holder = psycopg.connect(url)
        holder.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
    started = time.monotonic()
    with pytest.raises(StorageError):
        upgrade(url, folder)
    waited = time.monotonic() - started
    holder.close()

    assert waited < 20
    assert current(url) != "9999_later"


def test_a_revision_that_does_not_exist_is_refused(url):
    """
    An unknown revision is a typed error.
    """
    with pytest.raises(SchemaError):
        upgrade(url, MIGRATIONS, "4711")
