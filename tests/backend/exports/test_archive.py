"""Archives that are made while they are read."""

import io
import random
import zipfile

from backend.exports.archive import zipped


def test_members_come_back_whole_and_the_same_every_time():
    members = {"a.txt": [b"one", b"two"], "b/c.bin": [bytes(1000)] * 300, "empty": []}
    whole = b"".join(zipped(members.items()))
    assert whole == b"".join(zipped(members.items()))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            name: b"".join(parts) for name, parts in members.items()
        }


def test_bytes_are_handed_on_before_the_end():
    rng, seen = random.Random(1), []

    def parts():
        for number in range(3):
            seen.append(number)
            yield rng.randbytes(400_000)

    early = sum(len(piece) for piece in zipped([("x", parts())]) if len(seen) < 3)
    assert early > 700_000
