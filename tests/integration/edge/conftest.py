"""A service behind TLS with an authority of its own, an issuer of tokens, and callers of every kind."""

import asyncio
import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import grpc
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from decision_service.api.roles import ROLES
from decision_service.api.server import SERVICES
from decision_service.bootstrap import build
from decision_service.config import Settings

ISSUER, AUDIENCE = "https://issuer.example", "decision-service"


def pem_of(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass
class Issued:
    """A certificate and its key, PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Issues certificates."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.certificate = (
            self._builder(self.name, self.key.public_key(), timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.pem = self.certificate.public_bytes(Encoding.PEM)

    def _builder(self, subject, key, lasts):
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + lasts)
        )

    def issue(self, common_name, uri="", days=90.0):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        if uri:
            names.append(x509.UniformResourceIdentifier(uri))
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            self._builder(subject, key.public_key(), timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return Issued(certificate.public_bytes(Encoding.PEM), pem_of(key))


class Issuer:
    """Signs tokens; its key set is a file."""

    def __init__(self, file):
        self.file, self.keys = file, {}

    def add(self, name, kind="ES256"):
        if kind == "ES256":
            key, algorithm = ec.generate_private_key(ec.SECP256R1()), jwt.algorithms.ECAlgorithm
        else:
            from cryptography.hazmat.primitives.asymmetric import rsa

            key, algorithm = rsa.generate_private_key(65537, 2048), jwt.algorithms.RSAAlgorithm
        self.keys[name] = (kind, key, json.loads(algorithm.to_jwk(key.public_key())))
        self.write()

    def remove(self, name):
        del self.keys[name]
        self.write()

    @property
    def document(self):
        return {"keys": [jwk | {"kid": name} for name, (_, _, jwk) in self.keys.items()]}

    def write(self):
        temporary = self.file.with_suffix(".new")
        temporary.write_text(json.dumps(self.document))
        temporary.replace(self.file)

    def token(self, subject, name=None, **claims):
        name = name or next(iter(self.keys))
        kind, key, _ = self.keys[name]
        claims = {
            "sub": subject,
            "iss": ISSUER,
            "aud": AUDIENCE,
            "exp": datetime.now(UTC) + timedelta(minutes=5),
        } | claims
        return jwt.encode(
            {k: v for k, v in claims.items() if v is not None}, key, kind, headers={"kid": name}
        )


class Running:
    """A service in this process, by its settings."""

    def __init__(self, settings):
        self.app = build(settings)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        try:
            self.server = self.run(self.app.serve(), 60)
        except BaseException:
            self._end()
            raise
        self.address = self.server.address

    def run(self, coroutine, seconds=30):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    def close(self):
        self.run(self.server.drain(1))
        self._end()

    def _end(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.app.close()


def invoke(channel, descriptor, request=None, timeout=30, metadata=()):
    """Call a method as its descriptor says, with an empty request by default; the first response."""
    path = f"/{descriptor.containing_service.full_name}/{descriptor.name}"
    raw = b"" if request is None else request if isinstance(request, bytes) else request.SerializeToString()
    read = GetMessageClass(descriptor.output_type).FromString
    if descriptor.client_streaming:
        return channel.stream_unary(path, response_deserializer=read)(
            iter([raw]), timeout=timeout, metadata=metadata
        )
    if descriptor.server_streaming:
        return next(
            iter(
                channel.unary_stream(path, response_deserializer=read)(
                    raw, timeout=timeout, metadata=metadata
                )
            ),
            None,
        )
    return channel.unary_unary(path, response_deserializer=read)(raw, timeout=timeout, metadata=metadata)


def outcome(channel, descriptor, request=None, **more):
    """Name of the status and reason of a call, OK included."""
    try:
        invoke(channel, descriptor, request, **more)
    except grpc.RpcError as error:
        return error.code().name, reason_of(error)
    return "OK", ""


def reason_of(error):
    raw = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    info = error_details_pb2.ErrorInfo()
    for detail in status_pb2.Status.FromString(raw).details if raw else ():
        if detail.Unpack(info):
            return info.reason
    return ""


def method(name):
    service, _, rpc = name.partition("/")
    return next(s for s in SERVICES if s.name == service).methods_by_name[rpc]


METHODS = {f"{s.name}/{m.name}": m for s in SERVICES for m in s.methods}


class Behind:
    """A service behind TLS, and channels of its callers."""

    def __init__(self, folder, authority, issuer, *, mutual, **settings):
        self.folder, self.authority, self.issuer = folder, authority, issuer
        server = authority.issue("localhost")
        for name, content in {
            "ca.pem": authority.pem,
            "tls.pem": server.certificate,
            "tls.key": server.key,
        }.items():
            (folder / name).write_bytes(content)
        self.grants = folder / "grants.toml"
        self.write_grants(default_grants())
        self.running = Running(
            Settings(
                address="127.0.0.1:0",
                data=folder / "data",
                workers=1,
                tls_certificate=str(folder / "tls.pem"),
                tls_key=str(folder / "tls.key"),
                tls_client_ca=str(folder / "ca.pem") if mutual else "",
                grants=str(self.grants),
                jwks=str(issuer.file) if issuer else "",
                jwt_issuer=ISSUER if issuer else "",
                jwt_audience=AUDIENCE if issuer else "",
                **settings,
            )
        )
        self._channels = {}

    def write_grants(self, grants):
        lines = [
            f'[[grant]]\nsubject = "{subject}"\nroles = {json.dumps(roles)}\nscopes = {json.dumps(scopes)}\n'
            for subject, (roles, scopes) in grants.items()
        ]
        self.grants.write_text("\n".join(lines))

    def channel(self, issued=None, name=""):
        key = name or issued
        if name and key not in self._channels:
            issued = self.authority.issue(name, f"spiffe://example/{name}")
        if name and key in self._channels:
            return self._channels[key]
        pair = (issued.key, issued.certificate) if issued else (None, None)
        credentials = grpc.ssl_channel_credentials(self.authority.pem, *pair)
        port = self.running.address.rpartition(":")[2]
        channel = grpc.secure_channel(
            f"localhost:{port}", credentials, options=(("grpc.use_local_subchannel_pool", 1),)
        )
        if name:
            self._channels[key] = channel
        return channel

    def close(self):
        for channel in self._channels.values():
            channel.close()
        self.running.close()


def default_grants():
    """One subject a role, and one of each business unit."""
    grants = {f"spiffe://example/{role}": ([role], ["*"]) for role in ROLES}
    grants |= {
        f"spiffe://example/{unit}-{role}": ([role], [f"business_unit:{unit}"])
        for unit in ("north", "south")
        for role in ROLES
    }
    return grants | {"ada.lind": (["governance"], ["*"]), "common name": (["auditor"], ["*"])}


@pytest.fixture(scope="session")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def mutual(tmp_path_factory, authority):
    """Client certificates required, tokens believed on top."""
    folder = tmp_path_factory.mktemp("mutual")
    issuer = Issuer(folder / "jwks.json")
    issuer.add("first")
    running = Behind(folder, authority, issuer, mutual=True)
    yield running
    running.close()


@pytest.fixture(scope="module")
def tokens(tmp_path_factory, authority):
    """Only the server has a certificate; callers bring tokens."""
    folder = tmp_path_factory.mktemp("tokens")
    issuer = Issuer(folder / "jwks.json")
    issuer.add("first")
    issuer.add("rsa", "RS256")
    running = Behind(folder, authority, issuer, mutual=False)
    yield running
    running.close()


@pytest.fixture(scope="session")
def policies():
    return Path(__file__).parents[3] / "policies" / "replenishment"
