"""When certificates end: of the service, of its authority, of those who call."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

REMEMBERED = 4096

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate and its last moment (UTC)."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class OwnCertificates:
    """
    The PEM files that the listener stands on, looked at anew each time: they may be renewed.

    Parameters
    ----------
    files
        By the name of their setting.
    """

    files: Mapping[str, Path]
    warning: timedelta

    def ending(self, now: datetime) -> tuple[Ending, ...]:
        """Certificates that end within the warning time, the first to end first."""
        found = [e for e in self._all() if e.until - now < self.warning]
        return tuple(sorted(found, key=lambda e: e.until))

    def _all(self) -> Iterator[Ending]:
        for name, file in self.files.items():
            try:
                certificates = x509.load_pem_x509_certificates(file.read_bytes())
            except (OSError, ValueError):
                _LOG.error("%s: `%s` is not a PEM file of certificates", name, file)
                continue
            for certificate in certificates:
                yield Ending(
                    f"{name} {certificate.subject.rfc4514_string()}", certificate.not_valid_after_utc
                )


@dataclass(frozen=True, slots=True)
class ClientCertificates:
    """Warns once about each client certificate that ends soon."""

    now: Callable[[], datetime]
    warning: timedelta
    _seen: "OrderedDict[bytes, None]" = field(default_factory=OrderedDict)

    def notice(self, auth: Mapping[str, tuple[bytes, ...]]) -> None:
        """Look at the certificate of a call."""
        for pem in auth.get("x509_pem_cert", ()):
            name = hashlib.sha256(pem).digest()
            if name not in self._seen:
                self._seen[name] = None
                self._look(pem)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def _look(self, pem: bytes) -> None:
        try:
            certificate = x509.load_pem_x509_certificate(pem)
        except ValueError:
            return  # TLS accepted it; that we cannot read it costs a warning
        if certificate.not_valid_after_utc - self.now() < self.warning:
            subject = certificate.subject.rfc4514_string()
            _LOG.warning("client certificate %s ends %s", subject, certificate.not_valid_after_utc)
