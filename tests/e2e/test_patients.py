"""Patients and visits: found, created, agreed to, hidden again; by mouse and by keyboard alone.

The people here are those of the team Elsewhere, so that the virtual patient's team stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from page_site import Desk, Site
from playwright.sync_api import Page, expect

OpenDesk = Callable[..., Desk]

SCAN = b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"


def _create(site: Site, **more: Any) -> dict[str, Any]:
    created = site.api("stranger").post("/patients", json=more)
    assert created.status_code == 201, created.text
    return dict(created.json())


def _agreed(site: Site, **more: Any) -> dict[str, Any]:
    """A patient of the team Elsewhere who agreed to care."""
    patient = _create(site, **more)
    signed = site.api("stranger").post(
        f"/patients/{patient['id']}/consents",
        json={"purpose": "care", "signed_on": datetime.now(UTC).date().isoformat()},
    )
    assert signed.status_code == 201, signed.text
    return patient


def _visited(site: Site, patient: dict[str, Any], title: str) -> dict[str, Any]:
    made = site.api("stranger").post(f"/patients/{patient['id']}/visits", json={"title": title})
    assert made.status_code == 201, made.text
    return dict(made.json())


def _name_of_nobody() -> str:
    return f"Nobody {''.join(chr(97 + int(digit, 16)) for digit in uuid4().hex[:10])}"


def _heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def _fill_new(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Year of birth").fill("1961")


def test_from_a_new_patient_to_the_first_visit(site: Site, desk: OpenDesk) -> None:
    name = _name_of_nobody()
    somebody = desk("stranger")
    page = somebody.go("/patients")
    page.get_by_role("button", name="New patient").first.click()
    _fill_new(page, name)
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value(name)
    page.get_by_role("button", name="Create patient").click()
    expect(page.get_by_text("What is next")).to_be_visible()
    first = _heading(page)

    # The same person once more: warned, led to the record that is there, and let on.
    page = somebody.go("/patients/new")
    _fill_new(page, name)
    create = page.get_by_role("button", name="Create patient")
    create.click()
    warning = page.get_by_role("alert")
    expect(warning).to_contain_text("Perhaps this patient is there already")
    expect(warning.get_by_role("link", name=f"Open {first}")).to_be_visible()
    expect(create).to_be_disabled()
    page.get_by_label("It is somebody else").check()
    create.click()
    expect(page.get_by_text("What is next")).to_be_visible()
    assert _heading(page) != first
    somebody.expect_complaint("409")

    page.get_by_role("link", name="Record consent").click()
    page.wait_for_url("**?tab=consents")
    page.get_by_role("button", name="Record consent: Care").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(
        {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": SCAN}
    )
    dialog.get_by_role("button", name="Record consent").click()
    expect(page.get_by_role("link", name="Look at the scan")).to_be_visible()
    expect(page.get_by_text("Consent to care", exact=True)).to_be_visible()

    page.get_by_role("tab", name="Overview").click()
    page.get_by_role("button", name="New episode").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("The patient's right").click()
    dialog.get_by_label("Cause").fill("Bell's palsy")
    dialog.get_by_label("Onset").fill("2026-01-15")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Right side affected")).to_be_visible()
    page.get_by_role("button", name="Add event").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Day").fill("2026-02-01")
    dialog.get_by_label("What happened").fill("Botulinum toxin, 20 units")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Injection: Botulinum toxin, 20 units")).to_be_visible()

    page.get_by_role("button", name="New visit").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("First visit")
    dialog.get_by_role("button", name="Begin the visit").click()
    page.wait_for_url("**/visits/*")
    expect(page.get_by_role("heading", name="First visit")).to_be_visible()
    expect(page.get_by_text("affected side: right")).to_be_visible()
    expect(page.get_by_text("0 of 9 movements recorded")).to_be_visible()
    capture = page.get_by_role("link", name="Record or upload").first
    expect(capture).to_have_attribute("href", re.compile(r"/visits/[0-9a-f-]+/capture$"))
    assert not [url for url in somebody.requests if name.split()[1] in url]


def test_a_search_finds_by_what_is_typed_and_keeps_it_out_of_addresses(
    site: Site, desk: OpenDesk
) -> None:
    name, mrn = _name_of_nobody(), f"MRN{uuid4().int % 10**9}"
    patient = _create(site, name=name, mrn=mrn, birth_year=1950)
    somebody = desk("stranger")
    page = somebody.go("/patients")
    search = page.get_by_role("searchbox", name="Search patients")
    link = page.get_by_role("link", name=patient["pseudonym"], exact=True)
    for typed in (name.split()[1][:6], mrn, patient["pseudonym"][:4]):
        search.fill(typed)
        expect(link).to_be_visible()
    search.fill(name)
    expect(page.get_by_role("status").first).to_contain_text("1 patient")
    assert page.url.endswith("/patients")
    assert not [url for url in somebody.requests if name.split()[1] in url or mrn in url]
    # Names are shown on request alone.
    expect(page.get_by_text(name)).to_have_count(0)
    page.get_by_role("switch", name="Show names").check()
    expect(page.get_by_role("cell", name=name)).to_be_visible()
    search.fill("nobody is called so")
    expect(page.get_by_role("heading", name="Nobody found")).to_be_visible()


def test_another_teams_patient_is_not_found_but_opened_in_an_emergency(
    site: Site, desk: OpenDesk
) -> None:
    patient = _agreed(site)
    visit = _visited(site, patient, "Elsewhere")
    outsider = desk("clinician")
    for address in (f"/patients/{patient['id']}", f"/visits/{visit['id']}"):
        page = outsider.go(address)
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    outsider.expect_complaint("404")
    page = outsider.go("/patients")
    page.get_by_role("searchbox").fill(patient["pseudonym"])
    expect(page.get_by_role("heading", name="Nobody found")).to_be_visible()

    page.get_by_role("button", name="Emergency access").click()
    page.get_by_label("Whole record number or exact pseudonym").fill("NO-SUCH-ONE")
    page.get_by_role("button", name="Is there such a patient?").click()
    expect(page.get_by_text("There is no patient with exactly this")).to_be_visible()
    page.get_by_label("Whole record number or exact pseudonym").fill(patient["pseudonym"])
    page.get_by_role("button", name="Is there such a patient?").click()
    page.get_by_label("Why it can't wait").fill("Seen in the emergency room tonight")
    page.get_by_role("button", name="Open the record for four hours").click()
    expect(page.get_by_role("heading", name=patient["pseudonym"])).to_be_visible()
    expect(page.get_by_text("Opened by emergency access")).to_contain_text(re.compile("[34] h"))
    expect(page.get_by_role("link", name="Elsewhere")).not_to_have_count(0)
    # For reading alone.
    expect(page.get_by_role("button", name="New visit")).to_have_count(0)
    expect(page.get_by_role("button", name="New episode")).to_have_count(0)
    page = outsider.go(f"/visits/{visit['id']}")
    expect(page.get_by_role("heading", name="Elsewhere")).to_be_visible()
    expect(page.get_by_role("link", name="Record or upload")).to_have_count(0)


def test_a_withdrawn_consent_hides(site: Site, desk: OpenDesk) -> None:
    patient = _agreed(site)
    visit = _visited(site, patient, "Before the withdrawal")
    somebody = desk("stranger")
    page = somebody.go(f"/visits/{visit['id']}")
    expect(page.get_by_role("link", name="Record or upload").first).to_be_visible()
    page = somebody.go(f"/patients/{patient['id']}?tab=consents")
    expect(page.get_by_role("button", name="Trends")).to_be_visible()
    page.get_by_role("button", name="Withdraw: Care").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("are hidden at once")
    dialog.get_by_role("button", name="Withdraw the consent").click()
    expect(page.get_by_text("The consent to care was withdrawn", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Trends")).to_have_count(0)
    page = somebody.go(f"/visits/{visit['id']}")
    expect(page.get_by_text("Videos and results are hidden")).to_be_visible()
    expect(page.get_by_role("link", name="Record or upload")).to_have_count(0)


def test_by_keyboard_alone(site: Site, desk: OpenDesk) -> None:
    patient = _agreed(site)
    page = desk("stranger").go("/patients")
    expect(page.locator("[data-open]").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(patient["pseudonym"])
    expect(page.get_by_role("status").first).to_contain_text("1 patient")
    page.keyboard.press("ArrowDown")
    link = page.get_by_role("link", name=patient["pseudonym"], exact=True)
    expect(link).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=patient["pseudonym"])).to_be_visible()
    expect(page.get_by_role("button", name="New visit").first).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.type("Typed")
    page.keyboard.press("Enter")
    page.wait_for_url("**/visits/*")
    expect(page.get_by_role("heading", name="Typed")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_was_typed_stays_when_somebody_else_was_faster(site: Site, desk: OpenDesk) -> None:
    patient = _create(site, birth_year=1970)
    somebody = desk("stranger")
    page = somebody.go(f"/patients/{patient['id']}?tab=person")
    page.get_by_role("button", name="Edit", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Year of birth").fill("1972")
    body = {"pseudonym": patient["pseudonym"], "birth_year": 1971, "sex": "female"}
    faster = site.api("stranger").put(
        f"/patients/{patient['id']}", json=body, headers={"If-Match": f'"{patient["version"]}"'}
    )
    assert faster.status_code == 200, faster.text
    dialog.get_by_role("button", name="Save").click()
    told = dialog.get_by_role("alert")
    expect(told).to_contain_text("Somebody changed this while you were typing")
    expect(told).to_contain_text("Now saved: 1971")
    expect(dialog.get_by_label("Year of birth")).to_have_value("1972")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("female, born 1972")).to_be_visible()
    somebody.expect_complaint("412")


def test_a_record_out_of_use_comes_back(site: Site, desk: OpenDesk) -> None:
    patient = _create(site)
    page = desk("stranger").go(f"/patients/{patient['id']}?tab=person")
    page.get_by_role("button", name="Take the record out of use").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("Made by mistake")
    dialog.get_by_role("button", name="Take out of use").click()
    expect(page.get_by_text("Made by mistake")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Made by mistake")).to_have_count(0)
    expect(page.get_by_role("button", name="Take the record out of use")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_passes_axe(site: Site, desk: OpenDesk, scheme: str) -> None:
    patient = _agreed(site)
    somebody = desk("stranger", color_scheme=scheme)
    places = {
        "patients": "/patients",
        "patient-new": "/patients/new",
        "patient-emergency": "/patients/emergency",
        "patient-empty": f"/patients/{patient['id']}",
        "patient-consents": f"/patients/{patient['id']}?tab=consents",
        "patient-person": f"/patients/{patient['id']}?tab=person",
        "patient-exports": f"/patients/{patient['id']}?tab=exports",
        "patient-history": f"/patients/{patient['id']}?tab=history",
    }
    for name, address in places.items():
        page = somebody.go(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        somebody.picture(f"{name}-{scheme}")
        somebody.check_axe()


def test_a_visit_shows_the_numbers_of_its_analyses(site: Site, desk: OpenDesk) -> None:
    visit, take = site.demo.visits[1], site.demo.takes[1, "full_smile"]
    rows = site.get(
        "clinician",
        f"/visits/{visit['id']}/measures",
        movement="full_smile",
        measure="commissure_excursion",
        level="movement",
    )["items"]
    page = desk("clinician", locale="en-GB").go(f"/visits/{visit['id']}")
    line = page.locator(f"tr[data-take='{take['number']}']")
    expect(line).to_contain_text("Full smile")
    for side, cell in (("left", 4), ("right", 5)):
        (row,) = [row for row in rows if row["side"] == side and row["take_id"] == take["id"]]
        shown = line.get_by_role("cell").nth(cell)
        if row["value"] is None:
            expect(shown).to_contain_text(row["reason"])
        else:
            expect(shown).to_contain_text(f"{row['value']:.1f} mm")
            expect(shown).to_contain_text(f"{row['ci_lo']:.1f}–{row['ci_hi']:.1f}")
    expect(page.get_by_role("row", name="Nose wrinkle")).to_contain_text("not recorded yet")
