"""A decision in the making, for whoever looks: incumbent, bound and gap on one line that moves."""

from typing import Any

from decision_service.cli.command import console, say
from decision_service.cli.session import Session
from decision_service.v1 import solve_service_pb2 as pb

_SERVICE = pb.DESCRIPTOR.services_by_name["SolveService"]


def decide_watched(service: Session, request: Any) -> Any:
    """The response to a DecideRequest; its search is shown while it goes on."""
    with console.status("deciding") as status:
        for word in service.stream(_SERVICE, "WatchDecide", pb.WatchDecideRequest(decide=request)):
            if word.HasField("decided"):
                return word.decided
            status.update(line(word.progress))
    raise AssertionError("the stream ended without a decision")


def line(progress: Any) -> str:
    """`orders: cost 119,743.89, at least 117,260.99, gap 2.07 %, 11 nodes, 4.2 s`."""
    parts = []
    if progress.HasField("incumbent"):
        parts.append(f"cost {say(progress.incumbent)}")
    if progress.HasField("bound"):
        parts.append(f"at least {say(progress.bound)}")
    if progress.HasField("gap"):
        parts.append(f"gap {100 * progress.gap:.2f} %")
    parts += [f"{progress.nodes} nodes", f"{progress.seconds:.1f} s"]
    return f"{progress.solve}: {', '.join(parts)}"
