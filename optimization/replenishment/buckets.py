"""
Days to buckets and back.

Orders are placed on the first day of a bucket. What arrives during a bucket serves demand from the
first bucket that starts on or after the arrival. Nothing arrives on a closed day: it waits for the
next open one. Production counts open days only, everything else calendar days.
"""

from datetime import date, timedelta

from optimization.network import Calendar

_OPEN = Calendar("")


class OpenDays:
    """The days on which a location receives and produces."""

    def __init__(self, calendar: Calendar | None) -> None:
        calendar = calendar or _OPEN
        self._weekdays = frozenset(calendar.closed_weekdays)
        self._holidays = frozenset(calendar.holidays)
        self.is_always_open = not (self._weekdays or self._holidays)

    def next_open(self, day: date) -> date:
        """The day itself, or the first open day after it."""
        while day.isoweekday() in self._weekdays or day in self._holidays:
            day += timedelta(days=1)
        return day

    def after(self, day: date, days: int, *, working: bool) -> date:
        """The open day that lies `days` later, in open days when `working`."""
        if self.is_always_open or not working:
            return self.next_open(day + timedelta(days=days))
        for _ in range(days):
            day = self.next_open(day + timedelta(days=1))
        return self.next_open(day)


def bucket_of(day: date, as_of: date, bucket_days: int) -> int:
    """The bucket a day lies in; overdue days count in bucket 0."""
    return max(0, (day - as_of).days // bucket_days)


def bucket_from(day: date, as_of: date, bucket_days: int) -> int:
    """The first bucket that starts on or after a day."""
    return max(0, -((as_of - day).days // bucket_days))
