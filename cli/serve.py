"""`sfpfr serve`: the API alone; `sfpfr up` starts everything a single machine needs."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.binding import Binding, binding, is_loopback, refuse_taken
from cli.site import check, read_settings
from models.errors import UnusableInputError

if TYPE_CHECKING:
    from backend.settings import Settings

# What is running may finish; event streams never would.
GRACE_S = 5

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
TlsCert = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Certificate with its chain (PEM).")
]
TlsKey = Annotated[Path | None, typer.Option(metavar="FILE", help="Its key (PEM).")]
TlsSelfSigned = Annotated[
    bool, typer.Option("--tls-self-signed", help="Make the site's own certificates.")
]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_self_signed: TlsSelfSigned = False,
    behind_tls_proxy: Annotated[
        bool, typer.Option("--behind-tls-proxy", help="A proxy in front does TLS.")
    ] = False,
) -> None:
    """Serve the API; other machines are served through TLS only."""
    settings = read_settings()
    if behind_tls_proxy:
        bound = _behind_proxy(host, port, settings)
    else:
        own = settings.data_dir / "tls" if tls_self_signed else None
        bound = binding(host, port, tls_cert=tls_cert, tls_key=tls_key, self_signed=own)
        settings = reached_at(settings, bound)
    refuse_taken(bound.host, bound.port)
    run(settings, bound)


def reached_at(settings: Settings, bound: Binding) -> Settings:
    """The settings with the address of `bound`, unless a site has set its own."""
    set_by_hand = "public_url" in settings.model_fields_set
    url = settings.public_url if set_by_hand else bound.public_url
    if url.startswith("https://") != (bound.certificate is not None):
        raise UnusableInputError(
            f"SFPFR_PUBLIC_URL is {url}, but the server would speak "
            f"{'HTTPS' if bound.certificate else 'plain HTTP'}.",
            "Correct one of them; behind a proxy that does TLS, give --behind-tls-proxy.",
        )
    return settings.model_copy(update={"public_url": url, "tls_authority": bound.authority})


def run(settings: Settings, bound: Binding) -> None:
    """Serve until SIGINT or SIGTERM."""
    import uvicorn

    from backend.app import create_app
    from backend.kit.logs import configure_logs

    check(settings)
    configure_logs()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host=bound.host,
            port=bound.port,
            ssl_certfile=bound.certificate,
            ssl_keyfile=bound.key,
            log_config=None,
            access_log=False,
            # The service reads X-Forwarded-For itself, as far as the proxies are trusted.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    # After an orderly end it raises the signal again that asked for it.
    with suppress(KeyboardInterrupt):
        server.run()


def _behind_proxy(host: str, port: int, settings: Settings) -> Binding:
    if not settings.secure and not is_loopback(host):
        raise UnusableInputError(
            "Behind a proxy the address in the browser must be known, and be https.",
            "Set SFPFR_PUBLIC_URL to it, such as https://sfpfr.clinic.example.",
        )
    return Binding(host, port)
