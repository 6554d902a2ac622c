"""
Who plans the items of a large plan beside the process that plans it: the cores of this machine, or a cluster.

The plan is the same, bit for bit, whoever helps; where nobody can, the process plans by itself.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

_CONNECT_SECONDS = 5.0


@contextmanager
def helpers(scheduler: str = "") -> Iterator[Executor]:
    """
    An executor for `plan_replenishment`.

    Parameters
    ----------
    scheduler
        Address of a Dask scheduler; empty: a thread for each core (the item programme runs beside Python).
    """
    executor = Machines(scheduler) if scheduler else ThreadPoolExecutor(len(os.sched_getaffinity(0)))
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


class Machines(Executor):
    """The workers of a Dask cluster; connects when there is something to send, which small plans never have."""

    def __init__(self, scheduler: str) -> None:
        self._scheduler = scheduler
        self._client: Any = None
        self._executor: Any = None
        self._lost: Exception | None = None

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As `Executor.submit`; raises at once when the scheduler did not answer before."""
        if self._lost is not None:
            raise self._lost
        if self._executor is None:
            self._connect()
        future: Future[Any] = self._executor.submit(function, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - Executor's own signature
        """Let the cluster go; what still runs there is of no use to anybody."""
        if self._client is not None:
            self._client.close(timeout=2)

    def _connect(self) -> None:
        from distributed import Client  # noqa: PLC0415 - an extra, needed where a cluster is configured

        try:
            self._client = Client(self._scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, ValueError) as error:
            self._lost = error
            raise
        self._executor = self._client.get_executor(pure=False)
