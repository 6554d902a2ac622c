"""List functions: DMN 1.3, 10.3.4.4. Places count from 1, or from the end when negative."""

import decimal
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from rules.feel.builtins.signature import Builtin, integer, optional, required
from rules.feel.errors import EffortError
from rules.feel.operators import add, comparable, conjunction, disjunction, divide, equal, multiply, subtract
from rules.feel.values import NUMBERS, FeelType, Value, YearMonthDuration

MOST_ITEMS = 200_000
_List: TypeAlias = tuple[Value, ...]
_LIST = required("list", FeelType.LIST)
_ELEMENT = required("element", FeelType.ANY)


def _bounded(items: _List) -> _List:
    if len(items) > MOST_ITEMS:
        raise EffortError(f"a list of {len(items)} items; at most {MOST_ITEMS}")
    return items


def _contains(items: _List, element: Value) -> bool:
    return any(equal(item, element) is True for item in items)


def _extreme(choose: Callable[..., Value]) -> Callable[[_List], Value]:
    """`min` or `max` of values of one ordered type; null of an empty or a mixed list."""

    def body(items: _List) -> Value:
        if not items or not all(comparable(items[0], item) for item in items):
            return None
        return choose(items)

    return body


def _sum(items: _List) -> Value:
    return _fold(add, items) if items else None


def _product(items: _List) -> Value:
    return _fold(multiply, items) if items and _all_numbers(items) else None


def _fold(operation: Callable[[Value, Value], Value], items: _List) -> Value:
    if not all(_is_summand(item) for item in items):
        return None
    total = items[0]
    for item in items[1:]:
        total = operation(total, item)
    return total


def _is_summand(item: Value) -> bool:
    return isinstance(item, Decimal | timedelta | YearMonthDuration)


def _all_numbers(items: _List) -> bool:
    return all(type(item) is Decimal for item in items)


def _mean(items: _List) -> Value:
    return divide(_sum(items), Decimal(len(items))) if items and _all_numbers(items) else None


def _median(items: Any) -> Value:
    if not items or not _all_numbers(items):
        return None
    ordered = sorted(items)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else _mean((ordered[middle - 1], ordered[middle]))


def _deviation(items: _List) -> Value:
    """The sample standard deviation."""
    if len(items) < 2 or not _all_numbers(items):
        return None
    mean = _mean(items)
    squares = tuple(multiply(subtract(item, mean), subtract(item, mean)) for item in items)
    variance: Any = divide(_sum(squares), Decimal(len(items) - 1))
    try:
        return NUMBERS.sqrt(variance)
    except (decimal.DecimalException, TypeError):
        return None


def _mode(items: Any) -> Value:
    """The most frequent numbers, ascending."""
    if not _all_numbers(items):
        return None
    counts: dict[Decimal, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    most = max(counts.values(), default=0)
    return tuple(sorted(item for item, count in counts.items() if count == most))


def _every(items: _List) -> Value:
    verdict: bool | None = True
    for item in items:
        verdict = conjunction(verdict, item)
    return verdict


def _any(items: _List) -> Value:
    verdict: bool | None = False
    for item in items:
        verdict = disjunction(verdict, item)
    return verdict


def _place(items: _List, position: Decimal, *, beyond: int = 0) -> int | None:
    """Position counted from 1 or from the end, as an index; None outside the list."""
    place = integer(position)
    if not place or not -len(items) <= place <= len(items) + beyond:
        return None
    return place - 1 if place > 0 else len(items) + place


def _sublist(items: _List, start: Decimal, length: Decimal | None = None) -> Value:
    first = _place(items, start)
    count = len(items) if length is None else integer(length)
    if first is None or count is None or count < 1:
        return None
    if length is not None and first + count > len(items):
        return None
    return items[first : first + count]


def _insert_before(items: _List, position: Decimal, new: Value) -> Value:
    at = _place(items, position)
    return None if at is None else _bounded((*items[:at], new, *items[at:]))


def _remove(items: _List, position: Decimal) -> Value:
    at = _place(items, position)
    return None if at is None else items[:at] + items[at + 1 :]


def _replace(items: _List, position: Decimal, new: Value) -> Value:
    at = _place(items, position)
    return None if at is None else (*items[:at], new, *items[at + 1 :])


def _append(arguments: _List) -> Value:
    first = arguments[0]
    return None if first is None else _bounded((*_as_list(first), *arguments[1:]))


def _concatenate(arguments: _List) -> Value:
    if any(argument is None for argument in arguments):
        return None
    joined: list[Value] = []
    for argument in arguments:
        joined.extend(_as_list(argument))
        _bounded(tuple(joined[: MOST_ITEMS + 1]) if len(joined) > MOST_ITEMS else ())
    return tuple(joined)


def _as_list(value: Value) -> _List:
    return value if isinstance(value, tuple) else (value,)


def _distinct(items: _List) -> Value:
    found: list[Value] = []
    hashable: set[Any] = set()
    for item in items:
        if isinstance(item, tuple | Mapping):
            if not _contains(tuple(found), item):
                found.append(item)
        elif (type(item), item) not in hashable:
            hashable.add((type(item), item))
            found.append(item)
    return tuple(found)


def _union(arguments: _List) -> Value:
    joined = _concatenate(arguments)
    return _distinct(joined) if isinstance(joined, tuple) else None


def _index_of(items: _List, match: Value) -> Value:
    return tuple(Decimal(at) for at, item in enumerate(items, 1) if equal(item, match) is True)


def _flatten(items: _List) -> Value:
    """All elements of all levels, by a stack: nesting may be deep."""
    found: list[Value] = []
    pending = list(reversed(items))
    while pending:
        item = pending.pop()
        if isinstance(item, tuple):
            pending.extend(reversed(item))
        else:
            found.append(item)
        _bounded(tuple(found[: MOST_ITEMS + 1]) if len(found) > MOST_ITEMS else ())
    return tuple(found)


def _over_list(body: Callable[[_List], Value]) -> Builtin:
    return Builtin((_LIST,), body, spread=True)


LISTS: Mapping[str, Builtin] = {
    "list contains": Builtin((_LIST, _ELEMENT), _contains),
    "count": _over_list(lambda items: Decimal(len(items))),
    "min": _over_list(_extreme(min)),
    "max": _over_list(_extreme(max)),
    "sum": _over_list(_sum),
    "mean": _over_list(_mean),
    "median": _over_list(_median),
    "stddev": _over_list(_deviation),
    "mode": _over_list(_mode),
    "product": _over_list(_product),
    "all": _over_list(_every),
    "any": _over_list(_any),
    "sublist": Builtin(
        (_LIST, required("start position", FeelType.NUMBER), optional("length", FeelType.NUMBER)), _sublist
    ),
    "append": Builtin((_LIST,), _append, spread=True),
    "concatenate": Builtin((_LIST,), _concatenate, spread=True),
    "union": Builtin((_LIST,), _union, spread=True),
    "insert before": Builtin(
        (_LIST, required("position", FeelType.NUMBER), required("newItem", FeelType.ANY)), _insert_before
    ),
    "remove": Builtin((_LIST, required("position", FeelType.NUMBER)), _remove),
    "list replace": Builtin(
        (_LIST, required("position", FeelType.NUMBER), required("newItem", FeelType.ANY)), _replace
    ),
    "reverse": Builtin((_LIST,), lambda items: items[::-1]),
    "index of": Builtin((_LIST, required("match", FeelType.ANY)), _index_of),
    "distinct values": Builtin((_LIST,), _distinct),
    "flatten": Builtin((_LIST,), _flatten),
}
