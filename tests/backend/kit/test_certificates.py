"""A browser that trusts the site's authority reaches this server and no other."""

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.kit.certificates import OwnCertificates, fingerprint, own_certificates

NOW = datetime.now(UTC)
HOSTS = ("clinic.local", "127.0.0.1", "localhost")


def greet(files: OwnCertificates, authority: Path, host: str) -> str:
    """Shake hands over a real socket; returns the protocol's version."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    client = ssl.create_default_context(cafile=str(authority))
    near, far = socket.socketpair()

    def answer() -> None:
        try:
            with server.wrap_socket(far, server_side=True) as secured:
                secured.recv(1)
        except OSError:
            far.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with client.wrap_socket(near, server_hostname=host) as secured:
            return str(secured.version())
    finally:
        near.close()
        thread.join()


@pytest.mark.parametrize("host", HOSTS)
def test_a_device_with_the_authority_connects(tmp_path: Path, host: str) -> None:
    files = own_certificates(tmp_path, HOSTS, NOW)
    assert greet(files, files.authority, host) == "TLSv1.3"


def test_no_other_name_is_covered(tmp_path: Path) -> None:
    files = own_certificates(tmp_path, HOSTS, NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(files, files.authority, "bank.example")


def test_a_stolen_authority_key_is_of_no_use_elsewhere(tmp_path: Path) -> None:
    mine = own_certificates(tmp_path / "mine", HOSTS, NOW)
    forged = own_certificates(tmp_path / "forged", ("bank.example",), NOW)
    # The thief has the key of `mine` and signs what he likes with it.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key = serialization.load_pem_private_key(
        (tmp_path / "mine" / "authority.key").read_bytes(), password=None
    )
    wanted = x509.load_pem_x509_certificate(forged.certificate.read_bytes())
    issuer = x509.load_pem_x509_certificate(mine.authority.read_bytes())
    builder = (
        x509.CertificateBuilder()
        .subject_name(wanted.subject)
        .issuer_name(issuer.subject)
        .public_key(wanted.public_key())
        .serial_number(7)
        .not_valid_before(wanted.not_valid_before_utc)
        .not_valid_after(wanted.not_valid_after_utc)
    )
    for extension in wanted.extensions:
        if not isinstance(extension.value, x509.AuthorityKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    signed = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]
    forged.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(ssl.SSLCertVerificationError, match="subtree"):
        greet(forged, mine.authority, "bank.example")


def test_the_authority_stays_while_the_server_is_renewed(tmp_path: Path) -> None:
    first = own_certificates(tmp_path, HOSTS, NOW)
    authority, server = fingerprint(first.authority), fingerprint(first.certificate)
    again = own_certificates(tmp_path, HOSTS[::-1], NOW)
    assert (fingerprint(again.authority), fingerprint(again.certificate)) == (authority, server)
    later = own_certificates(tmp_path, HOSTS, NOW + timedelta(days=360))
    assert fingerprint(later.authority) == authority
    assert fingerprint(later.certificate) != server


def test_another_name_needs_another_authority(tmp_path: Path) -> None:
    authority = fingerprint(own_certificates(tmp_path, HOSTS, NOW).authority)
    files = own_certificates(tmp_path, (*HOSTS, "192.168.1.7"), NOW)
    assert fingerprint(files.authority) != authority
    assert greet(files, files.authority, "192.168.1.7")


def test_keys_are_the_owners_alone(tmp_path: Path) -> None:
    own_certificates(tmp_path / "tls", HOSTS, NOW)
    for name in ("server.key", "authority.key"):
        assert stat.S_IMODE((tmp_path / "tls" / name).stat().st_mode) == 0o600
