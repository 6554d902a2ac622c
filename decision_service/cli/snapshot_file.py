"""Snapshot files: proto3 JSON of message Snapshot, read and written with the names of the proto."""

from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToJson, Parse, ParseError

from decision_service.cli.failure import Failure
from decision_service.v1 import planning_pb2
from optimization.network import Snapshot


def read_message(path: Path) -> Any:
    """
    The message in a file, held against the contract.

    Raises
    ------
    Failure
        The file is not a snapshot; the reader's complaint names the place.
    """
    from decision_service.api.validation import validate  # noqa: PLC0415 - commands that read no file start faster

    try:
        message = Parse(path.read_bytes(), planning_pb2.Snapshot(), max_recursion_depth=50)
    except (ParseError, UnicodeDecodeError, RecursionError) as error:
        raise Failure(f"{path}: not a snapshot: {str(error)[:500]}") from error
    validate(message)
    return message


def read_snapshot(path: Path) -> Snapshot:
    """The snapshot in a file."""
    from decision_service.api import convert  # noqa: PLC0415 - see above

    snapshot: Snapshot = convert.parse(read_message(path), Snapshot)
    return snapshot


def write_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Write a snapshot file."""
    from decision_service.api import convert  # noqa: PLC0415 - see above

    message = convert.render(snapshot, planning_pb2.Snapshot())
    path.write_text(MessageToJson(message, preserving_proto_field_name=True, indent=1) + "\n")
