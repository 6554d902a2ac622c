"""Values with some of their fields changed."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def amended(value: T, **changes: Any) -> T:
    """What `dataclasses.replace` does, in half of its time: orders of a decision come by one after the other."""
    kind: Any = type(value)
    parts_of, places = _fields_of(kind)
    parts = [*parts_of(value)]
    for name, change in changes.items():
        parts[places[name]] = change
    return kind(*parts)  # type: ignore[no-any-return]  # a T


@cache
def _fields_of(kind: Any) -> tuple[Callable[[Any], tuple[Any, ...]], Mapping[str, int]]:
    """What reads all fields of a type, two or more, and the place of each."""
    names = [field.name for field in fields(kind)]
    return attrgetter(*names), {name: place for place, name in enumerate(names)}
