"""Rows made when they are read."""

import pickle

import pytest

from optimization.rows import Rows

SQUARES = Rows(4, lambda number: number * number)


def test_rows_are_a_sequence():
    """
    Counted, read by place, from the end, in slices, in order.
    """
    assert (4, 9, 9, (1, 4)) == (len(SQUARES), SQUARES[3], SQUARES[-1], SQUARES[1:3])
    assert [0, 1, 4, 9] == list(SQUARES)
    with pytest.raises(IndexError):
        SQUARES[4]


def test_rows_equal_what_says_the_same():
    """
    A tuple, other rows, themselves after a journey; nothing shorter, nothing else.
    """
    assert SQUARES == (0, 1, 4, 9) == pickle.loads(pickle.dumps(SQUARES))
    assert Rows(4, lambda number: number**2) == SQUARES
    assert SQUARES != (0, 1, 4)
    assert Rows(0, str) != 0
    assert {(0, 1, 4, 9)} == {tuple(SQUARES)}
