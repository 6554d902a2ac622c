"""Staged roll-out, over the wire: parse, call, render."""

from dataclasses import dataclass
from typing import Any

from decision_service.api import convert
from decision_service.api.endpoint import Call
from decision_service.api.paging import in_thread
from decision_service.usecases.waves.rollout import Waves, WavesRecord
from decision_service.v1 import wave_service_pb2 as pb


@dataclass(frozen=True, slots=True)
class WaveServicer:
    """Waves of releases."""

    waves: Waves

    async def GetWaves(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """How far a release has come."""
        return pb.GetWavesResponse(waves=_waves(await in_thread(self.waves.get, request.name)))

    async def OpenWave(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """The next one."""
        opened = await in_thread(
            self.waves.open, request.name, request.wave, call.caller, reason=request.reason
        )
        return pb.OpenWaveResponse(waves=_waves(opened))

    async def PauseWaves(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Stay there."""
        paused = await in_thread(self.waves.pause, request.name, call.caller, reason=request.reason)
        return pb.PauseWavesResponse(waves=_waves(paused))

    async def ResumeWaves(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Go on."""
        resumed = await in_thread(self.waves.resume, request.name, call.caller, reason=request.reason)
        return pb.ResumeWavesResponse(waves=_waves(resumed))

    async def TakeBackWave(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """The newest one."""
        taken = await in_thread(
            self.waves.take_back, request.name, request.wave, call.caller, reason=request.reason
        )
        return pb.TakeBackWaveResponse(waves=_waves(taken))


def _waves(record: WavesRecord) -> Any:
    return convert.render(record, pb.Waves())
