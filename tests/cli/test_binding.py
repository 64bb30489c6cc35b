"""Other machines are served through TLS or not at all."""

import socket
from pathlib import Path

import pytest

from cli.binding import Binding, binding, is_loopback, refuse_taken
from cli.main import UNUSABLE, run
from cli.serve import reached_at
from cli.site import read_settings
from models.errors import UnusableInputError

PLAIN = {"tls_cert": None, "tls_key": None, "self_signed": None}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.4.5"])
def test_this_machine_is_served_without_tls(host: str) -> None:
    assert is_loopback(host)
    assert binding(host, 8000, **PLAIN).public_url.startswith("http://")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "clinic.local"])
@pytest.mark.parametrize("command", ["up", "serve"])
def test_other_machines_are_not(
    host: str, command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run([command, "--host", host]) == UNUSABLE
    assert "--tls-self-signed" in capsys.readouterr().err


def test_a_proxy_needs_the_address_in_the_browser(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SFPFR_PUBLIC_URL", raising=False)
    assert run(["serve", "--host", "0.0.0.0", "--behind-tls-proxy"]) == UNUSABLE
    assert "SFPFR_PUBLIC_URL" in capsys.readouterr().err


def test_own_certificates_are_for_the_address(tmp_path: Path) -> None:
    bound = binding("192.168.1.7", 8443, tls_cert=None, tls_key=None, self_signed=tmp_path)
    assert bound.public_url == "https://192.168.1.7:8443"
    assert bound.certificate is not None
    assert bound.certificate.is_file()
    everywhere = binding("0.0.0.0", 8443, tls_cert=None, tls_key=None, self_signed=tmp_path)
    assert everywhere.public_url == f"https://{socket.gethostname()}:8443"
    assert everywhere.local_url == "https://127.0.0.1:8443"


def test_certificates_are_given_whole(tmp_path: Path) -> None:
    file = tmp_path / "site.crt"
    file.touch()
    wrong: list[dict[str, Path | None]] = [
        {"tls_cert": file, "tls_key": None, "self_signed": None},
        {"tls_cert": file, "tls_key": file, "self_signed": tmp_path},
        {"tls_cert": file, "tls_key": tmp_path / "missing", "self_signed": None},
    ]
    for options in wrong:
        with pytest.raises(UnusableInputError):
            binding("192.168.1.7", 8443, **options)


def test_a_taken_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for command in ("up", "serve"):
            assert run([command, "--port", str(port)]) == UNUSABLE
            assert f"Port {port} is taken" in capsys.readouterr().err
        with pytest.raises(UnusableInputError, match="cannot listen"):
            refuse_taken("192.0.2.1", port)


def test_the_address_of_the_site_must_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFPFR_PUBLIC_URL", "https://clinic.example")
    with pytest.raises(UnusableInputError, match="plain HTTP"):
        reached_at(read_settings(), Binding("127.0.0.1", 8000))
    monkeypatch.delenv("SFPFR_PUBLIC_URL")
    assert reached_at(read_settings(), Binding("127.0.0.1", 81)).public_url == "http://127.0.0.1:81"


def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SFPFR_JOB_ATTEMPTS", "none")
    assert run(["migrate"]) == UNUSABLE
    assert "SFPFR_JOB_ATTEMPTS" in capsys.readouterr().err
