"""The page as a whole: it is there for every place, and asks nobody outside."""

from __future__ import annotations

from collections.abc import Callable

from page_site import Desk
from playwright.sync_api import expect


def test_a_place_needs_somebody_and_comes_back_after_sign_in(desk: Callable[..., Desk]) -> None:
    somebody = desk(None)
    page = somebody.go("/patients")
    page.wait_for_url("**/sign-in?next=**")
    somebody.expect_complaint(r"401")


def test_an_unknown_address_is_told(desk: Callable[..., Desk]) -> None:
    page = desk("clinician").go("/nowhere/at/all")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
