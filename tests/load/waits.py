"""How long somebody waits for a first verdict and for the preview of a correction; run by hand.

    PYTHONPATH=tests/support .venv/bin/python tests/load/waits.py [--recording FOLDER]

Starts `sfpfr up` with nothing else to do, sends three films (left.mp4, center.mp4, right.mp4 and,
if it is there, calibration.json of the folder; without one they are made), follows the events as a
browser does, and tries corrections of frames all over the take. Prints seconds as JSON; exit code 1
when a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from running_service import Up, until

from cli import demo
from cli.client import LocalClient
from cli.site import read_settings
from models.capture.media import probe

VIEWS = ("left", "center", "right")
MOVEMENT = "full_smile"
CORNER = "61"
PREVIEW_WITHIN_S = 2.0
PREVIEWS = 8


def verdict_within_s(length_s: float) -> float:
    """The bound for a recording of this length."""
    return 0.3 * length_s + 3.0


def main() -> None:
    """Measure; exit code 1 when a bound is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--recording", type=Path)
    options.add_argument("--seconds", type=float, default=10.0, help="of the film that is made")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="sfpfr-waits-") as folder:
        films = asked.recording or filmed(Path(folder), asked.seconds)
        up = Up(Path(folder) / "data")
        try:
            figures = measured(up, films)
        finally:
            up.process.terminate()
            up.process.wait()
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    sys.exit(0 if figures["within"] else 1)


def filmed(folder: Path, seconds: float) -> Path:
    """Three films of a virtual patient, and their calibration."""
    from models.data.synthetic.session import Session

    session = Session(demo.drawn(demo.PEOPLE[0].seed), demo.SIZE)
    session.write_description(folder)
    session.write_take(folder, MOVEMENT, seconds=seconds)
    (folder / "calibration.json").rename(folder / MOVEMENT / "calibration.json")
    return folder / MOVEMENT


def measured(up: Up, films: Path) -> dict[str, Any]:
    """Everything that is measured, on a service of its own."""
    url = up.wait()
    os.environ["SFPFR_DATA_DIR"] = str(up.data_dir)
    settings = read_settings()
    demo.make_team(settings)
    length_s = max(probe(films / f"{view}.mp4").duration_s for view in VIEWS)
    with demo.allowed(settings) as token:
        client = LocalClient(url, token)
        take_id, last_part_s, complete_s = sent(client, films)
        jobs = client.get("/jobs", kind="quick_look")["items"]
        verdict = next(e for e in events(url, token, jobs[0]["id"]) if e["kind"] == "verdict")
        verdict_s = time.perf_counter() - complete_s
        found = until(lambda: client.get(f"/takes/{take_id}")["analysis"])
        analysed_s = time.perf_counter() - complete_s
        # Overlays and videos for the browser are made by the same worker; it is to be idle again.
        until(lambda: not client.get("/jobs", state="running")["items"])
        frames = client.get(f"/analyses/{found['id']}")["frames"]
        previews_s, corner = [], [960.0, 700.0]
        for number in range(PREVIEWS):
            frame = number * frames // PREVIEWS
            took_s, corner = preview(client, url, token, found["id"], frame, corner)
            previews_s.append(took_s)
    return {
        "length_s": round(length_s, 2),
        "last_part_s": round(last_part_s, 2),
        "first_verdict": verdict["payload"]["verdict"],
        "first_verdict_s": round(verdict_s, 2),
        "first_verdict_within_s": round(verdict_within_s(length_s), 2),
        "analysed_s": round(analysed_s, 1),
        "previews_s": [round(one, 2) for one in previews_s],
        "preview_within_s": PREVIEW_WITHIN_S,
        "within": verdict_s <= verdict_within_s(length_s) and max(previews_s) <= PREVIEW_WITHIN_S,
    }


def sent(client: LocalClient, films: Path) -> tuple[str, float, float]:
    """Send a take; its id, how long the last file took, and when the recording was complete."""
    person = demo.PEOPLE[0]
    side = demo.drawn(person.seed).palsy.side
    patient_id, episode_id = demo.admit(client, person, side)
    visit_id = demo.visit(client, patient_id, episode_id, demo.Sitting(0, "Visit", 0.0))
    recording = client.post(f"/visits/{visit_id}/recordings", declared_views=list(VIEWS))
    about = {"recording_id": recording["id"]}
    take = client.post(f"/visits/{visit_id}/takes", movement=MOVEMENT, **about)
    if (films / "calibration.json").is_file():
        client.upload(films / "calibration.json", kind="calibration", **about)
    began_s = 0.0
    for view in VIEWS:
        began_s = time.perf_counter()
        client.upload(films / f"{view}.mp4", kind="view", view=view, **about)
    complete_s = time.perf_counter()
    return str(take["id"]), complete_s - began_s, complete_s


def events(url: str, token: str, job_id: str) -> Iterator[dict[str, Any]]:
    """What happens to a job, as its stream tells."""
    asked = urllib.request.Request(
        f"{url}/api/v1/jobs/{job_id}/events", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=600) as stream:
        for line in stream:
            if line.startswith(b"data: ") and b'"kind"' in line:
                yield json.loads(line.removeprefix(b"data: "))


def preview(
    client: LocalClient, url: str, token: str, analysis_id: str, frame: int, corner: list[float]
) -> tuple[float, list[float]]:
    """Seconds from asking for the preview of a correction until its mesh is there.

    corner: a corner of the mouth in pixels, which is corrected by a few; where it is then.
    """
    points = {CORNER: [corner[0] + 5.0, corner[1] - 3.0]}
    corrections = {"landmarks": [{"view": "center", "frame": frame, "points": points}]}
    began_s = time.perf_counter()
    job = client.post(
        "/jobs/previews", analysis_id=analysis_id, frame=frame, corrections=corrections
    )
    kinds = [event["kind"] for event in events(url, token, job["id"])]
    assert "result" in kinds, kinds
    asked = urllib.request.Request(
        f"{url}/api/v1/jobs/{job['id']}/preview/mesh", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked) as answer:
        assert answer.read()
    took_s = time.perf_counter() - began_s
    fitted = client.get(f"/jobs/{job['id']}/preview/landmarks")
    return took_s, fitted["landmarks_px"]["center"][int(CORNER)]


if __name__ == "__main__":
    main()
