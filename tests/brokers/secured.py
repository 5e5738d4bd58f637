"""A node of Apache Kafka as companies run it: TLS, passwords, and rights for each account; certificates by openssl."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from brokers.apache import ApacheKafka, Unavailable
from undertow.embedded import free_port

PASSWORD: Final = "correct-horse"
ACCOUNTS: Final = ("undertow", "engineer")
PLAIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"
PROPERTIES: Final = """\
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config={plain} required {users};
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={scram} required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram} required;
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.ssl.ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
# the plain listener and the controller's are for the test itself


@dataclass(frozen=True)
class Certificates:
    """PEM files of a CA of our own, and of a client that it signed."""

    ca: Path
    client: Path
    client_key: Path


class SecuredKafka(ApacheKafka):
    """``sasl`` and ``tls`` are the addresses of its guarded listeners: by password over TLS, and by a client's certificate."""

    def __init__(self, folder: Path) -> None:
        self.certificates = certificates(folder)
        self.sasl, self.tls = (f"127.0.0.1:{free_port()}" for _ in range(2))
        super().__init__(
            f"SASL_SSL://{self.sasl},SSL://{self.tls}",
            PROPERTIES.format(
                plain=PLAIN,
                scram=SCRAM,
                users=" ".join(f'user_{account}="{PASSWORD}"' for account in ACCOUNTS),
                folder=folder,
            ),
            [f"SCRAM-SHA-{bits}=[name={account},password={PASSWORD}]" for bits in (256, 512) for account in ACCOUNTS],
        )


def certificates(folder: Path) -> Certificates:
    """Make them. Raises Unavailable."""
    if shutil.which("openssl") is None:
        raise Unavailable("no openssl on this machine: no certificate can be made")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)

    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    openssl(*new, "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA")
    for name, subject in (("server", "/CN=localhost"), ("client", f"/CN={ACCOUNTS[0]}")):
        signed = ("-x509", "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1")
        openssl(*new, *signed, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", subject)
    (folder / "server.pem").write_bytes((folder / "server.key").read_bytes() + (folder / "server.crt").read_bytes())
    return Certificates(folder / "ca.pem", folder / "client.crt", folder / "client.key")
