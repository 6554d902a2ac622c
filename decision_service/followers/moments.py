"""Where a moment lies in what a follower keeps: times in the log never decrease."""

import sqlite3


def first_since(connection: sqlite3.Connection, query: str, stop: int, moment: str) -> int:
    """
    The first place below `stop` of a decision that is not earlier than a moment, by bisection; else `stop`.

    Parameters
    ----------
    query
        Place and time of the first decision from one place to below another.
    moment
        As the log writes it, a form that sorts as text.
    """
    low, high = 0, stop
    while low < high:
        middle = (low + high) // 2
        found = connection.execute(query, (middle, high)).fetchone()
        if found and found[1] < moment:
            low = int(found[0]) + 1
        else:
            high = middle
    return low
