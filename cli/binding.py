"""Where the server listens and how browsers reach it: loopback, or elsewhere under TLS only."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.errors import UnusableInputError

ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


@dataclass(frozen=True)
class Binding:
    """An address to listen on; `certificate` and `key` are None for plain HTTP on loopback.

    `authority` is the site's own, when its certificates are.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None

    @property
    def public_url(self) -> str:
        """The address in a browser on this machine, or on others when it is not loopback."""
        return self._url(socket.gethostname() if self.host in ANY else self.host)

    @property
    def local_url(self) -> str:
        """The address for programs on this machine."""
        return self._url("127.0.0.1" if self.host in ANY else self.host)

    def _url(self, host: str) -> str:
        scheme = "http" if self.certificate is None else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"


def binding(
    host: str,
    port: int,
    *,
    tls_cert: Path | None,
    tls_key: Path | None,
    self_signed: Path | None,
) -> Binding:
    """The binding for these options; `self_signed` is the folder for certificates of one's own.

    Raises UnusableInputError when they would serve other machines without TLS, or contradict.
    """
    if (tls_cert is None) != (tls_key is None):
        raise UnusableInputError("--tls-cert and --tls-key belong together.", "Give both.")
    if tls_cert is not None and tls_key is not None:
        if self_signed is not None:
            raise UnusableInputError(
                "Either --tls-cert and --tls-key, or --tls-self-signed.", "Leave one out."
            )
        for file in (tls_cert, tls_key):
            if not file.is_file():
                raise UnusableInputError(f"There is no file {file}.", "Check the path.")
        return Binding(host, port, tls_cert, tls_key)
    if self_signed is not None:
        from backend.kit.certificates import own_certificates

        own = own_certificates(self_signed, _names(host), datetime.now(UTC))
        return Binding(host, port, own.certificate, own.key, own.authority)
    if not is_loopback(host):
        raise UnusableInputError(
            f"{host} is reached from other machines, and that needs TLS.",
            "Give --tls-cert and --tls-key, or --tls-self-signed; without them only this machine "
            "is served (--host 127.0.0.1).",
        )
    return Binding(host, port)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_taken(host: str, port: int) -> None:
    """Raise UnusableInputError when nothing can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the server does: an address that is only waiting to be forgotten is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UnusableInputError(
                f"Port {port} is taken by another program.",
                f"Stop that program, or choose another port: --port {port + 1}",
            ) from error
        raise UnusableInputError(
            f"The server cannot listen on {host}, port {port}: {error.strerror}.",
            "Choose an address of this machine with --host, and a port above 1023 with --port.",
        ) from error


def _names(host: str) -> Sequence[str]:
    """What browsers may call this machine when it listens on `host`."""
    always = ["localhost", "127.0.0.1", "::1"]
    if host not in ANY:
        return [host, *always]
    import psutil

    addresses = [
        address.address
        for interface in psutil.net_if_addrs().values()
        for address in interface
        if address.family in (socket.AF_INET, socket.AF_INET6) and "%" not in address.address
    ]
    name = socket.gethostname()
    return [name, *([] if "." in name else [f"{name}.local"]), *addresses, *always]
