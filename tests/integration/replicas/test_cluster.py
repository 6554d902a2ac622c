"""Plans made on a Dask cluster: the plan of one process, bit for bit, and never lost with a worker."""

import contextlib
import os
import signal
import threading
import time

import psutil
import pytest

from decision_service.errors import DeadlineError, UnavailableError
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import planning_pb2
from decision_service.workers.cluster import Cluster, ClusterPlace
from decision_service.workers.pool import WorkerPool

distributed = pytest.importorskip("distributed", reason="Dask is an extra: decision-service[dask]")


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    """Tasks that hang, die and echo, in every process that plans."""
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "sitecustomize.py").write_text(
        "import os, time\n"
        "from decision_service.workers import tasks\n"
        "tasks.TASKS.update(test_echo=lambda b: b, test_hang=lambda: time.sleep(600),\n"
        "                   test_die=lambda: os._exit(1), test_helper=lambda say, scheduler: scheduler.encode())\n"
        "tasks.TALKING |= {'test_helper'}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        yield


@pytest.fixture(scope="module")
def cluster(tasks):
    """A scheduler and two workers, each a process that a nanny replaces."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


@pytest.fixture
def pool(cluster):
    """A pool of one place, on the cluster."""
    client = Cluster(cluster.scheduler_address, 0, 60.0)
    pool = WorkerPool(1, elsewhere=lambda closing, here: ClusterPlace(client, closing, here))
    yield pool
    pool.close()
    client.close()


@pytest.fixture(scope="module")
def plans(cluster, start_service, tmp_path_factory, root):
    """A service that plans on the cluster."""
    running = start_service(tmp_path_factory.mktemp("cluster"), dask=cluster.scheduler_address)
    running.govern(root / "policies" / "replenishment")
    yield running
    running.close()


def short(example):
    snapshot = planning_pb2.Snapshot()
    snapshot.CopyFrom(example)
    snapshot.horizon = 2
    return snapshot


def plan(service, snapshot, request_id):
    from decision_service.cli.decisions import SERVICE

    return service.call(
        SERVICE, "Decide", pb.DecideRequest(request_id=request_id, snapshot=snapshot)
    ).decision


def workers_of(cluster):
    """Processes of the workers, without their nannies and what they started."""
    return [worker.pid for worker in cluster.workers.values()]


def test_the_cluster_s_plan_is_that_of_a_process_here(plans, governed, example):
    """
    The outcome of the same question has the same digest, whichever machine planned.
    """
    there = plan(plans, short(example), "there").lineage
    here = plan(governed, short(example), "here").lineage

    assert here.outcome_digest == there.outcome_digest
    assert here.engine_digest == there.engine_digest


def test_a_killed_worker_costs_a_retry(cluster, plans, example):
    """
    The worker that plans is killed in the middle: the decision comes, it is the one it would have been.
    """
    before = plan(plans, short(example), "undisturbed").lineage
    killed = []

    def kill_who_works():
        while not killed:
            for pid in workers_of(cluster):
                with contextlib.suppress(psutil.Error):
                    if any(child.cpu_percent(0.05) > 20 for child in psutil.Process(pid).children()):
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)
                        return
            time.sleep(0.01)

    killer = threading.Thread(target=kill_who_works)
    killer.start()
    after = plan(plans, short(example), "disturbed").lineage
    killed.append(None)
    killer.join()

    assert killed[0] is not None
    assert before.outcome_digest == after.outcome_digest


def test_the_cluster_helps_whoever_plans_on_it(cluster, pool):
    """
    The process on a worker knows the scheduler whose workers may take items of a large plan.
    """
    assert cluster.scheduler_address.encode() == pool.submit("test_helper").result(30)


def test_a_deadline_holds_on_the_cluster(pool):
    """
    Work that hangs ends with its process there; the worker goes on.
    """
    started = time.monotonic()
    with pytest.raises(DeadlineError):
        pool.submit("test_hang", deadline=time.monotonic() + 0.5).result(30)

    assert time.monotonic() - started < 5
    assert b"alive" == pool.submit("test_echo", b"alive").result(30)


def test_a_solver_that_crashes_costs_one_call(pool):
    """
    Its process dies, not the worker; the caller is told as if it had been here.
    """
    with pytest.raises(UnavailableError, match="worker process died"):
        pool.submit("test_die").result(30)

    assert b"alive" == pool.submit("test_echo", b"alive").result(30)


def test_without_a_cluster_this_machine_plans(tasks):
    """
    Nobody listens at the address: the work is done here.
    """
    client = Cluster("tcp://127.0.0.1:9", 0, 60.0)
    pool = WorkerPool(1, elsewhere=lambda closing, here: ClusterPlace(client, closing, here))
    answer = pool.submit("test_echo", b"here").result(60)
    pool.close()

    assert b"here" == answer


def test_progress_comes_back(plans, example):
    """
    Whoever watches a plan made elsewhere hears of its incumbents and bounds.
    """
    import grpc

    from decision_service.api.server import SERVICES
    from decision_service.v1 import solve_service_pb2 as solve

    service = next(s for s in SERVICES if s.name == "SolveService")
    with grpc.insecure_channel(plans.server.address) as channel:
        watch = channel.unary_stream(
            f"/{service.full_name}/WatchDecide", response_deserializer=solve.WatchDecideResponse.FromString
        )
        wish = pb.DecideRequest(request_id="watched", snapshot=short(example))
        words = list(watch(solve.WatchDecideRequest(decide=wish).SerializeToString(), timeout=60))

    assert "decided" == words[-1].WhichOneof("word")
    assert any(w.WhichOneof("word") == "progress" for w in words)
