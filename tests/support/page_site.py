"""A running service with two visits of a virtual patient, and browsers that use its page.

The page is the shipped one: after a change in `frontend/`, run `npm run build` there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request
from running_service import Up, answer, until

from backend.dependencies import CSRF_HEADER
from cli import demo

PASSWORD = "correct horse battery staple"
ROLES = {
    "clinician": ("clinician",),
    "therapist": ("therapist",),
    "admin": ("admin",),
    "researcher": ("researcher",),
    "both": ("admin", "clinician"),
    # In another care team than the virtual patient.
    "stranger": ("clinician",),
}
# The demo's first person, filmed smaller and shorter; seen by the same pipeline.
MOVEMENTS = ("full_smile", "gentle_closure")
SIZE = (960, 540)
SECONDS = 3.0

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "out/e2e"

CHROMIUM = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


def chromium() -> str:
    """The system's browser."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        for folder in os.environ["PATH"].split(":"):
            if (path := Path(folder) / name).exists():
                return str(path)
    pytest.fail("No Chromium. On Debian or Ubuntu: apt install chromium")


class Site:
    """`sfpfr up` on data of its own, with a user per role; the demo's patient once asked for."""

    def __init__(self, folder: Path) -> None:
        # Every test comes from one address.
        self.up = Up(folder / "data", SFPFR_SIGN_INS_A_MINUTE="1000")
        self.url = self.up.wait()
        self._folder = folder
        self._clients: dict[str, httpx.Client] = {}
        settings = self._settings()
        demo.make_team(settings)
        self.make_team("Elsewhere")
        for who, roles in ROLES.items():
            self.add_user(who, roles, "Elsewhere" if who == "stranger" else demo.TEAM)

    def _settings(self) -> Any:
        from backend.settings import Settings

        return Settings(data_dir=self.up.data_dir)

    def make_team(self, name: str) -> None:
        """Make a care team without members."""
        from backend.teams import service
        from cli.site import opened

        with opened(self._settings()) as database, database.unit_of_work() as session:
            service.create(session, None, name)

    def add_user(self, who: str, roles: tuple[str, ...], team: str | None = None) -> str:
        """A user who can sign in with PASSWORD; returns the address."""
        email = f"{who}@clinic.example"
        words = [word for role in roles for word in ("--role", role)]
        words += ["--team", team] if team else []
        told = subprocess.run(
            [sys.executable, "-m", "cli", "users", "create", email, "--name", who.title(), *words],
            env=os.environ | {"SFPFR_DATA_DIR": str(self.up.data_dir)},
            check=True,
            capture_output=True,
            text=True,
        )
        link = re.search(r"#([A-Za-z0-9_-]+)", told.stdout + told.stderr)
        assert link is not None, told
        answer(f"{self.url}/api/v1/links/use", {"secret": link[1], "password": PASSWORD})
        return email

    def api(self, who: str) -> httpx.Client:
        """A signed-in client of the API (`/patients`, ...)."""
        if who not in self._clients:
            client = httpx.Client(
                base_url=f"{self.url}/api/v1", timeout=60, headers={"Origin": self.url}
            )
            signed = client.post(
                "/session", json={"email": f"{who}@clinic.example", "password": PASSWORD}
            )
            assert signed.status_code == 200, signed.text
            client.headers[CSRF_HEADER] = client.cookies["sfpfr-csrf"]
            self._clients[who] = client
        return self._clients[who]

    def get(self, who: str, path: str, **params: Any) -> Any:
        """The JSON that somebody gets."""
        found = self.api(who).get(path, params=params)
        assert found.status_code == 200, found.text
        return found.json()

    @cached_property
    def demo(self) -> Demo:
        """The virtual patient with two visits, really filmed and really processed."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(demo, "PEOPLE", demo.PEOPLE[:1])
            patch.setattr(demo, "MOVEMENTS", MOVEMENTS)
            patch.setattr(demo, "SIZE", SIZE)
            patch.setattr(demo, "SECONDS", SECONDS)
            patch.setenv("SFPFR_DATA_DIR", str(self.up.data_dir))
            demo.demo(server=self.url)
        patient = self.get("clinician", "/patients")["items"][0]
        visits = sorted(
            self.get("clinician", f"/patients/{patient['id']}/visits")["items"],
            key=lambda visit: visit["visited_on"],
        )
        takes = {
            (number, take["movement"]): take
            for number, visit in enumerate(visits)
            for take in self.get("clinician", f"/visits/{visit['id']}/takes")["items"]
        }
        return Demo(patient, visits, takes)

    def films(self) -> Path:
        """A folder with a small take of another virtual patient: left, center, right.mp4."""
        folder = self._folder / "films"
        if not folder.exists():
            from models.data.synthetic.session import Session

            session = Session(demo.drawn(611), SIZE)
            session.write_description(folder)
            session.write_take(folder, "full_smile", seconds=SECONDS)
        return folder

    def finished(self, take_id: str, who: str = "clinician") -> Any:
        """The take, once nothing works on it any more."""

        def over() -> Any:
            jobs = self.get(who, "/jobs", take_id=take_id)["items"]
            alive = any(job["state"] in ("queued", "running") for job in jobs)
            return self.get(who, f"/takes/{take_id}") if jobs and not alive else None

        return until(over)

    def stop(self) -> None:
        """End the service."""
        for client in self._clients.values():
            client.close()
        self.up.process.terminate()
        self.up.process.wait()


@dataclass(frozen=True)
class Demo:
    """What the demo put in: rows as the API gives them; takes by visit (0, 1) and movement."""

    patient: dict[str, Any]
    visits: list[dict[str, Any]]
    takes: dict[tuple[int, str], dict[str, Any]]


@dataclass
class Desk:
    """A person's browser window. What the page must not do is noted, and looked at in the end."""

    site: Site
    context: BrowserContext
    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    # Software rendering says so when a picture is read back; that is no fault of the page.
    allowed: list[str] = field(default_factory=lambda: ["GPU stall due to ReadPixels"])

    def go(self, path: str) -> Page:
        """Open a place of the page."""
        self.page.goto(f"{self.site.url}{path}")
        return self.page

    def picture(self, name: str) -> None:
        """Keep what is seen, for people."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")

    def check_axe(self) -> None:
        """No serious or critical finding of axe on what is shown."""
        # Through the debugger, so that the page's policy need not admit it.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "async () => (await axe.run(document)).violations"
            ".filter(v => ['serious', 'critical'].includes(v.impact))"
            ".map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 160)).join(' | ')}`)"
        )
        assert found == []

    def expect_complaint(self, pattern: str) -> None:
        """Allow a console line that the test brings about, such as a refused request."""
        self.allowed.append(pattern)

    def close(self) -> None:
        """Put the window away; it asked nobody outside and had nothing to complain about."""
        self.context.close()
        outside = [url for url in self.requests if not url.startswith((self.site.url, "blob:"))]
        assert outside == [], outside
        # Looked at in the end: the console is heard a little later than the page is seen.
        serious = [
            line for line in self.complaints if not any(re.search(p, line) for p in self.allowed)
        ]
        assert serious == [], serious


def open_desk(site: Site, browser: Browser, who: str | None, **options: Any) -> Desk:
    """A new window, signed in as `who` unless None; options are those of a browser context."""
    settings = {"viewport": {"width": 1280, "height": 800}, "base_url": site.url} | options
    context = browser.new_context(**settings)
    # Software rendering on a busy machine is slow.
    context.set_default_timeout(60_000)
    if who is not None:
        signed = context.request.post(
            f"{site.url}/api/v1/session",
            data={"email": f"{who}@clinic.example", "password": PASSWORD},
            headers={"Origin": site.url},
        )
        assert signed.ok, signed.text()
    desk = Desk(site, context, context.new_page())

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            desk.complaints.append(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        desk.requests.append(request.url)

    context.on("console", heard)
    context.on("weberror", lambda error: desk.complaints.append(f"uncaught: {error.error}"))
    context.on("request", asked)
    return desk
