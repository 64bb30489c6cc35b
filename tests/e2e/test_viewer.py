"""The viewer on a known take: colours, clicks, ghost, calliper and table say what was measured."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from page_site import Desk, Site
from PIL import Image
from playwright.sync_api import FloatRect, Page, expect

from models.head.normals import vertex_normals
from models.head.topology import load_topology
from models.stream import MeshStream

TOLERANCE_MM = 0.02
# The front view of frontend/src/viewer/scene.ts.
TARGET = np.array([0.0, -36.0, 10.0])
HALF_HEIGHT_MM, HALF_WIDTH_MM = 100.0, 88.0
TANGENT = math.tan(math.radians(11.0))
TOPOLOGY = load_topology()


@dataclass
class Truth:
    """What the service measured in one take; read here without the page's decoder."""

    site: Site
    take: dict[str, Any]

    @cached_property
    def analysis(self) -> dict[str, Any]:
        found: dict[str, Any] = self.site.get(
            "clinician", f"/analyses/{self.take['analysis']['id']}"
        )
        return found

    def stream(self, name: str) -> NDArray[np.float32]:
        address = f"/analyses/{self.analysis['id']}/streams/{name}"
        return MeshStream(self.site.api("clinician").get(address).content).all()

    @cached_property
    def meshes(self) -> NDArray[np.float32]:
        return self.stream("vertices")

    @cached_property
    def asymmetry(self) -> NDArray[np.float32]:
        return self.stream("asymmetry")

    @cached_property
    def displacement(self) -> NDArray[np.float32]:
        return self.stream("displacement")

    @cached_property
    def measures(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        offset: int | None = 0
        while offset is not None:
            page = self.site.get(
                "clinician",
                f"/analyses/{self.analysis['id']}/measures",
                level="movement",
                limit=200,
                offset=offset,
            )
            rows += page["items"]
            offset = page["next"]
        return rows

    def value(self, measure: str, side: str) -> float:
        found = [r for r in self.measures if (r["measure"], r["side"]) == (measure, side)]
        return float(found[0]["value"])

    @cached_property
    def series(self) -> dict[str, Any]:
        found: dict[str, Any] = self.site.get(
            "clinician", f"/analyses/{self.analysis['id']}/series"
        )
        return found

    @property
    def peak(self) -> int:
        return int(self.series["repetitions"][0]["peak_frame"])

    @cached_property
    def plane_offset_mm(self) -> float:
        """Where the symmetry plane is, by the lateral positions that `measures.csv` tells."""
        rest = np.median(self.meshes[list(self.series["rest_frames"])], axis=0)
        left, right = (rest[TOPOLOGY.points[f"commissure_{side}"], 0] for side in ("left", "right"))
        from_left = left - self.value("commissure_lateral_rest", "left")
        from_right = right + self.value("commissure_lateral_rest", "right")
        return float(from_left + from_right) / 2.0

    def to_ghost_mm(self, frame: int, vertex: int) -> float:
        """How far a vertex is from the mirror image of its counterpart."""
        image = self.meshes[frame, TOPOLOGY.mirror[vertex]].astype(np.float64)
        image[0] = 2.0 * self.plane_offset_mm - image[0]
        return float(np.linalg.norm(self.meshes[frame, vertex] - image))


@pytest.fixture(autouse=True)
def patience() -> None:
    """Software rendering on a busy machine is slow."""
    expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def truth(site: Site) -> Truth:
    return Truth(site, site.demo.takes[0, "full_smile"])


def opened(desk: Desk, truth: Truth) -> Page:
    """The take's page with its face on the screen, at the peak."""
    page = desk.go(f"/takes/{truth.take['id']}")
    expect(page.get_by_test_id("measures")).to_be_visible()
    expect(page.get_by_test_id("legend")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
    expect(page.get_by_test_id("clock")).to_contain_text(f"frame {truth.peak}")
    return page


def canvas_box(page: Page) -> FloatRect:
    box = page.locator("[data-testid=face] canvas").bounding_box()
    assert box is not None
    return box


def on_page(points_mm: NDArray[np.floating], box: FloatRect) -> NDArray[np.floating]:
    """(N, 3) points of the head frame -> (N, 2) pixels of the page in the front view."""
    aspect = box["width"] / box["height"]
    away = max(HALF_HEIGHT_MM / TANGENT, HALF_WIDTH_MM / (TANGENT * aspect))
    moved = points_mm - TARGET
    depth = away - moved[:, 2]
    x = moved[:, 0] / (depth * TANGENT * aspect)
    y = moved[:, 1] / (depth * TANGENT)
    return np.stack(
        [box["x"] + (x + 1) / 2 * box["width"], box["y"] + (1 - y) / 2 * box["height"]], axis=1
    )


def reading(page: Page, name: str) -> float:
    told = page.locator(f"[data-reading={name}]").first
    expect(told).to_have_attribute("data-value", re.compile(r"\d"))
    return float(told.get_attribute("data-value") or "nan")


def picked(page: Page) -> int:
    card = page.get_by_test_id("reading")
    expect(card).to_have_attribute("data-vertex", re.compile(r"^\d+$"))
    return int(card.get_attribute("data-vertex") or "-1")


def test_known_asymmetry_has_its_colour_in_its_place(
    desk: Callable[..., Desk], truth: Truth
) -> None:
    page = opened(desk("clinician"), truth)
    frame = truth.peak
    mesh, field = truth.meshes[frame].astype(np.float64), truth.asymmetry[frame]
    normals = vertex_normals(mesh, TOPOLOGY.faces)
    clear = (
        TOPOLOGY.regions["face"]
        & ~TOPOLOGY.regions["lips"]
        & ~TOPOLOGY.regions["periocular"]
        & (normals[:, 2] > 0.7)
    )
    box = canvas_box(page)
    pixels = on_page(mesh, box)
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), dtype=np.float64)

    def warmth(vertices: NDArray[np.integer]) -> NDArray[np.floating]:
        """Red minus blue where the vertices are seen."""
        columns, rows = np.round(pixels[vertices]).astype(int).T
        seen = picture[rows, columns]
        return np.asarray(seen[:, 0] - seen[:, 2])

    candidates = np.flatnonzero(clear)
    order = candidates[np.argsort(field[candidates])]
    inward, outward = order[:25], order[-25:]
    assert field[outward].min() > 1.0
    assert field[inward].max() < -1.0
    assert np.median(warmth(outward)) > 50
    assert np.median(warmth(inward)) < -35
    even = candidates[np.abs(field[candidates]) < 0.15]
    assert len(even) > 20
    assert abs(np.median(warmth(even))) < 30
    # The scale is the same to both sides and says so.
    expect(page.get_by_test_id("legend")).to_contain_text("mm")
    expect(page.get_by_test_id("legend")).to_contain_text("+5")


def test_clicked_millimetres_are_those_that_were_measured(
    desk: Callable[..., Desk], truth: Truth
) -> None:
    page = opened(desk("clinician"), truth)
    frame = truth.peak
    mesh = truth.meshes[frame].astype(np.float64)
    page.keyboard.press("g")
    expect(page.get_by_test_id("legend")).to_contain_text("mirrored")
    for name in ("cheek_left", "nasolabial_right", "upper_lip_lateral_left"):
        vertex = TOPOLOGY.points[name]
        x, y = on_page(mesh[[vertex]], canvas_box(page))[0]
        page.mouse.click(float(x), float(y))
        found = picked(page)
        assert np.linalg.norm(mesh[found] - mesh[vertex]) < 4.0
        card = page.get_by_test_id("reading")
        expect(card).to_have_attribute("data-frame", str(frame))
        expect(card.locator("[data-reading=ghost]")).to_be_visible()
        assert abs(reading(page, "asymmetry") - truth.asymmetry[frame, found]) <= TOLERANCE_MM
        assert abs(reading(page, "displacement") - truth.displacement[frame, found]) <= TOLERANCE_MM
        assert abs(reading(page, "ghost") - truth.to_ghost_mm(frame, found)) <= TOLERANCE_MM
        expect(card).to_contain_text("±")


def test_the_ghost_lies_where_measures_csv_says(desk: Callable[..., Desk], truth: Truth) -> None:
    """The healthy commissure's mirror image is as far off as both positions differ."""
    apart = [
        truth.value(f"commissure_{axis}_rest", "left")
        - truth.value(f"commissure_{axis}_rest", "right")
        for axis in ("lateral", "height", "depth")
    ]
    rest = np.median(truth.meshes[list(truth.series["rest_frames"])], axis=0)
    vertex = TOPOLOGY.points["commissure_left"]
    image = rest[TOPOLOGY.mirror[vertex]].astype(np.float64)
    image[0] = 2.0 * truth.plane_offset_mm - image[0]
    assert abs(np.linalg.norm(rest[vertex] - image) - np.linalg.norm(apart)) <= TOLERANCE_MM


def test_the_calliper_measures_between_two_points(desk: Callable[..., Desk], truth: Truth) -> None:
    page = opened(desk("clinician"), truth)
    mesh = truth.meshes[truth.peak].astype(np.float64)
    page.keyboard.press("c")
    expect(page.get_by_test_id("reading")).to_contain_text("first point")
    for name in ("cheek_right", "cheek_left"):
        x, y = on_page(mesh[[TOPOLOGY.points[name]]], canvas_box(page))[0]
        page.mouse.click(float(x), float(y))
    card = page.get_by_test_id("reading")
    expect(card).to_have_attribute("data-ends", re.compile(r"^\d+ \d+$"))
    a, b = (int(word) for word in (card.get_attribute("data-ends") or "").split())
    assert abs(reading(page, "distance") - np.linalg.norm(mesh[a] - mesh[b])) <= TOLERANCE_MM
    expect(card.locator("[data-reading=distance]")).to_contain_text("±")


def test_a_measure_goes_to_its_moment(desk: Callable[..., Desk], truth: Truth) -> None:
    somebody = desk("clinician")
    page = opened(somebody, truth)
    page.get_by_role("slider", name="Time line").focus()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("clock")).to_contain_text("frame 0")
    row = page.locator("[data-measure=commissure_excursion]").first
    for side, cell in (("left", 0), ("right", 1)):
        told = row.locator("[data-value]").nth(cell)
        assert float(told.get_attribute("data-value") or "nan") == truth.value(
            "commissure_excursion", side
        )
        expect(told).to_contain_text(f"{truth.value('commissure_excursion', side):.1f}")
    row.get_by_role("button").click()
    expect(page.get_by_test_id("clock")).to_contain_text(f"frame {truth.peak}")
    somebody.check_axe()
    # A measure that could not be taken is a dash with its reason, never 0.
    page.get_by_role("textbox", name="Filter").fill("repetitions")
    undetermined = page.locator("[data-measure$=_repetition_sd]").first
    expect(undetermined).to_contain_text("–")
    expect(undetermined).to_contain_text("Fewer than two repetitions")


def test_every_panel_passes_axe(desk: Callable[..., Desk], truth: Truth) -> None:
    somebody = desk("clinician")
    page = opened(somebody, truth)
    for name, shown in (
        ("Curves", page.get_by_test_id("chart")),
        ("Synkinesis", page.get_by_test_id("synkinesis")),
        ("Quality", page.get_by_test_id("quality")),
        ("Details", page.locator("[data-first-frame-ms]")),
    ):
        page.get_by_role("tab", name=name).click()
        expect(shown).to_be_visible()
        somebody.check_axe()
        somebody.picture(f"take-{name.lower()}")
    told = page.locator("[data-first-frame-ms]")
    print(
        f"first frame after {told.get_attribute('data-first-frame-ms')} ms, "
        f"{told.get_attribute('data-resident')} bytes of meshes kept"
    )


def test_keys_work_the_player(desk: Callable[..., Desk], truth: Truth) -> None:
    page = opened(desk("clinician"), truth)
    clock = page.get_by_test_id("clock")
    page.keyboard.press("ArrowRight")
    expect(clock).to_contain_text(f"frame {truth.peak + 1}")
    page.keyboard.press("Shift+ArrowLeft")
    expect(clock).to_contain_text(f"frame {truth.peak - 9}")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_test_id("legend")).to_contain_text("Distance from rest")
    page.keyboard.press("n")
    expect(page.get_by_test_id("legend")).to_contain_text("Plain")
    page.keyboard.press("o")
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    # The last frame of the take stands at the end of the time line, and videos stand there, too.
    page.get_by_role("slider", name="Time line").focus()
    page.keyboard.press("End")
    expect(clock).to_contain_text(f"frame {len(truth.meshes) - 1}")
    page.wait_for_function(
        "last => [...document.querySelectorAll('video')].every("
        "video => video.paused && Math.abs(video.currentTime - last) < 0.05)",
        arg=truth.series["time_s"][-1],
    )


def test_a_picture_carries_legend_and_notice(desk: Callable[..., Desk], truth: Truth) -> None:
    somebody = desk("clinician")
    page = opened(somebody, truth)
    box = canvas_box(page)
    with page.expect_download() as download:
        page.keyboard.press("p")
    picture = Image.open(download.value.path())
    assert picture.width == round(box["width"])
    assert picture.height > box["height"] + 100
    assert re.fullmatch(r"[\w-]+_day\d+_take\d+_frame\d+\.png", download.value.suggested_filename)
    # Chromium tells that the copy of a picture waits for a graphics card that is not there.
    somebody.expect_complaint("GPU stall")


def test_downloads_follow_the_rights(desk: Callable[..., Desk], truth: Truth) -> None:
    for who, meshes in (("clinician", True), ("therapist", False)):
        page = opened(desk(who), truth)
        page.get_by_role("button", name="Download").click()
        expect(page.get_by_role("menuitem", name="Measures as CSV")).to_be_visible()
        expect(page.get_by_role("menuitem", name="GLB, moving")).to_have_count(int(meshes))


def test_without_webgl_the_numbers_are_there(desk: Callable[..., Desk], truth: Truth) -> None:
    somebody = desk("clinician")
    somebody.page.add_init_script(
        "const before = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "  return kind.startsWith('webgl') ? null : before.call(this, kind, ...rest);"
        "};"
    )
    page = somebody.go(f"/takes/{truth.take['id']}")
    expect(page.get_by_text("This browser shows no 3D here.")).to_be_visible()
    expect(page.get_by_test_id("measures")).to_be_visible()
    somebody.expect_complaint("WebGL")


def test_a_lost_picture_comes_back(desk: Callable[..., Desk], truth: Truth) -> None:
    page = opened(desk("clinician"), truth)
    page.evaluate(
        "window.taken = document.querySelector('[data-testid=face] canvas')"
        ".getContext('webgl2').getExtension('WEBGL_lose_context'); window.taken.loseContext()"
    )
    expect(page.get_by_text("The graphics card took the picture away.")).to_be_visible()
    page.evaluate("window.taken.restoreContext()")
    expect(page.get_by_text("The graphics card took the picture away.")).to_have_count(0)
