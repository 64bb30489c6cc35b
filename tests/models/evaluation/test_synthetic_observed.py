"""What the evaluation keeps of a take's files is what the pipeline's own readers would say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from models.capture.workers import reading
from models.errors import UnusableInputError
from models.evaluation.observed import ObservedFiles


@pytest.fixture(scope="module")
def stills(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("stills")
    picture = skimage.data.astronaut()
    paths = [folder / "left.png", folder / "center.png"]
    Image.fromarray(picture[:400]).save(paths[0])
    Image.fromarray(picture).save(paths[1])
    return paths


def test_kept_files_answer_as_the_readers_of_the_pipeline_do(
    stills: list[Path], tmp_path: Path
) -> None:
    kept = ObservedFiles(stills, tmp_path)
    for wanted in (stills, stills[1:]):
        with kept.reading(wanted) as ours, reading(wanted) as theirs:
            pairs = [
                *zip(ours.look(), theirs.look(), strict=True),
                *zip(ours.observe(tmp_path), theirs.observe(tmp_path), strict=True),
            ]
        for mine, expected in pairs:
            assert (mine.path, mine.sampled) == (expected.path, expected.sampled)
            assert np.array_equal(mine.landmarks_px, expected.landmarks_px)
            assert (mine.crops is None) == (expected.crops is None)
            if mine.crops is not None and expected.crops is not None:
                assert np.array_equal(mine.crops.read(), expected.crops.read())


def test_a_file_is_read_once(stills: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "center.png"
    path.write_bytes(stills[1].read_bytes())
    kept = ObservedFiles([path], tmp_path)
    path.unlink()
    with kept.reading([path]) as readers:
        assert readers.look()[0].seen.all()
        assert readers.observe()[0].seen.all()
    with pytest.raises(UnusableInputError), reading([path]):
        pass
