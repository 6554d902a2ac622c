"""
What keeps health true while the service runs: whether the log answers, and when certificates end.

The standard health service answers for three names: each RPC service and the whole (empty name)
serve while the log answers; `certificates` stops serving when one ends soon, which alerts without
taking the service away.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from grpc_health.v1 import health_pb2

from decision_service.api.identity.certificates import OwnCertificates

CERTIFICATES = "certificates"
SECONDS = 2.0
CERTIFICATE_SECONDS = 3600.0
_LATE_SECONDS = 5.0  # a log that does not answer within this is away

_SERVING, _NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Watch:
    """
    Looks every two seconds at the log, every hour at the certificates.

    Parameters
    ----------
    look
        Reads something of the log; raises where it is away.
    names
        Services that need the log.
    """

    health: Any
    names: tuple[str, ...]
    look: Callable[[], object]
    certificates: OwnCertificates | None
    now: Callable[[], datetime]
    _is_serving: bool | None = field(default=None)

    async def run(self) -> None:
        """Until cancelled."""
        rounds = 0
        while True:
            if rounds % int(CERTIFICATE_SECONDS / SECONDS) == 0:
                await self.look_at_certificates()
            rounds += 1
            await self.look_at_log()
            await asyncio.sleep(SECONDS)

    async def look_at_log(self) -> None:
        """Serve while it answers."""
        try:
            # Not wait_for: on Python 3.11 it loses a cancellation that meets the answer, and a drain waits for ever.
            async with asyncio.timeout(_LATE_SECONDS):
                await asyncio.to_thread(self.look)
            is_serving = True
        except Exception as error:  # noqa: BLE001 - whatever the driver raises, the log is away
            if self._is_serving is not False:
                _LOG.error("the log does not answer: %s", error)
            is_serving = False
        if is_serving != self._is_serving:
            self._is_serving = is_serving
            for name in self.names:
                await self.health.set(name, _SERVING if is_serving else _NOT_SERVING)

    async def look_at_certificates(self) -> None:
        """Warn of those that end soon."""
        if self.certificates is None:
            return
        ending = self.certificates.ending(self.now())
        for certificate in ending:
            _LOG.warning("%s ends %s; renew it", certificate.name, certificate.until)
        await self.health.set(CERTIFICATES, _NOT_SERVING if ending else _SERVING)
