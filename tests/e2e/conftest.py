"""One running service and one browser for all tours of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from page_site import CHROMIUM, Desk, Site, chromium, open_desk
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`sfpfr up` with a user per role; `site.demo` fills it with a virtual patient."""
    started = Site(tmp_path_factory.mktemp("site"))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a screen."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM))
        yield started
        started.close()


@pytest.fixture
def desk(site: Site, browser: Browser) -> Iterator[Callable[..., Desk]]:
    """`desk("clinician")`: a window of that person, closed and checked in the end.

    None: nobody is signed in. Further words are options of the browser's context, such as
    `color_scheme="dark"`.
    """
    opened: list[Desk] = []

    def sit_down(who: str | None, **options: Any) -> Desk:
        opened.append(open_desk(site, browser, who, **options))
        return opened[-1]

    yield sit_down
    for one in opened:
        one.close()
