"""Automatic rollback, looked at every few seconds while the service runs."""

import asyncio
import logging
import time
from dataclasses import dataclass

from decision_service.usecases.guarding.guard import Guard

SECONDS = 5.0
_SHARE = 20.0  # a look that takes long is followed by a rest of so many times as long
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Guarding:
    """Looks for what got worse; what fails is logged and tried again."""

    guard: Guard

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            started = time.monotonic()
            try:
                tripped = await asyncio.to_thread(self.guard.look)
                if tripped:
                    _LOG.warning("%d releases rolled back by the guard", tripped)
            except Exception:  # noqa: BLE001 - a guard that ends would end unseen
                _LOG.exception("the guard could not look; tried again in %s s", SECONDS)
            await asyncio.sleep(max(SECONDS, _SHARE * (time.monotonic() - started)))
