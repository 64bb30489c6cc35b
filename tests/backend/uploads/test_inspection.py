"""What is let in and what is refused, with a reason, by the child that looks into new files."""

from __future__ import annotations

import pytest
from hostile_files import HOSTILE, box, zip_archive

from backend.uploads.errors import FileRefusedError
from backend.uploads.inspection import inspect_view

MINUTES = 60.0


@pytest.fixture
def look(tmp_path):
    def write_and_inspect(content: bytes, name: str = "0"):
        path = tmp_path / name
        path.write_bytes(content)
        return inspect_view(path, max_duration_s=5 * MINUTES)

    return write_and_inspect


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mp4", "libx264"), ("mov", "libx264"), ("webm", "libvpx"), ("avi", "mpeg4")],
)
def test_ordinary_films_are_let_in(look, film, suffix, codec):
    facts = look(film(suffix=suffix, codec=codec))
    assert facts.kind == "video"
    assert (facts.width, facts.height) == (160, 120)
    assert facts.n_frames == 12
    assert facts.fps == pytest.approx(30, rel=0.05)


def test_a_film_with_sound_is_let_in(look, film):
    assert look(film(sound=True)).n_frames == 12


def test_a_photograph_is_let_in(look, photograph):
    assert look(photograph).kind == "still"


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_refused_with_a_reason(look, content):
    with pytest.raises(FileRefusedError) as refusal:
        look(content)
    assert refusal.value.message.endswith(".")
    assert refusal.value.next_step


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda film: film[: len(film) // 2], id="cut in half"),
        pytest.param(lambda film: film[:-40], id="end missing"),
        pytest.param(lambda film: film + zip_archive(), id="archive behind"),
        pytest.param(lambda film: film + box(b"free", zip_archive()), id="archive in a box behind"),
        pytest.param(lambda film: box(b"free", b"%PDF-1.7") + film, id="document in front"),
        pytest.param(lambda film: box(b"skip", b"<script>1</script>") + film, id="page in front"),
        pytest.param(lambda film: film + b"trailing words", id="words behind"),
    ],
)
def test_a_film_that_was_tampered_with_is_refused(look, film, spoil):
    with pytest.raises(FileRefusedError):
        look(spoil(film()))


def test_a_photograph_that_was_cut_off_is_refused(look, photograph):
    with pytest.raises(FileRefusedError):
        look(photograph[: len(photograph) // 2])


def test_too_many_streams_are_refused(look, film):
    with pytest.raises(FileRefusedError, match="20 streams"):
        look(film(streams=20, pictures=3))


def test_too_long_a_film_is_refused(tmp_path, film):
    (tmp_path / "0").write_bytes(film(pictures=30))
    with pytest.raises(FileRefusedError, match="minutes long"):
        inspect_view(tmp_path / "0", max_duration_s=0.5)


def test_too_many_frames_a_second_are_refused(look, film):
    with pytest.raises(FileRefusedError, match="600 frames a second"):
        look(film(fps=600, pictures=24))
