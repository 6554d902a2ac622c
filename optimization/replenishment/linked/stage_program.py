"""
One stage at given prices: a dynamic programme over what has arrived so far.

State k = grains g arrived, so the echelon position N = a[t] + A of a bucket is known. With V = 0
after the last bucket, W[t](k) the cost of a bucket's position, bucket by bucket backwards:

    V(k) += W[t](k),  W = up N+ + down N- + short (P - N)+ + over (N - ceiling)+ + (u[t] - u[t+1]) A
    V(k)  = min( V(k), F + min_n (price - u[t]) g d + V(k + d), d = low + n stride )    for every order
                                                                                that can arrive in t

u[t] is the least price per unit of the orders that arrive in t (sum over t of u (A[t] - A[t-1]),
added up by parts), d <= high a number of grains.

Exact where every lot and every smallest order of a stage's lanes is a whole number of grains.
Elsewhere k stands for all A in [g k, g (k + 1)], W for its least value among them, and an order of
d grains is charged for d - 1: never more than what the stage really costs, so a bound stays one.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from optimization.replenishment.problem import Flags, Floats, Ints


class Block(NamedTuple):
    """Some stages, and the orders that may arrive there, by stage and bucket of arrival."""

    cells: Ints  # by stage: numbers of grains looked at
    grain: Floats
    is_exact: Flags
    net: Floats  # a, by stage and bucket
    safety: Floats  # P
    ceiling: Floats
    first: Ints  # by stage, its first order; one entry more than there are stages
    arrival: Ints
    low: Ints  # grains
    high: Ints  # below `low` where there can be no order
    stride: Ints


class Prices(NamedTuple):
    """By stage and bucket; the last two by order."""

    up: Floats
    down: Floats
    short: Floats
    over: Floats
    fixed: Floats
    unit: Floats


class Answers(NamedTuple):
    """By stage its least cost; by stage and bucket what has arrived; by order its quantity; base units."""

    values: Floats
    arrived: Floats
    quantity: Floats


def solve_block(block: Block, prices: Prices) -> Answers:
    """Every stage of a block."""
    values, quantity = np.empty(block.cells.size), np.zeros(block.arrival.size)
    arrived = np.empty(block.net.shape)
    _solve(block, prices, values, arrived, quantity)
    return Answers(values, arrived, quantity)


@njit(cache=True, nogil=True)
def _solve(block: Block, prices: Prices, values: Floats, arrived: Floats, quantity: Floats) -> None:
    count, last = block.net.shape[0], block.net.shape[1] - 1
    top, most = 1, 1
    for i in range(count):
        top, most = max(top, block.cells[i]), max(most, block.first[i + 1] - block.first[i])
    value_all, work = np.empty(top), (np.empty(top), np.empty(top, np.int64), np.empty(top, np.int64))
    choices = np.empty((most, top), np.int64)
    for i in range(count):
        value, begin = value_all[: block.cells[i]], block.first[i]
        value[:] = 0.0
        o, later = block.first[i + 1] - 1, 0.0
        for t in range(last, -1, -1):
            lowest, price = o, later
            while lowest >= begin and block.arrival[lowest] == t:
                if lowest == o or prices.unit[lowest] < price:
                    price = prices.unit[lowest]
                lowest -= 1
            _wait(block, prices, i, t, price - later, value)
            for p in range(o, lowest, -1):
                step = (prices.fixed[p], prices.unit[p] - price, block.grain[i])
                sizes = (block.low[p], block.high[p], block.stride[p])
                _order(value, step, sizes, block.is_exact[i], work, choices[p - begin])
            o, later = lowest, price
        values[i] = value[0]
        _follow(block, i, choices, arrived[i], quantity)


@njit(cache=True, nogil=True)
def _follow(block: Block, i: int, choices: Ints, arrived: Floats, quantity: Floats) -> None:
    k, o, grain = 0, block.first[i], block.grain[i]
    for t in range(arrived.size):
        while o < block.first[i + 1] and block.arrival[o] == t:
            then = choices[o - block.first[i], k]
            quantity[o] = grain * (then - k)
            k = then
            o += 1
        arrived[t] = grain * k


@njit(cache=True, nogil=True)
def _wait(block: Block, prices: Prices, i: int, t: int, slope: float, value: Floats) -> None:  # noqa: PLR0913 - compiled
    """Add the cost of a bucket's position."""
    net, grain = block.net[i, t], block.grain[i]
    terms = (slope, prices.up[i, t], prices.down[i, t], prices.short[i, t], prices.over[i, t])
    safety, ceiling = block.safety[i, t], block.ceiling[i]
    if block.is_exact[i]:
        for k in range(value.size):
            value[k] += _cost(terms, net, safety, ceiling, grain * k)
        return
    left = _cost(terms, net, safety, ceiling, 0.0)
    for k in range(value.size):
        low, high = grain * k, grain * (k + 1)
        right = _cost(terms, net, safety, ceiling, high)
        least = min(left, right)
        for kink in (0.0, safety, ceiling):
            if low < kink - net < high:
                least = min(least, _cost(terms, net, safety, ceiling, kink - net))
        value[k] += least
        left = right


@njit(cache=True, nogil=True)
def _cost(
    terms: tuple[float, float, float, float, float], net: float, safety: float, ceiling: float, arrived: float
) -> float:
    slope, up, down, short, over = terms
    n = net + arrived
    cost = slope * arrived + (up * n if n > 0.0 else -down * n)
    if n < safety:
        cost += short * (safety - n)
    if n > ceiling:
        cost += over * (n - ceiling)
    return cost


@njit(cache=True, nogil=True)
def _order(  # noqa: PLR0913 - compiled: work arrays come from outside
    value: Floats,
    step: tuple[float, float, float],
    sizes: tuple[int, int, int],
    is_exact: bool,  # noqa: FBT001 - compiled
    work: tuple[Floats, Ints, Ints],
    choice: Ints,
) -> None:
    """The better of no order and the best order, for every k."""
    fixed, more, grain = step
    best, best_at, window = work
    top, free = value.size, 0 if is_exact else 1  # grains of an order that are not charged
    for k in range(top):
        choice[k] = k
    _best(value, more * grain, sizes, best, best_at, window)
    for k in range(top - sizes[0]):
        with_order = fixed + best[k] - more * grain * (k + free)
        if with_order < value[k] - 1e-12:
            value[k], choice[k] = with_order, best_at[k]


@njit(cache=True, nogil=True)
def _best(  # noqa: PLR0913 - compiled: work arrays come from outside
    value: Floats, paid: float, sizes: tuple[int, int, int], best: Floats, best_at: Ints, window: Ints
) -> None:
    """For every k the best k' of its residue from k + low to k + high; of equals the largest."""
    low, high, stride = sizes
    count = value.size - low
    if high < low:
        best[: max(count, 0)] = np.inf
    elif high >= value.size - 1:
        for k in range(count - 1, -1, -1):
            best[k], best_at[k] = value[k + low] + paid * (k + low), k + low
            if k + stride < count and best[k + stride] <= best[k]:
                best[k], best_at[k] = best[k + stride], best_at[k + stride]
    else:
        reach = (high - low) // stride * stride
        for start in range(max(count - stride, 0), count):
            _best_in_window(value, paid, (start, stride, low, reach), best, best_at, window)


@njit(cache=True, nogil=True)
def _best_in_window(  # noqa: PLR0913 - compiled: work arrays come from outside
    value: Floats, paid: float, span: tuple[int, int, int, int], best: Floats, best_at: Ints, window: Ints
) -> None:
    """The same for one residue, by a sliding-window minimum: the best k' is `window[head]`."""
    start, stride, low, reach = span
    head, tail = 0, 0
    for k in range(start, -1, -stride):
        here = value[k + low] + paid * (k + low)
        while tail > head and here < value[window[tail - 1]] + paid * window[tail - 1]:
            tail -= 1
        window[tail] = k + low
        tail += 1
        while window[head] > k + low + reach:
            head += 1
        best[k], best_at[k] = value[window[head]] + paid * window[head], window[head]
