"""Reports, over the wire: parse, call, render."""

from dataclasses import dataclass
from typing import Any

from decision_service.api import convert
from decision_service.api.endpoint import Call
from decision_service.api.paging import in_thread
from decision_service.usecases.adoption.figures import AdoptionGroup
from decision_service.usecases.adoption.report import AdoptionQuestion, ReportAdoption, SegmentKind
from decision_service.v1 import report_service_pb2 as pb


@dataclass(frozen=True, slots=True)
class ReportServicer:
    """What people did with what was recommended."""

    adoption: ReportAdoption

    async def GetAdoption(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """By segment and reason code."""
        report = await in_thread(self.adoption, _question(request, call))
        response = pb.GetAdoptionResponse()
        _render(report.total, response.total)
        for group in report.segments:
            _render(group, response.segments.add())
        for group in report.reasons:
            _render(group, response.reasons.add())
        return response


def _question(request: Any, call: Call) -> AdoptionQuestion:
    by = pb.SegmentKind.Name(request.by or pb.SEGMENT_KIND_ABC).removeprefix("SEGMENT_KIND_")
    since, until = (
        convert.parse_time(getattr(request, name)) if request.HasField(name) else None
        for name in ("since", "until")
    )
    if since and until and since >= until:
        raise convert.refuse("until", "must be after since")
    return AdoptionQuestion(request.release, request.scope, since, until, SegmentKind(by), call.caller.scopes)


def _render(group: AdoptionGroup, message: Any) -> None:
    convert.render(group, message)
    message.is_suppressed = group.is_suppressed
