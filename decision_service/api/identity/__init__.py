"""Who is calling: by client certificate, by bearer token, or, on plaintext loopback, by their word."""

from decision_service.api.identity.identifier import Identifier, PlaintextIdentifier, SecureIdentifier

__all__ = ["Identifier", "PlaintextIdentifier", "SecureIdentifier"]
