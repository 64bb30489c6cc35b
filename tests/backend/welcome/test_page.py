"""The page behind a one-time link loads under the strict rules for pages, from here alone."""

import re

from service_factories import Service

from backend.users import links


def test_the_link_leads_to_the_page(service: Service) -> None:
    with service.database.unit_of_work() as unit:
        link = links.issue_setup(unit, service.settings)
    assert link is not None
    address = link.url.partition("#")[0].removeprefix(service.settings.public_url)
    client = service.anonymous()
    page = client.get(address)
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 2
    for path in loaded:
        assert path.startswith("/")
        assert client.get(path).status_code == 200
    # Nothing that the rules would forbid: no script or style inside the page.
    assert not re.search(r"<style|<script>|\son\w+=|\sstyle=", page.text)


def test_the_page_asks_for_what_the_routes_want(service: Service) -> None:
    script = service.anonymous().get("/welcome/page.js").text
    document = service.app.openapi()
    for path in ("inspect", "use"):
        assert f"/api/v1/links/{path}" in document["paths"]
        assert f'send("{path}"' in script
    wanted = document["components"]["schemas"]["LinkUse"]["properties"]
    assert set(wanted) == {"secret", "password", "email", "display_name"}
    purposes = document["components"]["schemas"]["LinkPurpose"]["enum"]
    assert all(f"{purpose}: " in script for purpose in purposes)
