"""Recording and uploading: nothing is lost by a broken connection, a refusal or a reload."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from page_site import Desk, Site
from playwright.sync_api import Locator, Page, Route, expect

OpenDesk = Callable[..., Desk]

VIEWS = ("right", "center", "left")
# The tour has no fast processor: a first verdict takes a while.
VERDICT_MS = 240_000
DETECTOR_MS = 60_000
# The countdown and the first seconds.
RECORDING_MS = 30_000
# Files are looked into when they have arrived.
SENDING_MS = 60_000


def _visit(site: Site) -> str:
    """A visit of a new patient who agreed to care; its id."""
    api = site.api("stranger")
    patient = api.post("/patients", json={}).json()
    agreed = api.post(
        f"/patients/{patient['id']}/consents",
        json={"purpose": "care", "signed_on": datetime.now(UTC).date().isoformat()},
    )
    assert agreed.status_code == 201, agreed.text
    made = api.post(f"/patients/{patient['id']}/visits", json={})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def _capture(somebody: Desk, visit_id: str, movement: str) -> Page:
    return somebody.go(f"/visits/{visit_id}/capture?movement={movement}")


def _zone(page: Page, view: str) -> Locator:
    return page.get_by_test_id(f"zone-{view}")


def _choose(page: Page, view: str, film: Path) -> None:
    _zone(page, view).locator("input[type=file]").set_input_files(film)


def _take(site: Site, visit_id: str) -> dict[str, Any]:
    (take,) = site.get("stranger", f"/visits/{visit_id}/takes")["items"]
    return dict(take)


def _films(site: Site) -> dict[str, Path]:
    found = {view: list(site.films().rglob(f"*{view}.mp4")) for view in VIEWS}
    return {view: films[0] for view, films in found.items()}


def test_three_files_arrive_over_a_connection_that_breaks(site: Site, desk: OpenDesk) -> None:
    visit_id, films = _visit(site), _films(site)
    somebody = desk("stranger")
    page = _capture(somebody, visit_id, "full_smile")
    for view, film in films.items():
        _choose(page, view, film)
    broken: list[str] = []

    def break_once(route: Route) -> None:
        # The connection goes away under the first parts that are sent.
        if route.request.method == "PATCH" and len(broken) < 2:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route("**/api/v1/uploads/**", break_once)
    page.get_by_role("button", name="Send 3 files").click()
    expect(page.get_by_test_id("outcome")).to_be_visible(timeout=SENDING_MS)
    # What arrived is asked for first, and the rest goes on from there.
    expect(_zone(page, "center")).to_have_count(0, timeout=SENDING_MS)
    assert len(broken) == 2
    recording = site.get("stranger", f"/recordings/{_take(site, visit_id)['recording_id']}")
    assert recording["state"] == "complete"
    assert [view["view"] for view in recording["views"]] == ["left", "center", "right"]
    expect(page.get_by_test_id("outcome")).to_contain_text(
        re.compile("First look|After the analysis"), timeout=VERDICT_MS
    )
    somebody.check_axe()
    somebody.picture("capture-verdict")
    somebody.expect_complaint("ERR_CONNECTION_RESET")


def test_a_refused_file_says_why_and_another_one_takes_its_place(
    site: Site, desk: OpenDesk, tmp_path: Path
) -> None:
    visit_id = _visit(site)
    no_film = tmp_path / "front.mp4"
    no_film.write_bytes(b"This is no film. " * 4096)
    somebody = desk("stranger")
    page = _capture(somebody, visit_id, "full_smile")
    _choose(page, "center", no_film)
    page.get_by_role("button", name="Send one file").click()
    zone = _zone(page, "center")
    expect(zone.get_by_role("alert")).to_be_visible(timeout=SENDING_MS)
    expect(zone.get_by_role("status")).to_contain_text("refused")
    somebody.check_axe()
    zone.locator("input[type=file]").set_input_files(_films(site)["center"])
    expect(zone).to_have_count(0, timeout=SENDING_MS)
    recording = site.get("stranger", f"/recordings/{_take(site, visit_id)['recording_id']}")
    assert recording["state"] == "complete"
    somebody.expect_complaint("422|415|400")


def test_an_interrupted_upload_goes_on_after_a_reload(site: Site, desk: OpenDesk) -> None:
    visit_id, films = _visit(site), _films(site)
    somebody = desk("stranger")
    page = _capture(somebody, visit_id, "full_smile")
    _choose(page, "center", films["center"])
    page.route("**/api/v1/uploads/**", lambda route: route.abort("connectionreset"))
    page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_request(lambda request: request.method == "PATCH"):
        page.get_by_role("button", name="Send one file").click()
    page.reload()
    expect(page.get_by_text("Choose the same files again")).to_be_visible()
    page.unroute_all()
    with page.expect_request(lambda request: request.method == "HEAD") as resumed:
        _choose(page, "center", films["center"])
    assert "/api/v1/uploads/" in resumed.value.url
    expect(_zone(page, "center")).to_have_count(0, timeout=SENDING_MS)
    somebody.expect_complaint("ERR_CONNECTION_RESET|Failed to load resource")


def test_a_recording_that_does_not_come_is_given_up(site: Site, desk: OpenDesk) -> None:
    visit_id, films = _visit(site), _films(site)
    somebody = desk("stranger")
    page = _capture(somebody, visit_id, "full_smile")
    _choose(page, "center", films["center"])
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/api/v1/uploads", lambda route: route.abort("connectionreset"))
    page.get_by_role("button", name="Send one file").click()
    page.get_by_role("button", name="Give this recording up").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("The file is gone")
    dialog.get_by_role("button", name="Give this recording up").click()
    expect(page.get_by_role("button", name="Full smile (teeth) not recorded")).to_be_visible()
    assert site.get("stranger", f"/visits/{visit_id}/takes")["items"] == []
    somebody.expect_complaint("ERR_CONNECTION_RESET|Failed to load resource")


def test_a_recording_survives_a_reload_and_is_sent(site: Site, desk: OpenDesk) -> None:
    visit_id = _visit(site)
    somebody = desk("stranger", permissions=["camera", "microphone"])
    page = _capture(somebody, visit_id, "full_smile")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("tab", name="Cameras").click()
    page.get_by_role("button", name="Allow cameras").click()
    start = page.get_by_role("button", name="Start recording")
    expect(start).to_be_enabled()
    # Chromium's fake camera shows no face, which the detector says.
    expect(page.get_by_text("No face in the picture")).to_be_visible(timeout=DETECTOR_MS)
    somebody.check_axe()
    start.click()
    running = page.get_by_text(re.compile(r"Recording 0:(0[2-9]|[1-5]\d)"))
    expect(running).to_be_visible(timeout=RECORDING_MS)
    page.get_by_role("button", name="Stop recording").click()
    send = page.get_by_role("button", name="Use this recording")
    expect(send).to_be_visible()
    page.reload()
    page.get_by_role("tab", name="Cameras").click()
    expect(send).to_be_visible()
    page.route("**/api/v1/uploads/**", lambda route: route.abort("connectionreset"))
    with page.expect_request(lambda request: request.method == "PATCH"):
        send.click()
    # Cut off while it is sent: it goes on by itself.
    page.reload()
    page.unroute_all()
    expect(page.get_by_test_id("outcome")).to_be_visible(timeout=SENDING_MS)
    expect(_zone(page, "center")).to_have_count(0, timeout=SENDING_MS)
    recording = site.get("stranger", f"/recordings/{_take(site, visit_id)['recording_id']}")
    assert recording["state"] == "complete"
    somebody.expect_complaint("ERR_CONNECTION_RESET|Failed to load resource")


def test_one_long_recording_is_cut_into_takes_by_keyboard(site: Site, desk: OpenDesk) -> None:
    visit_id, films = _visit(site), _films(site)
    somebody = desk("stranger")
    page = somebody.go(f"/visits/{visit_id}/capture?whole=true")
    _choose(page, "center", films["center"])
    page.get_by_role("button", name="Send one file").click()
    cutting = page.get_by_test_id("cutting")
    expect(cutting).to_be_visible(timeout=SENDING_MS)
    # The film is too short to hold the whole protocol, so nothing is proposed.
    page.get_by_role("button", name="Cut here").click()
    start = page.get_by_role("slider", name=re.compile("Begin of"))
    start.focus()
    start.press("Shift+ArrowRight")
    expect(start).to_have_attribute("aria-valuenow", "1")
    page.get_by_role("combobox", name="Movement").select_option(label="Full smile (teeth)")
    somebody.check_axe()
    somebody.picture("capture-cutting")
    page.get_by_role("button", name="Make one take").click()
    expect(cutting).to_have_count(0)
    take = _take(site, visit_id)
    assert (take["movement"], take["start_s"]) == ("full_smile", 1.0)
