"""
Facts that several-fact rules match, read strictly.

What the matching engine would misread, clamp, confuse or crash on is refused here, by name: the list
in `tests/unit/rules/test_join_facts.py` is the one its crashes taught.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from rules.errors import RulesError
from rules.feel import FeelType, Value
from rules.feel.temporal import parse_date, parse_duration
from rules.joins import Kinds
from rules.schema import FactField

MOST_FACTS = 50_000
MOST_FIELDS = 200
LONGEST_TEXT = 256
LARGEST_NUMBER = Decimal(2**53)  # beyond it, an integer and its float differ
MOST_DECIMALS = 9
_RESERVED = ("kind", "id")


class JoinFactError(RulesError):
    """
    A fact that the join rules cannot take.

    Parameters
    ----------
    field
        Where: ``facts[3].supplier``.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class JoinFact:
    """
    One fact.

    Parameters
    ----------
    values
        By field; a field that is not there is absent, and no test on it holds.
    """

    kind: str
    id: str
    values: Mapping[str, Value]


def read_facts(raw: object, kinds: Kinds) -> tuple[JoinFact, ...]:
    """
    Facts from plain data: a list of `{"kind": …, "id": …, field: value}`.

    Raises
    ------
    JoinFactError
        The first thing that is not as the kinds declare, with its place.
    """
    if not isinstance(raw, list | tuple) or not raw:
        raise JoinFactError("facts", "give a list with at least one fact")
    if len(raw) > MOST_FACTS:
        raise JoinFactError("facts", f"{len(raw)} facts; at most {MOST_FACTS}")
    facts = tuple(_read_fact(item, f"facts[{at}]", kinds) for at, item in enumerate(raw))
    check_unique(facts)
    return facts


def check_unique(facts: tuple[JoinFact, ...]) -> None:
    """Refuse two facts of one id."""
    seen: set[str] = set()
    for at, fact in enumerate(facts):
        if fact.id in seen:
            raise JoinFactError(f"facts[{at}].id", f"`{fact.id}` is used twice; ids are unique")
        seen.add(fact.id)


def _read_fact(item: object, place: str, kinds: Kinds) -> JoinFact:
    if not isinstance(item, Mapping):
        raise JoinFactError(place, f"a {type(item).__name__} where a fact with fields should be")
    if len(item) > MOST_FIELDS:
        raise JoinFactError(place, f"{len(item)} fields; at most {MOST_FIELDS}")
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise JoinFactError(f"{place}.kind", f"give one of {', '.join(sorted(kinds))}")
    id_ = item.get("id")
    if not isinstance(id_, str) or not 1 <= len(id_) <= LONGEST_TEXT:
        raise JoinFactError(f"{place}.id", f"give a text of 1 to {LONGEST_TEXT} characters")
    values: dict[str, Value] = {}
    for name, value in item.items():
        field = kinds[kind].field(name) if isinstance(name, str) else None
        if name not in _RESERVED and field is None:
            raise JoinFactError(f"{place}.{str(name)[:80]}", f"`{kind}` declares no such field")
        if field is not None and name not in _RESERVED and value is not None:
            values[field.name] = _read_value(value, field, f"{place}.{field.name}")
    return JoinFact(kind, id_, values)


def _read_value(value: object, field: FactField, place: str) -> Value:
    match field.type:
        case FeelType.NUMBER:
            return _read_number(value, place)
        case FeelType.TEXT:
            if isinstance(value, str) and len(value) <= LONGEST_TEXT:
                return value
            raise JoinFactError(place, f"give a text of at most {LONGEST_TEXT} characters")
        case FeelType.BOOLEAN:
            if isinstance(value, bool):
                return value
            raise JoinFactError(place, "give true or false")
        case FeelType.DATE:
            return _read_temporal(value, parse_date, date, place)
        case FeelType.DAYS_DURATION:
            return _read_temporal(value, parse_duration, timedelta, place)
    raise JoinFactError(place, f"a {field.type} cannot be matched between facts; declare another type")


def _read_number(value: object, place: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise JoinFactError(
            place, f"a {type(value).__name__} where a number should be; give an int or a Decimal"
        )
    number = Decimal(value)
    if not number.is_finite():
        raise JoinFactError(place, f"`{number}` is no number; give a finite one")
    if abs(number) > LARGEST_NUMBER:
        raise JoinFactError(place, "beyond 2**53; give it in a larger unit")
    if decimals(number) > MOST_DECIMALS:
        raise JoinFactError(place, f"more than {MOST_DECIMALS} decimals; round it")
    return number


def _read_temporal(value: object, parse: Callable[[str], Value], kind: type, place: str) -> Value:
    found: Value = parse(value) if isinstance(value, str) else value  # type: ignore[assignment]  # checked next
    if type(found) is not kind:
        raise JoinFactError(place, f"`{str(value)[:80]}` is no {kind.__name__}")
    return found


def decimals(number: Decimal) -> int:
    """Decimal places that are needed to write the number."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
