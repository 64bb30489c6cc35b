"""A certificate authority of one's own, for a site without certificates; serving is elsewhere.

Whoever trusts this authority trusts it for the names of this server only: they are its name
constraints, so that a stolen key is of no use for any other address.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
# Browsers take no longer ones.
SERVER_DAYS = 397
RENEW_DAYS = 60
CLOCK_SLACK = timedelta(hours=1)
ALL_BITS = {4: 32, 6: 128}


@dataclass(frozen=True)
class OwnCertificates:
    """Files of PEM text: what devices install, and what the server presents."""

    authority: Path
    certificate: Path
    key: Path


def own_certificates(folder: Path, hosts: Sequence[str], now: datetime) -> OwnCertificates:
    """Certificates for `hosts` (names and addresses) in `folder`, made or renewed when due.

    The authority stays as long as it covers `hosts`; a new one has to be installed again.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = OwnCertificates(folder / "authority.crt", folder / "server.crt", folder / "server.key")
    authority_key_file = folder / "authority.key"
    wanted = sorted(set(hosts))
    if not _valid(files.authority, now) or not _permits(files.authority, wanted):
        key = ec.generate_private_key(ec.SECP256R1())
        _write_key(authority_key_file, key)
        _write(files.authority, _authority(key, wanted, now))
    elif _valid(files.certificate, now) and _names(files.certificate) == wanted:
        return files
    authority = _read(files.authority)
    loaded = serialization.load_pem_private_key(authority_key_file.read_bytes(), password=None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    _write_key(files.key, key)
    _write(files.certificate, _server(key, wanted, authority, loaded, now), authority)
    return files


def fingerprint(certificate: Path) -> str:
    """SHA-256 of a certificate as browsers show it, to be compared before it is trusted."""
    return _read(certificate).fingerprint(hashes.SHA256()).hex(":").upper()


def _authority(
    key: ec.EllipticCurvePrivateKey, hosts: Sequence[str], now: datetime
) -> x509.Certificate:
    name = _name(f"SFPFR of {hosts[0]}")
    permitted = [_constraint(host) for host in hosts]
    return (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey,
    hosts: Sequence[str],
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    alternatives = x509.SubjectAlternativeName([_general(host) for host in hosts])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _builder(_name(hosts[0]), authority.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(alternatives, critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SLACK)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _general(host: str) -> x509.GeneralName:
    address = _address(host)
    return x509.DNSName(host) if address is None else x509.IPAddress(address)


def _constraint(host: str) -> x509.GeneralName:
    address = _address(host)
    if address is None:
        return x509.DNSName(host)
    return x509.IPAddress(ipaddress.ip_network(f"{address}/{ALL_BITS[address.version]}"))


def _valid(file: Path, now: datetime) -> bool:
    if not file.exists():
        return False
    found = _read(file)
    last = found.not_valid_after_utc - timedelta(days=RENEW_DAYS)
    return found.not_valid_before_utc <= now <= last


def _permits(authority: Path, hosts: Sequence[str]) -> bool:
    extension = _read(authority).extensions.get_extension_for_class(x509.NameConstraints)
    permitted = extension.value.permitted_subtrees or []
    return all(_constraint(host) in permitted for host in hosts)


def _names(certificate: Path) -> list[str]:
    extension = _read(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    names = extension.value.get_values_for_type(x509.DNSName)
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return sorted([*names, *(str(address) for address in addresses)])


def _read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def _write(file: Path, *chain: x509.Certificate) -> None:
    pem = serialization.Encoding.PEM
    file.write_bytes(b"".join(certificate.public_bytes(pem) for certificate in chain))


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
