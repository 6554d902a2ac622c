"""What `serve` does before it takes calls."""

import asyncio
import gc
import subprocess
import sys

import pytest

from decision_service.bootstrap import build
from decision_service.cli.serve import settle
from decision_service.config import Settings

# What plans, migrates or speaks to another database: none of it is needed to serve a log that is there.
NEEDLESS = ("alembic", "psycopg", "numpy", "highspy", "ortools", "pyomo", "scipy", "numba", "durable")
STARTED = """
import asyncio, sys
from pathlib import Path
from decision_service.bootstrap import build
from decision_service.config import Settings

async def serve():
    app = build(Settings(address="127.0.0.1:0", data=Path(sys.argv[1]), workers=0))
    running = await app.serve()
    print(sorted(name for name in sys.argv[2:] if name in sys.modules))
    await running.drain(0.0)
    app.close()

asyncio.run(serve())
"""


@pytest.fixture
def collector():
    """The collector of cycles as it was, afterwards."""
    before = gc.get_threshold()
    yield gc
    gc.enable()
    gc.unfreeze()
    gc.set_threshold(*before)


def test_calls_under_way_do_not_set_off_the_collector(collector):
    """
    What is there stays out of its sight, thirty calls of a hundred objects each start nothing, and garbage still goes.
    """
    settle()
    frozen, before = gc.get_freeze_count(), gc.get_stats()[0]["collections"]
    under_way = [[[] for _ in range(100)] for _ in range(32)]
    assert before == gc.get_stats()[0]["collections"]
    assert frozen > len(under_way)

    for _ in range(30_000):
        circle = []
        circle.append(circle)
    assert before < gc.get_stats()[0]["collections"]


def test_garbage_is_collected_again_once_all_is_there(collector):
    """
    A start looks for none; what serves does.
    """
    gc.disable()
    settle()

    assert gc.isenabled()


def test_a_log_that_is_there_is_served_without_what_migrates_and_plans(tmp_path):
    """
    The first start makes the tables, with Alembic; the second finds them and loads nothing of the kind.
    """
    said = [
        subprocess.run(
            [sys.executable, "-c", STARTED, tmp_path, *NEEDLESS], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]

    assert said == ["['alembic']", "[]"]


def test_no_method_is_registered(tmp_path, monkeypatch):
    """
    For each call that comes, grpc.aio begins to wait anew for the next call of every method that is registered.
    """
    registered = []
    monkeypatch.setattr(
        "grpc.aio._server.Server.add_registered_method_handlers", lambda *given: registered.append(given)
    )

    async def serve():
        app = build(Settings(address="127.0.0.1:0", data=tmp_path, workers=0))
        running = await app.serve()
        await running.drain(0.0)
        app.close()

    asyncio.run(serve())

    assert [] == registered
