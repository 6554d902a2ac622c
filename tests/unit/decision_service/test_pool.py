"""Killable workers."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from decision_service.errors import (
    DeadlineError,
    InvalidRequestError,
    OverloadedError,
    TooLargeError,
    UnavailableError,
)
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

    with pytest.raises(TooLargeError, match="send fewer stages"):
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


def test_the_best_answer_by_the_deadline_is_the_answer(pool):
    """
    A task that said something good and then hangs has answered.
    """
    answer = pool.submit("test_best", b"good enough", deadline=time.monotonic() + 2)

    assert b"good enough" == answer.result(30)
    assert b"alive" == pool.submit("test_echo", b"alive").result(30)


def test_progress_reaches_whoever_watches(pool):
    """
    In order, before the answer.
    """
    heard = []

    assert b"done" == pool.submit("test_talk", watch=heard.append).result(30)
    assert [0, 1, 2] == heard


def test_abandoned_work_frees_its_worker(pool):
    """
    Running: its process ends. Waiting: it never starts.
    """
    running = pool.submit("test_hang")
    time.sleep(0.2)
    waiting = pool.submit("test_hang")
    running.abandon()
    waiting.abandon()

    with pytest.raises(DeadlineError, match="went away"):
        running.result(30)
    assert waiting.cancelled()
    assert b"alive" == pool.submit("test_echo", b"alive").result(30)


def test_work_without_a_deadline_has_one():
    """
    A solver that hangs under a patient caller ends too.
    """
    pool = WorkerPool(1, seconds=0.5)

    with pytest.raises(DeadlineError):
        pool.submit("test_hang").result(30)
    pool.close()


def test_closing_ends_what_runs_and_what_waits(pool):
    """
    At once, with an error that says that trying again is safe; afterwards nothing is taken.
    """
    answers = [pool.submit("test_hang")]
    time.sleep(0.2)
    answers.append(pool.submit("test_hang"))
    started = time.monotonic()
    pool.close()

    for answer in answers:
        with pytest.raises(UnavailableError, match="stopping"):
            answer.result(5)
    with pytest.raises(UnavailableError, match="stopping"):
        pool.submit("test_echo", b"late")
    assert time.monotonic() - started < 5


def test_workers_die_with_a_service_that_is_killed(tmp_path):
    """
    SIGKILL leaves no solver behind, even in the middle of its work.
    """
    script = tmp_path / "parent.py"
    script.write_text(
        "import time\n"
        "from decision_service.workers.pool import WorkerPool\n"
        "if __name__ == '__main__':\n"
        "    pool = WorkerPool(1)\n"
        "    print(int(pool.submit('test_pid').result(30)), flush=True)\n"
        "    pool.submit('test_hang')\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    worker = psutil.Process(int(parent.stdout.readline()))
    time.sleep(0.3)
    parent.kill()
    parent.wait()

    gone, _ = psutil.wait_procs([worker], timeout=10)
    assert [worker] == gone


@pytest.fixture(autouse=True)
def _tasks(monkeypatch, tmp_path):
    """Tasks of the tests, seen by spawned workers through the task table's module."""
    module = tmp_path / "sitecustomize.py"
    module.write_text(
        "from decision_service.workers import tasks\n"
        "from decision_service.errors import FieldViolation, InvalidRequestError\n"
        "import os, time\n"
        "def _best(best, say, scheduler): say('best', best); time.sleep(600)\n"
        "def _talk(say, scheduler): [say('progress', i) for i in range(3)]; return b'done'\n"
        "def _refuse(): raise InvalidRequestError((FieldViolation('field', 'fix'),))\n"
        "tasks.TASKS.update(test_echo=lambda b: b, test_hang=lambda: time.sleep(600),\n"
        "    test_best=_best, test_talk=_talk, test_pid=lambda: str(os.getpid()).encode(),\n"
        "    test_die=lambda: os._exit(9), test_eat=lambda: bytes(8 << 30), test_refuse=_refuse)\n"
        "tasks.TALKING |= {'test_best', 'test_talk'}\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert "decide" in tasks.TASKS


def test_work_that_is_about_to_be_taken_is_in_nobodys_way():
    """
    One at work and two waiting are three, however fast they come; the fourth is refused.
    """
    for _ in range(5):
        pool = WorkerPool(1, waiting=2)
        try:
            works = [pool.submit("test_hang") for _ in range(3)]
            with pytest.raises(OverloadedError):
                pool.submit("test_hang")
            assert not any(work.done() for work in works)
        finally:
            for work in works:
                work.abandon()
            pool.close()
