"""
Item definitions: what a value must be (DMN 1.3, 7.3.3), and values from JSON read by it.

A date is text in JSON, so only the declared type says that `2026-11-24` is one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from rules.dmn.errors import DmnError, DmnInputError
from rules.dmn.xml_tree import Element
from rules.feel import FeelError, FeelType, UnaryTests, Value, YearMonthDuration, parse_unary_tests, type_of
from rules.feel.temporal import parse_date, parse_date_time, parse_duration, parse_time

_DEEPEST = 32
_BUILT_IN: Mapping[str, FeelType] = {
    "Any": FeelType.ANY,
    "string": FeelType.TEXT,
    "number": FeelType.NUMBER,
    "boolean": FeelType.BOOLEAN,
    "date": FeelType.DATE,
    "time": FeelType.TIME,
    "date and time": FeelType.DATE_TIME,
    "dateTime": FeelType.DATE_TIME,
    "days and time duration": FeelType.DAYS_DURATION,
    "dayTimeDuration": FeelType.DAYS_DURATION,
    "years and months duration": FeelType.MONTHS_DURATION,
    "yearMonthDuration": FeelType.MONTHS_DURATION,
    "context": FeelType.CONTEXT,
    "integer": FeelType.NUMBER,
    "long": FeelType.NUMBER,
    "double": FeelType.NUMBER,
}


@dataclass(frozen=True, slots=True)
class ItemType:
    """
    A type of the model.

    Parameters
    ----------
    components
        Of a structure, by name; empty for any other type.
    is_collection
        A list of such values.
    allowed
        What a value, or each element, must pass.
    """

    base: FeelType
    components: Mapping[str, "ItemType"]
    is_collection: bool = False
    allowed: UnaryTests | None = None


ANYTHING = ItemType(FeelType.ANY, {})


class TypeBook:
    """
    The item definitions of a model by name, resolved on demand.

    Parameters
    ----------
    definitions
        The `itemDefinition` elements.
    """

    def __init__(self, definitions: tuple[Element, ...]) -> None:
        self._definitions = {definition.get("name"): definition for definition in definitions}
        self._resolved: dict[str, ItemType] = {}
        self._open: list[str] = []

    def find(self, reference: str, element: str) -> ItemType:
        """The type of a reference; a prefix (`feel:number`, `tck:tLoan`) is not part of the name."""
        name = (
            reference.strip()
            if reference.strip() in self._definitions
            else reference.rpartition(":")[2].strip()
        )
        if name in self._resolved:
            return self._resolved[name]
        if name not in self._definitions:
            if name not in _BUILT_IN and name:
                raise DmnError(element, f"unknown type `{reference[:80]}`; define it or correct the name")
            return ItemType(_BUILT_IN.get(name, FeelType.ANY), {})
        if name in self._open or len(self._open) > _DEEPEST:
            raise DmnError(f"item definition `{name[:80]}`", "contains itself; break the cycle")
        self._open.append(name)
        self._resolved[name] = self._read(self._definitions[name], f"item definition `{name[:80]}`")
        self._open.pop()
        return self._resolved[name]

    def component_names(self) -> tuple[str, ...]:
        """Names of all components of all definitions."""
        pending, names = list(self._definitions.values()), set[str]()
        while pending:
            components = list(pending.pop().all("itemComponent"))
            names.update(component.get("name") for component in components)
            pending.extend(components)
        return tuple(sorted(names))

    def _read(self, definition: Element, element: str) -> ItemType:
        components = {
            component.get("name"): self._read(
                component, f"{element} component `{component.get('name')[:80]}`"
            )
            for component in definition.all("itemComponent")
        }
        base = FeelType.CONTEXT
        inherited = ANYTHING
        if not components:
            inherited = self.find(definition.text_of("typeRef") or "Any", element)
            base, components = inherited.base, dict(inherited.components)
        allowed = definition.one("allowedValues", "typeConstraint")
        tests = _read_tests(allowed, base, element) if allowed is not None else inherited.allowed
        collection = definition.get("isCollection") == "true" or inherited.is_collection
        return ItemType(base, components, collection, tests)


def _read_tests(allowed: Element, base: FeelType, element: str) -> UnaryTests:
    try:
        return parse_unary_tests(allowed.text_of("text"), base)
    except FeelError as error:
        raise DmnError(f"{element} allowed values", error.message, allowed.line) from error


def conforms(value: Value, kind: ItemType) -> tuple[bool, Value]:
    """Whether the value is of the type, after the implicit conversions of 10.3.2.9.4, and the value."""
    if value is None:
        return True, None
    if not kind.is_collection:
        if isinstance(value, tuple) and len(value) == 1 and kind.base not in {FeelType.ANY, FeelType.LIST}:
            value = value[0]
        return _conforms_single(value, kind)
    items = value if isinstance(value, tuple) else (value,)
    checked = [_conforms_single(item, kind) for item in items]
    return all(fits for fits, _ in checked), tuple(item for _, item in checked)


def _conforms_single(value: Value, kind: ItemType) -> tuple[bool, Value]:
    if value is None or kind.base is FeelType.ANY:
        fits: bool = value is None or kind.allowed is None or kind.allowed.matches(value)
        return fits, value
    if type_of(value) is not kind.base:
        return False, value
    if isinstance(value, Mapping) and kind.components:
        if not kind.components.keys() <= value.keys():
            return False, value
        parts = {name: conforms(value[name], component) for name, component in kind.components.items()}
        value = {**value, **{name: part for name, (_, part) in parts.items()}}
        if not all(fit for fit, _ in parts.values()):
            return False, value
    return kind.allowed is None or kind.allowed.matches(value), value


def read_input(value: Any, kind: ItemType, field: str, depth: int = 0) -> Value:
    """A JSON value as a value of the type; refuses what does not conform, with the path."""
    if depth > _DEEPEST:
        raise DmnInputError(field, f"nested deeper than {_DEEPEST}")
    if value is None:
        return None
    if kind.is_collection:
        items = value if isinstance(value, list | tuple) else [value]
        single = ItemType(kind.base, kind.components, allowed=kind.allowed)
        return tuple(read_input(item, single, f"{field}[{at}]", depth + 1) for at, item in enumerate(items))
    read = _READERS.get(kind.base, _read_anything)(value, kind, field, depth)
    if kind.allowed is not None and not kind.allowed.matches(read):
        raise DmnInputError(
            field, f"`{str(value)[:80]}` is not allowed; the model takes {kind.allowed.text[:200]}"
        )
    return read


def _read_anything(value: Any, kind: ItemType, field: str, depth: int) -> Value:
    if isinstance(value, Mapping):
        return _read_context(value, kind, field, depth)
    if isinstance(value, list | tuple):
        return tuple(read_input(item, ANYTHING, f"{field}[{at}]", depth + 1) for at, item in enumerate(value))
    if isinstance(value, str | bool | date | time | timedelta | YearMonthDuration):
        return value
    return _read_number(value, kind, field, depth)


def _read_context(value: Any, kind: ItemType, field: str, depth: int) -> Value:
    if not isinstance(value, Mapping):
        raise DmnInputError(field, f"`{str(value)[:80]}` is no object; give the components by name")
    missing = dict.fromkeys(kind.components.keys() - value.keys())
    read: dict[str, Value] = {**missing}
    for name, item in value.items():
        if not isinstance(name, str):
            raise DmnInputError(field, "a component's name is no text")
        component = kind.components.get(name, ANYTHING)
        read[name] = read_input(item, component, f"{field}.{name[:80]}", depth + 1)
    return read


def _read_number(value: Any, _: ItemType, field: str, __: int) -> Value:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise DmnInputError(field, f"`{str(value)[:80]}` is no number; give a decimal without quotes")
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > 6000:
        raise DmnInputError(field, f"`{str(value)[:80]}` is beyond decimal128")
    return number


def _read_boolean(value: Any, _: ItemType, field: str, __: int) -> Value:
    if not isinstance(value, bool):
        raise DmnInputError(field, f"`{str(value)[:80]}` is no boolean; give true or false")
    return value


def _read_text(value: Any, _: ItemType, field: str, __: int) -> Value:
    if not isinstance(value, str):
        raise DmnInputError(field, f"`{str(value)[:80]}` is no text; put it in quotes")
    return value


def _temporal(kind: type, parse: Callable[[str], Value], example: str) -> Callable[..., Value]:
    def read(value: Any, _: ItemType, field: str, __: int) -> Value:
        found: Value = parse(value) if isinstance(value, str) else value
        if type(found) is not kind:
            raise DmnInputError(field, f"`{str(value)[:80]}` cannot be read; write {example}")
        return found

    return read


_READERS: Mapping[FeelType, Callable[[Any, ItemType, str, int], Value]] = {
    FeelType.NUMBER: _read_number,
    FeelType.BOOLEAN: _read_boolean,
    FeelType.TEXT: _read_text,
    FeelType.CONTEXT: _read_context,
    FeelType.DATE: _temporal(date, parse_date, "2026-11-24"),
    FeelType.TIME: _temporal(time, parse_time, "10:30:00"),
    FeelType.DATE_TIME: _temporal(datetime, parse_date_time, "2026-11-24T10:30:00Z"),
    FeelType.DAYS_DURATION: _temporal(timedelta, parse_duration, "P3DT4H"),
    FeelType.MONTHS_DURATION: _temporal(YearMonthDuration, parse_duration, "P1Y2M"),
}
