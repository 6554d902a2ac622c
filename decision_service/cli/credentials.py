"""
How a command proves who it is to a service behind TLS: PEM files and a token file, named by the environment.

    DECISIONCTL_CA            the authority of the service's certificate; with it the channel is TLS
    DECISIONCTL_CERTIFICATE   ours, and
    DECISIONCTL_KEY           its key
    DECISIONCTL_TOKEN         file of a bearer token

Files and not values: an environment shows in process lists and crash reports.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import grpc

from decision_service.cli.failure import Failure

_PREFIX = "DECISIONCTL_"


def connect(
    address: str, options: Sequence[tuple[str, int]], environment: Mapping[str, str] | None = None
) -> grpc.Channel:
    """A channel to the service: plaintext on loopback, TLS where an authority is named."""
    given = os.environ if environment is None else environment
    authority, certificate, key, token = (
        _file(given, name) for name in ("CA", "CERTIFICATE", "KEY", "TOKEN")
    )
    if authority is None:
        if certificate or key or token:
            raise Failure(f"{_PREFIX}CA is needed beside the others: nothing secret goes over plaintext")
        return grpc.insecure_channel(address, options=options)
    if (certificate is None) != (key is None):
        raise Failure(f"{_PREFIX}CERTIFICATE and {_PREFIX}KEY belong together")
    credentials = grpc.ssl_channel_credentials(authority, key, certificate)
    if token is not None:
        bearer = grpc.access_token_call_credentials(token.decode().strip())
        credentials = grpc.composite_channel_credentials(credentials, bearer)
    return grpc.secure_channel(address, credentials, options=options)


def _file(given: Mapping[str, str], name: str) -> bytes | None:
    path = given.get(_PREFIX + name)
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Failure(f"{_PREFIX}{name}: {error}") from error
