"""`health`: whether a service serves, for probes and people."""

import click
import grpc

from decision_service.cli.command import command, console, print_json
from decision_service.cli.failure import DOES_NOT_HOLD, Failure
from decision_service.cli.main_group import cli
from decision_service.cli.session import Options, session

_SECONDS = 3.0


@command(cli, "health")
@click.option("--service", "name", default="", help="One service, or `certificates`. Default: the whole.")
def health(options: Options, name: str) -> None:
    """Whether the service at --address serves: exit code 0, 1 when it does not, 3 when nobody answers."""
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: PLC0415 - other commands start faster

    if not options.address:
        raise Failure("give --address HOST:PORT of a running service")
    with session(options) as service:
        stub = health_pb2_grpc.HealthStub(service.channel)
        try:
            found = stub.Check(
                health_pb2.HealthCheckRequest(service=name), timeout=options.timeout or _SECONDS
            )
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                raise Failure(f"no service is named `{name}`") from None
            raise
    status = health_pb2.HealthCheckResponse.ServingStatus.Name(found.status)
    if options.is_json:
        print_json({"service": name, "status": status})
    else:
        console.print(status)
    if found.status != health_pb2.HealthCheckResponse.SERVING:
        raise SystemExit(DOES_NOT_HOLD)
