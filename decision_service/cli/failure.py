"""
Exit codes: 0 it holds; 1 what was checked does not hold; 2 bad input or usage; 3 unavailable.

Every failure is one red line that names the field and the fix, or with --json one object.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import grpc
from rich.console import Console

HOLDS, DOES_NOT_HOLD, BAD_INPUT, UNAVAILABLE = 0, 1, 2, 3

_UNAVAILABLE_CODES = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
}


class Failure(Exception):  # noqa: N818 - an outcome of a command, with an exit code
    """A command that cannot go on: bad input or usage."""

    code = BAD_INPUT


class UnavailableFailure(Failure):
    """The service is not there."""

    code = UNAVAILABLE


@contextmanager
def exit_codes(*, is_json: bool) -> Iterator[None]:
    """Turn whatever goes wrong into a line and an exit code."""
    try:
        yield
    except grpc.RpcError as error:
        code = UNAVAILABLE if error.code() in _UNAVAILABLE_CODES else BAD_INPUT
        _say(_of_rpc(error), is_json=is_json)
        sys.exit(code)
    except Failure as error:
        _say({"error": str(error)}, is_json=is_json)
        sys.exit(error.code)
    except Exception as error:
        if not _is_refusal(error):
            raise
        _say({"error": str(error)}, is_json=is_json)
        sys.exit(BAD_INPUT)


def _is_refusal(error: Exception) -> bool:
    """Whether it says what is wrong with the input; anything else is a bug and shows its trace."""
    from audit import AuditError  # noqa: PLC0415 - imported already where it was raised
    from decision_service.errors import ServiceError  # noqa: PLC0415
    from optimization.errors import OptimizationError  # noqa: PLC0415
    from rules import RulesError  # noqa: PLC0415

    return isinstance(error, (ServiceError, OptimizationError, RulesError, AuditError, OSError))


def _of_rpc(error: Any) -> dict[str, Any]:
    from google.rpc import error_details_pb2, status_pb2  # noqa: PLC0415 - only on failure

    found: dict[str, Any] = {"error": error.details(), "code": error.code().name}
    raw = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if raw is None:
        return found
    for detail in status_pb2.Status.FromString(raw).details:
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            found["reason"] = info.reason
        elif detail.Unpack(bad):
            found["fields"] = [{"field": v.field, "description": v.description} for v in bad.field_violations]
    return found


def _say(problem: dict[str, Any], *, is_json: bool) -> None:
    if is_json:
        click.echo(json.dumps(problem))
        return
    console = Console(stderr=True, soft_wrap=True)
    fields = problem.get("fields")
    if not fields:
        console.print(f"error: {problem['error']}", style="red", markup=False)
        return
    console.print("error: bad input", style="red")
    for field in fields:
        console.print(f"  {field['field']}: {field['description']}", markup=False)
