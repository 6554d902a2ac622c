"""Random bytes from a stock."""

import os
import threading

import pytest

from audit.entropy import PIECE, Entropy


def test_bytes_are_handed_out_once():
    """
    Also by several threads at a time, and across the end of a piece.
    """
    entropy, drawn = Entropy(), []
    threads = [
        threading.Thread(target=lambda: drawn.extend(entropy(16) for _ in range(PIECE // 16)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {16} == set(map(len, drawn))
    assert len(drawn) == len(set(drawn))


@pytest.mark.parametrize("count", [0, 1, PIECE, PIECE + 1])
def test_any_number_can_be_drawn(count):
    """
    More than a piece, too.
    """
    assert count == len(Entropy()(count))


def test_a_fork_draws_its_own():
    """
    Parent and child share no byte, even if another thread held the stock at the fork.
    """
    entropy = Entropy()
    entropy(8)
    reading, writing = os.pipe()
    with entropy._door:
        child = os.fork()
        if child == 0:
            os.write(writing, entropy(16))
            os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reading, 16) != entropy(16)
