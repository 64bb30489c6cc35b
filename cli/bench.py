"""`sfpfr bench`: how long a recording takes and how much memory, stage by stage."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.recording import synthetic_recording
from models.errors import SfpfrError, UnusableInputError
from models.movements import VIEWS

# Reading the memory of a process takes the machine some milliseconds itself.
SAMPLE_EVERY_S = 0.5
MIB = 2**20


class BenchError(SfpfrError):
    """The reconstruction that was to be timed failed."""


def bench(
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures here.")
    ] = None,
    recording: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder with left.mp4, center.mp4 and right.mp4."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1.0, max=120.0, help="Length of the synthetic recording.")
    ] = 10.0,
) -> None:
    """Time the reconstruction of a three-view 1080p30 recording and sample its memory."""
    with tempfile.TemporaryDirectory(prefix="sfpfr-bench-") as scratch:
        if recording is None:
            recording = synthetic_recording(Path(scratch) / "recording", seconds=seconds).folder
        figures = measure(recording, Path(scratch) / "result")
    typer.echo(table(figures))
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(recording: Path, out: Path) -> dict[str, Any]:
    """Reconstruct a recording in a process of its own; its times, peak memory and machine.

    `wall_s` is the time from the files to the stored meshes and measures, start-up included;
    overlay videos come after it and are left out. `cpu_s` is what all processors spent on it: it
    tells what `wall_s` would be on a machine with nothing else to do. `peak_rss_mib` is the
    largest sampled sum of the proportional set size over the process and its children.
    """
    videos = {view: recording / f"{view}.mp4" for view in VIEWS}
    absent = [video for video in videos.values() if not video.is_file()]
    if absent:
        raise UnusableInputError(
            f"There is no {absent[0]}.", "Name the videos left.mp4, center.mp4 and right.mp4."
        )
    command = [sys.executable, "-m", "cli", "reconstruct", "--no-overlay", "--out", str(out)]
    for view, video in videos.items():
        command += [f"--{view}", str(video)]
    start, spent_s = time.monotonic(), children_cpu_s()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        with peak_memory(process.pid) as peak:
            process.wait()
        wall_s = time.monotonic() - start
    if process.returncode:
        raise BenchError(
            f"The reconstruction ended with exit code {process.returncode}.",
            "Run `sfpfr reconstruct` on the same files to see why.",
        )
    result = json.loads((out / "reconstruction.json").read_text(encoding="utf-8"))
    recording_s = duration_s(videos["center"])
    return {
        "recording_s": round(recording_s, 3),
        "wall_s": round(wall_s, 3),
        "ratio": round(wall_s / recording_s, 3),
        "cpu_s": round(children_cpu_s() - spent_s, 3),
        "peak_rss_mib": round(peak.mib, 1),
        "stages": result["timings_s"],
        "machine": machine(),
    }


def children_cpu_s() -> float:
    """Processor time of all ended children of this process, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass
class Peak:
    """The largest memory seen so far, in MiB."""

    mib: float = 0.0


@contextmanager
def peak_memory(pid: int) -> Iterator[Peak]:
    """Sample the memory of a process and its descendants while the block runs."""
    import psutil

    peak, stopped = Peak(), threading.Event()

    def sample() -> None:
        while not stopped.wait(SAMPLE_EVERY_S):
            total = 0
            try:
                root = psutil.Process(pid)
                for process in (root, *root.children(recursive=True)):
                    memory = process.memory_full_info()
                    # Only Linux divides shared pages among their users.
                    total += getattr(memory, "pss", 0) or memory.uss
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                pass  # a child ended meanwhile: what was summed up so far still counts
            peak.mib = max(peak.mib, total / MIB)

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield peak
    finally:
        stopped.set()
        sampler.join()


def duration_s(video: Path) -> float:
    """Length of a video as its container states it, in seconds."""
    import av

    with av.open(str(video)) as container:
        return float(container.duration or 0) / av.time_base


def machine() -> dict[str, str | int]:
    """What the figures were measured on."""
    import torch

    names = [
        line.partition(":")[2].strip()
        for line in _cpuinfo().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 1,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.is_file() else ""


def table(figures: Mapping[str, Any]) -> str:
    """The figures as text: each stage in ms with its share, then the totals."""
    wall_s = figures["wall_s"]
    lines = [
        f"{stage.replace('_', ' '):<24}{1000 * seconds:>10.0f} ms{seconds / wall_s:>8.0%}"
        for stage, seconds in figures["stages"].items()
    ]
    rest_s = wall_s - sum(figures["stages"].values())
    lines += [
        f"{'start-up and storing':<24}{1000 * rest_s:>10.0f} ms{rest_s / wall_s:>8.0%}",
        f"{'in all':<24}{1000 * wall_s:>10.0f} ms",
        f"{'of processor time':<24}{1000 * figures['cpu_s']:>10.0f} ms",
        f"{figures['ratio']:.2f} x the recording's {figures['recording_s']:.1f} s; "
        f"peak memory {figures['peak_rss_mib']:.0f} MiB",
        f"{figures['machine']['processor']}, {figures['machine']['cores']} cores",
    ]
    return "\n".join(lines)
