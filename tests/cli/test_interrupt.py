"""Ctrl-C in the middle of real work: the whole process group is told, and nothing is left."""

import os
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
from skimage import data


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "front.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.height, stream.width, stream.pix_fmt = 512, 512, "yuv420p"
        for index in range(600):
            picture = np.roll(data.astronaut(), index // 20, axis=1)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    other = tmp_path / "other.mp4"
    shutil.copy(path, other)
    command = [sys.executable, "-m", "cli", "reconstruct", str(path), str(other)]
    command += ["--out", str(tmp_path / "deep" / "result")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    own = psutil.Process(process.pid)
    give_up = time.monotonic() + 120
    while not own.children(recursive=True) and time.monotonic() < give_up:
        assert process.poll() is None
    children = own.children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["front.mp4", "other.mp4"]
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
