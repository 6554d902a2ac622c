"""
Python's search for circular garbage, put off while many small objects are made that form none.

Making a million lists or rows of an answer sets it off again and again, each time through all that is
alive: a third of the time of a network of 100,000 stages.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No search in the block; afterwards as before."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
