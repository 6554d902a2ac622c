"""
What was observed, remembered from the log as it grows; begun anew by every process.

Only as far back as somebody asks: an earlier start than before reads the log again from there.
"""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

from audit import Ledger
from decision_service.usecases.guarding.assessment import Sides
from decision_service.usecases.guarding.indicators import Observation, observations_of
from decision_service.usecases.guarding.watches import Watch, WatchKind
from decision_service.usecases.release_guard import GuardParameters

BATCH = 200  # entries between two looks at whether to go on


class Seen:
    """Observations by release; thread-safe."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._by_release: dict[str, list[Observation]] = {}
        self._first = self._next = 0
        self._has_begun = False

    def catch_up(self, since: datetime) -> None:
        """Read all that was logged at or after a time."""
        with self._lock:
            first = place_of(self._ledger, since)
            if not self._has_begun or first < self._first:
                self._by_release, self._first, self._next, self._has_begun = {}, first, first, True
            while self._next < (size := self._ledger.size):
                stop = min(self._next + BATCH, size)
                for entry in self._ledger.scan(self._next, stop):
                    for observation in observations_of(self._ledger, entry):
                        self._by_release.setdefault(observation.release, []).append(observation)
                self._next = stop

    def sides(self, watch: Watch, parameters: GuardParameters, now: datetime) -> Sides:
        """What a watch is judged by."""
        window = watch.since - timedelta(days=parameters.baseline_days)
        others = tuple(self._of(watch.other, watch.scope.key))
        return Sides(
            since=watch.since,
            now=now,
            is_canary=watch.kind is WatchKind.CANARY,
            before=tuple(o for o in others if window <= o.at < watch.since),
            beside=tuple(o for o in others if o.at >= watch.since),
            watched=tuple(o for o in self._of(watch.release, watch.scope.key) if o.at >= watch.since),
        )

    def count(self, watch: Watch) -> int:
        """Observations that a watch may be judged by: as long as there are no more, nothing new was seen."""
        with self._lock:
            return sum(len(self._by_release.get(name, ())) for name in (watch.release, watch.other))

    def _of(self, release: str, key: str) -> Iterator[Observation]:
        with self._lock:
            found = tuple(self._by_release.get(release, ()))
        return (o for o in found if key in o.keys)


def place_of(ledger: Ledger, since: datetime) -> int:
    """The first entry recorded at or after a time, by bisection: times of the log do not fall."""
    low, high = 0, ledger.size
    while low < high:
        middle = (low + high) // 2
        if ledger.get(middle).recorded_at < since:
            low = middle + 1
        else:
            high = middle
    return low
