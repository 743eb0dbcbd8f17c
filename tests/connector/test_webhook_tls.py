"""The webhook door with TLS of its own, as the conformance kit sees it; old protocols and plain HTTP get nothing."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
from pathlib import Path

import pytest
from antifraud_connector import wire
from antifraud_connector.cli import main
from antifraud_connector.errors import TransportFault
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.connector.bank import Bank, until
from tests.connector.test_webhook import free_port


def certificate(folder: Path) -> None:
    """A certificate for this machine that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_the_kit_passes_over_tls_and_plain_or_old_callers_get_nothing(bank: Bank, tmp_path: Path) -> None:
    certificate(bank.folder)
    port, stage = free_port(), free_port()
    bank.configure(
        f'kind = "webhook"\nlisten = "127.0.0.1:{port}"\nurl = "https://127.0.0.1:{port}/hook"\n'
        'tls_cert_file = "tls.pem"\ntls_key_file = "tls.key"'
    )
    bank.config.write_text(bank.config.read_text().replace(bank.url, f"http://127.0.0.1:{stage}"))
    bank.start()

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listens)
    with pytest.raises(TransportFault):
        wire.send("POST", f"http://127.0.0.1:{port}/hook", headers={}, body=b"{}")
    old = ssl.create_default_context(cafile=str(bank.folder / "tls.pem"))
    old.minimum_version, old.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    with pytest.raises(TransportFault):
        wire.send("POST", f"https://127.0.0.1:{port}/hook", headers={}, body=b"{}", context=old)
    report = tmp_path / "report.json"
    status = main(
        [
            "conformance", "--url", f"https://127.0.0.1:{port}/hook", "--institution", "bank_a", "--listen", f"127.0.0.1:{stage}",
            "--ca-file", str(bank.folder / "tls.pem"), "--key", str(tmp_path / "kit.pem"), "--report", str(report),
            "--case", "valid", "--case", "slow", "--case", "oversized", "--case", "alive",
        ]
    )  # fmt: skip
    assert status == 0, json.loads(report.read_text())
