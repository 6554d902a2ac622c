"""
Dates, times and durations as text: the lexical forms of XML Schema, DMN 1.3, 10.3.4.1.

Years have four digits and zones are offsets: a named zone needs a table that changes with the
machine, so it has no value here. What cannot be read is None.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal

from rules.feel.values import YearMonthDuration

_LONGEST_NUMBER = 9
_FURTHEST_ZONE = timedelta(hours=14)


def parse_date(text: str) -> date | None:
    """`2026-11-24`."""
    parts = text.split("-")
    if [len(part) for part in parts] != [4, 2, 2] or not all(map(_all_digits, parts)):
        return None
    try:
        return date(*map(int, parts))
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """`10:30:00`, `10:30:00.5Z`, `10:30:00+01:00`."""
    clock, zone = _split_zone(text)
    whole, _, fraction = clock.partition(".")
    parts = whole.split(":")
    if [len(part) for part in parts] != [2, 2, 2] or not all(map(_all_digits, parts)):
        return None
    if (fraction and not _all_digits(fraction)) or clock.endswith(".") or zone is None:
        return None
    hour, minute, second = map(int, parts)
    try:
        return time(hour, minute, second, int(fraction[:6].ljust(6, "0")), zone.offset)
    except ValueError:
        return None


def parse_date_time(text: str) -> datetime | None:
    """`2026-11-24T10:30:00Z`; a date alone is its midnight."""
    day_text, mark, clock_text = text.partition("T")
    day = parse_date(day_text)
    clock = parse_time(clock_text) if mark else time()
    return None if day is None or clock is None else datetime.combine(day, clock)


def parse_duration(text: str) -> timedelta | YearMonthDuration | None:
    """`P1Y2M`, or `P3DT4H5M6.5S`; years and months do not mix with days."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text)
    days_text, mark, clock_text = body[1:].partition("T")
    if not body.startswith("P") or (mark and not clock_text):
        return None
    days, clock = _read_units(days_text, "YMD"), _read_units(clock_text, "HMS")
    if days is None or clock is None or not (days or clock):
        return None
    if days.keys() & {"Y", "M"}:
        months = int(days.get("Y", 0)) * 12 + int(days.get("M", 0))
        return None if clock or "D" in days else YearMonthDuration(sign * months)
    micros = int(clock.get("S", Decimal()).scaleb(6))
    try:
        return sign * timedelta(
            days=int(days.get("D", 0)),
            hours=int(clock.get("H", 0)),
            minutes=int(clock.get("M", 0)),
            microseconds=micros,
        )
    except OverflowError:
        return None


def format_time(value: time | datetime) -> str:
    """ISO 8601 without superfluous zeros, `Z` for UTC."""
    text = value.isoformat()
    clock, zone = (text[:-6], text[-6:]) if value.tzinfo is not None else (text, "")
    if "." in clock:
        clock = clock.rstrip("0")
    return clock + ("Z" if zone == "+00:00" else zone)


def format_duration(value: timedelta | YearMonthDuration) -> str:
    """The shortest lexical form."""
    if isinstance(value, YearMonthDuration):
        years, months = divmod(abs(value.months), 12)
        body = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
        return ("-" if value.months < 0 else "") + "P" + body
    size = abs(value)
    minutes, second = divmod(size.seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{size.microseconds:06d}".rstrip("0") if size.microseconds else ""
    day = f"{size.days}D" if size.days else ""
    clock = "".join(f"{number}{unit}" for number, unit in ((hour, "H"), (minute, "M")) if number)
    clock += f"{second}{fraction}S" if second or fraction else ""
    body = day + (f"T{clock}" if clock else "") or "T0S"
    return ("-" if value < timedelta() else "") + "P" + body


def zone_of(shift: timedelta) -> tzinfo | None:
    """The zone of an offset of at most fourteen hours."""
    if abs(shift) > _FURTHEST_ZONE:
        return None
    return timezone(shift) if shift else UTC


class _Zone:
    """A zone that was read: an offset, or none."""

    __slots__ = ("offset",)

    def __init__(self, offset: tzinfo | None) -> None:
        self.offset = offset


def _split_zone(text: str) -> tuple[str, _Zone | None]:
    """Clock and zone; the zone is None when it cannot be read."""
    if text.endswith("Z"):
        return text[:-1], _Zone(UTC)
    if len(text) > 6 and text[-6] in "+-":
        return text[:-6], _read_offset(text[-6], text[-5:])
    return text, (None if "@" in text else _Zone(None))


def _read_offset(sign: str, text: str) -> _Zone | None:
    hours, mark, minutes = text.partition(":")
    if not mark or not (_all_digits(hours) and _all_digits(minutes)) or int(minutes) > 59:
        return None
    offset = int(hours) * 60 + int(minutes)
    zone = zone_of(timedelta(minutes=-offset if sign == "-" else offset))
    return None if zone is None else _Zone(zone)


def _read_units(text: str, units: str) -> dict[str, Decimal] | None:
    """Numbers by their unit, in the order of `units`; only seconds have a fraction."""
    found: dict[str, Decimal] = {}
    number, allowed = "", units
    for character in text:
        if character in "0123456789.":
            number += character
        elif character in allowed and _is_amount(number, character):
            found[character] = Decimal(number)
            number, allowed = "", allowed[allowed.index(character) + 1 :]
        else:
            return None
    return None if number else found


def _is_amount(number: str, unit: str) -> bool:
    whole, mark, fraction = number.partition(".")
    if mark and (unit != "S" or not _all_digits(fraction) or len(fraction) > _LONGEST_NUMBER):
        return False
    return _all_digits(whole) and len(whole) <= _LONGEST_NUMBER


def _all_digits(text: str) -> bool:
    return bool(text) and all(character in "0123456789" for character in text)
