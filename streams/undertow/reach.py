"""Why a broker does not answer: asked anew with a plain socket, for Kafka's own clients say only that they gave up."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from contextlib import closing
from typing import Final, Literal

Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
PATIENCE: Final = 3.0
"""Seconds."""


def why(addresses: Iterable[str], security: Security, context: ssl.SSLContext | None) -> str:
    """What stands between us and the first address that tells anything, and what to check. ``context`` is None without TLS."""
    told = [_why(address, security, context) for address in addresses]
    return next((words for answers, words in told if answers), told[0][1])


def _why(address: str, security: Security, context: ssl.SSLContext | None) -> tuple[bool, str]:
    """Whether anybody listens there, and the words."""
    host, _, port = address.strip().rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 1 << 16):
        return False, f"{address!r} is no host:port (--broker)"
    try:
        connection = socket.create_connection((host, int(port)), PATIENCE)
    except socket.gaierror:
        return False, f"the name {host} is not known here; check --broker"
    except ConnectionRefusedError:
        return False, f"nothing listens at {address}; check --broker, and whether the broker runs"
    except TimeoutError:
        return False, f"{address} does not answer; check --broker, and what lies between (firewall, network policy)"
    except OSError as error:
        return False, f"{address} cannot be reached: {error}"
    with closing(connection):
        if context is None:
            return True, _plain(connection, address, security)
        return True, _tls(connection, host, address, security, context)


def _plain(connection: socket.socket, address: str, security: Security) -> str:
    blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE  # asked whether it speaks TLS, told nothing
    try:
        with blind.wrap_socket(connection):
            return f"{address} speaks TLS; try --security {'SSL' if security == 'PLAINTEXT' else 'SASL_SSL'}"
    except OSError:  # an SSLError is one
        return _refused(address, security)


def _tls(connection: socket.socket, host: str, address: str, security: Security, context: ssl.SSLContext) -> str:
    try:
        with context.wrap_socket(connection, server_hostname=host) as secured:
            if security == "SSL":
                secured.settimeout(PATIENCE)
                secured.recv(1)  # who misses a certificate says so after the handshake (TLS 1.3)
            return _refused(address, security)
    except ssl.SSLCertVerificationError as error:
        return f"the certificate of {address} is not trusted: {error.verify_message}; --ca-file names the CA that signed it"
    except TimeoutError:
        return _refused(address, security)
    except ssl.SSLError as error:
        if "certificate" in str(error).lower():
            return (
                f"{address} asks for a certificate of ours: --cert-file and --key-file, signed by a CA that it trusts"
            )
        return f"{address} does not speak TLS ({error.reason or error}); try --security {security.replace('SSL', 'PLAINTEXT')}"
    except OSError:
        return _refused(address, security)


def _refused(address: str, security: Security) -> str:
    if security.startswith("SASL"):
        none = security.removeprefix("SASL_")
        return (
            f"{address} refuses us; check --username, the password in UNDERTOW_PASSWORD, and --sasl-mechanism, "
            f"or --security {none}, if it wants none"
        )
    want = "SASL_SSL" if security == "SSL" else "SASL_PLAINTEXT"
    return f"{address} answers, but not as a Kafka broker does; is it one? If it wants a password: --security {want}"
