"""Timers of waiting orders, fired every few seconds by one replica while the service runs."""

import asyncio
import logging
from dataclasses import dataclass

from audit import Leases
from decision_service.usecases.escalation.timers import Timers

SECONDS = 5.0
LEASE = "followers/timing"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Looks for what is due; what fails is logged and tried again."""

    timers: Timers
    leases: Leases

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                fired = await asyncio.to_thread(self._fire)
                if fired:
                    _LOG.info("%d timers fired", fired)
            except Exception:  # noqa: BLE001 - whatever it was, the next order must not wait for ever
                _LOG.exception("timers could not fire; tried again in %s s", SECONDS)
            await asyncio.sleep(SECONDS)

    def _fire(self) -> int:
        return self.timers.fire() if self.leases.hold(LEASE) else 0
