"""Killable workers."""

import os
import time

import pytest

from decision_service.errors import DeadlineError, InvalidRequestError, OverloadedError, UnavailableError
from decision_service.workers import tasks
from decision_service.workers.pool import WorkerPool


@pytest.fixture
def pool():
    pool = WorkerPool(1, waiting=1)
    yield pool
    pool.close()


def test_work_past_its_deadline_is_killed_and_the_next_is_done(pool):
    """
    A solver that hangs costs one call its deadline, not the service.
    """
    with pytest.raises(DeadlineError):
        pool.submit("test_hang", deadline=time.monotonic() + 0.3).result(30)

    assert b"alive" == pool.submit("test_echo", b"alive").result(30)


def test_a_crash_costs_one_call(pool):
    """
    A worker that dies is replaced.
    """
    with pytest.raises(UnavailableError):
        pool.submit("test_die").result(30)

    assert b"alive" == pool.submit("test_echo", b"alive").result(30)


def test_memory_beyond_the_limit_costs_one_call():
    """
    The address space of a worker is bounded.
    """
    pool = WorkerPool(1, memory_bytes=2 << 30)

    with pytest.raises((UnavailableError, MemoryError)):
        pool.submit("test_eat").result(30)

    assert b"alive" == pool.submit("test_echo", b"alive").result(30)
    pool.close()


def test_an_error_keeps_its_class_and_its_data(pool):
    """
    What the task raises is what the caller catches.
    """
    with pytest.raises(InvalidRequestError) as caught:
        pool.submit("test_refuse").result(30)

    assert ("field", "fix") == (caught.value.violations[0].field, caught.value.violations[0].description)


def test_a_full_queue_is_said_at_once(pool):
    """
    More callers than may wait are told to come back.
    """
    running = pool.submit("test_hang", deadline=time.monotonic() + 1)
    time.sleep(0.2)
    waiting = pool.submit("test_echo", b"waited")

    with pytest.raises(OverloadedError):
        pool.submit("test_echo", b"too many")

    assert b"waited" == waiting.result(30)
    assert running.done()


@pytest.fixture(autouse=True)
def _tasks(monkeypatch, tmp_path):
    """Tasks of the tests, seen by spawned workers through the task table's module."""
    module = tmp_path / "sitecustomize.py"
    module.write_text(
        "from decision_service.workers import tasks\n"
        "from decision_service.errors import FieldViolation, InvalidRequestError\n"
        "import os, time\n"
        "def _refuse(): raise InvalidRequestError((FieldViolation('field', 'fix'),))\n"
        "tasks.TASKS.update(test_echo=lambda b: b, test_hang=lambda: time.sleep(600),\n"
        "    test_die=lambda: os._exit(9), test_eat=lambda: bytes(8 << 30), test_refuse=_refuse)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert "decide" in tasks.TASKS
