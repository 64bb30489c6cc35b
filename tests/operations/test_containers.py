"""The container files are well-formed, and what they start really starts and is healthy."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from composed import COMPOSE, ROOT, Host, services
from running_service import until

OWN = ("migrate", "api", "worker-cpu", "worker-gpu")


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def test_the_compose_file_is_valid() -> None:
    schema = ["--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run([tool("check-jsonschema"), *schema], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_the_images_are_linted(name: str) -> None:
    done = subprocess.run([tool("hadolint"), str(ROOT / name)], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def test_without_its_secrets_nothing_starts() -> None:
    with pytest.raises(AssertionError, match="SFPFR_DB_PASSWORD"):
        services({"SFPFR_SITE": "x"})


def test_services_wait_for_services_that_there_are() -> None:
    found = services()
    for name, service in found.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in found, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in found[needed], f"{name} waits for {needed}"


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["tls"]


def test_the_gpu_image_has_the_pinned_pair() -> None:
    image, lock = (ROOT / "Dockerfile.gpu").read_text(), (ROOT / "gpu-torch.lock").read_text()
    assert "torch==2.12.1" in lock
    assert "easypytorch3d==0.7.9.post1" in lock
    assert "mamba-ssm==2.3.2.post1" in image
    assert "causal-conv1d==1.7.0" in image
    assert "10.3" not in re.search(r'ARCH_LIST="([^"]*)"', image)[1]  # type: ignore[index]


def test_every_service_starts_and_is_healthy(host: Host) -> None:
    host.start_redis()
    assert host.start("migrate").wait(60) == 0, (host.folder / "migrate.log").read_text()
    del host.processes["migrate"]
    for name in OWN[1:]:
        host.start(name)
    for name in OWN[1:]:
        until(lambda name=name: host.healthy(name))
    # Requests go through the proxy only: the page of the site is reached through TLS.
    assert host.environment("api")["SFPFR_PUBLIC_URL"] == "https://sfpfr.clinic.example"
    ended = [host.processes.pop(name) for name in OWN[2:]]
    for process in ended:
        process.terminate()
    assert [process.wait(60) for process in ended] == [0, 0]
