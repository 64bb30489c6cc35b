"""Every place in light and dark: it shows what it is, complains about nothing, and passes axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from page_site import Desk, Site
from playwright.sync_api import expect

# Names for pictures -> who goes there, and the address.
PLACES = {
    "sign-in": (None, "/sign-in"),
    "patients": ("clinician", "/patients"),
    "patient": ("clinician", "/patients/{patient}"),
    "trends": ("therapist", "/patients/{patient}/trends"),
    "visit": ("clinician", "/visits/{visit}"),
    "capture": ("clinician", "/visits/{visit}/capture"),
    "take": ("clinician", "/takes/{take}"),
    "comparison": ("therapist", "/compare?before={visit}&after={later}"),
    "reviews": ("clinician", "/reviews"),
    "research": ("researcher", "/research"),
    "account": ("clinician", "/account"),
    "admin": ("admin", "/admin"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PLACES)
def test_a_place(
    site: Site, desk: Callable[..., Desk], name: str, scheme: Literal["light", "dark"]
) -> None:
    who, address = PLACES[name]
    somebody = desk(who, color_scheme=scheme)
    page = somebody.go(
        address.format(
            patient=site.demo.patient["id"],
            visit=site.demo.visits[0]["id"],
            later=site.demo.visits[1]["id"],
            take=site.demo.takes[1, "full_smile"]["id"],
        )
    )
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("note").first).to_contain_text("not for diagnosis")
    somebody.picture(f"{name}-{scheme}")
    somebody.check_axe()
    if who is None:
        # Nobody is signed in, and the page asked.
        somebody.expect_complaint("401")
