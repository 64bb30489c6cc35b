"""What every file of the project keeps to, checked where the linters don't look."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    path
    for room in ("models", "backend", "worker", "cli")
    for path in (ROOT / room).rglob("*.py")
    if path.stat().st_size
)
TORCH_FREE = (
    "backend.app",
    "cli.main",
    "models.calibration",
    "models.capture",
    "models.capture.landmarks",
    "models.export",
    "models.head.topology",
    "models.measures",
    "models.request",
    "models.stream",
    "models.subject",
    "worker.app",
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_lives_in_it(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_light_rooms_do_not_bring_torch() -> None:
    """Each process of a view must stay small, and `sfpfr --help` quick."""
    program = f"import sys, {', '.join(TORCH_FREE)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_the_lock_pins_every_requirement_with_its_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {
        re.split(r"[^a-z0-9-]", requirement.lower())[0]
        for requirement in [*project["dependencies"], *extras["test"], *extras["build"]]
    }
    lock = (ROOT / "cpu.lock").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9.-]+)==\S+ \\\n    --hash=sha256:", lock, re.MULTILINE))
    assert wanted - {"torch"} <= pinned
    assert re.search(r"^torch==", (ROOT / "cpu-torch.lock").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_program_starts_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "--help"], cwd=ROOT, check=False, capture_output=True
    )
    assert done.returncode == 0
    assert b"reconstruct" in done.stdout
