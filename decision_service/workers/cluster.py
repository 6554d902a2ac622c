"""
Plans made on a Dask cluster instead of on this machine.

A place of the pool sends its work to the scheduler. Dask gives the work of a worker that dies to
another; on the worker it runs in a killable process, as it would here, so that deadlines and memory
limits hold there too, and other workers help it with the items of a large plan. Where the cluster is away, has no workers or runs another version of what
decides, this machine plans: slower, never otherwise. The answer is the same wherever it was found.
"""

import logging
import multiprocessing
import pickle
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from decision_service.engine import engine_digest
from decision_service.errors import DeadlineError, UnavailableError
from decision_service.workers.pool import Place, Work, WorkerPool
from decision_service.workers.words import ANSWER, error_of, spoken

CONNECT_SECONDS = 5.0  # for the scheduler to answer; after a failure nobody tries again for as long
WORKERLESS_SECONDS = 5.0  # that work waits for a cluster to get its first worker
_GRACE_SECONDS = 2.0  # beyond a deadline, for the best answer until then to come back
_POLL_SECONDS = 0.1
_DIED = frozenset({"KilledWorker"})  # Dask's words for: every worker that tried this died
_LOST = frozenset({"CommClosedError", "FutureCancelledError", "FuturesCancelledError", "ClosedClientError"})

_LOG = logging.getLogger(__name__)


class ClusterLostError(Exception):
    """The cluster cannot do this work; this machine can."""


class Cluster:
    """
    The client of one scheduler, shared by the places of a pool; connects when first needed, and again.

    Parameters
    ----------
    address
        ``tcp://HOST:PORT`` or ``tls://HOST:PORT``; certificates are Dask's own configuration.
    memory_bytes
        Address space of a process that plans on a worker, 0 = unlimited.
    longest
        Seconds that work without a deadline may take.
    """

    def __init__(self, address: str, memory_bytes: int, longest: float) -> None:
        self._address = address
        self._memory, self._longest = memory_bytes, longest
        self._door = threading.Lock()
        self._connected: Any = None
        self._not_before = 0.0

    def run(self, work: Work, closing: threading.Event) -> bytes:
        """
        Have work done by a worker.

        Raises
        ------
        ClusterLostError
            No worker can.
        """
        client = self._client()
        key = f"decision-service-{uuid.uuid4().hex}"
        until = work.deadline if work.deadline is not None else time.monotonic() + self._longest
        raw = pickle.dumps((work.task, work.arguments))
        try:
            with _heard(client, key, work.watch):
                future = client.submit(
                    run_there,
                    raw,
                    until - time.monotonic(),
                    self._memory,
                    engine_digest(),
                    work.watch is not None,
                    key=key,
                    pure=False,
                )
                return self._answer(client, future, work, until + _GRACE_SECONDS, closing)
        except ClusterLostError:
            raise
        except (OSError, RuntimeError, ValueError, CancelledError) as error:
            self._drop(client)
            raise ClusterLostError(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Let the scheduler go."""
        with self._door:
            client, self._connected = self._connected, None
        if client is not None:
            client.close(timeout=2)

    def _client(self) -> Any:
        from distributed import Client  # noqa: PLC0415 - an extra, needed where a cluster is configured

        with self._door:
            if self._connected is not None and self._connected.status == "running":
                return self._connected
            if time.monotonic() < self._not_before:
                raise ClusterLostError("the scheduler did not answer a moment ago")
            try:
                self._connected = Client(  # type: ignore[no-untyped-call]
                    self._address, timeout=CONNECT_SECONDS, set_as_default=False
                )
            except (OSError, TimeoutError, ValueError) as error:
                self._not_before = time.monotonic() + CONNECT_SECONDS
                raise ClusterLostError(f"{self._address}: {error}") from error
            return self._connected

    def _drop(self, client: Any) -> None:
        """Connect anew next time."""
        with self._door:
            if self._connected is client:
                self._connected = None
        threading.Thread(target=client.close, kwargs={"timeout": 2}, daemon=True).start()

    def _answer(self, client: Any, future: Any, work: Work, until: float, closing: threading.Event) -> bytes:
        try:
            _wait_for(client, future, work, until, closing)
            return _read(future.result(timeout=CONNECT_SECONDS))
        except Exception as error:
            if type(error).__name__ in _DIED:
                raise UnavailableError(
                    "the workers that planned this died: out of memory, or a crash in a solver", "WORKER_DIED"
                ) from error
            if type(error).__name__ in _LOST:
                raise ClusterLostError(f"{type(error).__name__}: {error}") from error
            raise
        finally:
            future.cancel(force=True)


class ClusterPlace:
    """
    A place of the pool that sends its work away.

    Parameters
    ----------
    here
        Starts a place of this machine, for work that the cluster cannot do.
    """

    def __init__(self, cluster: Cluster, closing: threading.Event, here: Callable[[], Place]) -> None:
        self._cluster, self._closing = cluster, closing
        self._start = here
        self._here: Place | None = None

    def run(self, work: Work) -> bytes:
        """The answer of a worker, or of this machine."""
        try:
            return self._cluster.run(work, self._closing)
        except ClusterLostError as error:
            _LOG.warning("planned on this machine: %s", error)
        self._here = self._here or self._start()
        return self._here.run(work)

    def stop(self) -> None:
        """End the process here, where there is one."""
        if self._here is not None:
            self._here.stop()


def run_there(raw: bytes, seconds: float, memory_bytes: int, engine: str, is_watched: bool) -> bytes:  # noqa: FBT001 - it crosses the wire
    """
    On the worker: do the work in a process that can be killed; the answer or the error, pickled.

    Parameters
    ----------
    seconds
        Left until the deadline.
    engine
        Digest of the caller's engine record: a decision says what decided, so nothing else may.
    """
    if engine != engine_digest():
        return pickle.dumps(error_of(ClusterLostError("the worker runs other versions; install the same")))
    task, arguments = pickle.loads(raw)  # noqa: S301 - the service's own
    until = time.monotonic() + seconds
    answer = _pool(memory_bytes).submit(
        task, *arguments, deadline=until, watch=_speaker() if is_watched else None
    )
    is_wanted = _watch_over()
    while True:
        try:
            return pickle.dumps((ANSWER, answer.result(timeout=_POLL_SECONDS)))
        except TimeoutError:
            if not is_wanted():
                answer.abandon()
        except CancelledError:
            return pickle.dumps(error_of(DeadlineError("the caller went away", "ABANDONED")))
        except Exception as error:  # noqa: BLE001 - it travels to the caller
            return pickle.dumps(error_of(error))


@lru_cache(maxsize=4)
def _pool(memory_bytes: int) -> WorkerPool:
    """The processes of this worker, one a thread of it."""
    from distributed import get_worker  # noqa: PLC0415 - on a worker it is there

    # Dask marks its workers as daemons, which may have no children; ours end with their parent by themselves.
    multiprocessing.current_process().daemon = False
    worker = get_worker()
    return WorkerPool(worker.state.nthreads, memory_bytes=memory_bytes, scheduler=worker.scheduler.address)


def _watch_over() -> Callable[[], bool]:
    """Whether the work that runs in this thread is still wanted: Dask marks what was cancelled."""
    from distributed import get_worker  # noqa: PLC0415 - on a worker it is there

    worker = get_worker()
    key = worker.get_current_task()

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    return is_wanted


def _speaker() -> Callable[[Any], None]:
    """What passes progress on, under the name of the work."""
    from distributed import get_worker  # noqa: PLC0415 - on a worker it is there

    worker = get_worker()
    topic = worker.get_current_task()

    def speak(heard: Any) -> None:
        worker.loop.add_callback(worker.log_event, topic, list(heard))

    return speak


@contextmanager
def _heard(client: Any, topic: str, watch: Callable[[Any], None] | None) -> Iterator[None]:
    """Pass on what the worker says of its progress."""
    if watch is None:
        yield
        return
    client.subscribe_topic(topic, lambda event: watch(tuple(event[1])))
    try:
        yield
    finally:
        client.unsubscribe_topic(topic)


def _wait_for(client: Any, future: Any, work: Work, until: float, closing: threading.Event) -> None:
    """Until it is done; raises where nobody waits for it any more, or no worker will ever do it."""
    seen = time.monotonic()  # when there was a worker
    while not future.done():
        _refuse_to_wait(work, until, closing)
        if client.status != "running":
            raise ClusterLostError("the scheduler is gone")
        now = time.monotonic()
        seen = now if client.scheduler_info()["workers"] else seen
        if now - seen > WORKERLESS_SECONDS:
            raise ClusterLostError("the cluster has no workers")
        time.sleep(_POLL_SECONDS / 5)


def _refuse_to_wait(work: Work, until: float, closing: threading.Event) -> None:
    if time.monotonic() > until:
        raise DeadlineError("not decided within the deadline; give more time or fewer stages", "DEADLINE")
    if work.answer.is_abandoned:
        raise DeadlineError("the caller went away", "ABANDONED")
    if closing.is_set():
        raise UnavailableError("the service is stopping; try again", "STOPPING")


def _read(raw: bytes) -> bytes:
    kind, value = pickle.loads(raw)  # noqa: S301 - our own cluster
    if kind == ANSWER:
        return bytes(value)
    raise spoken(value)
