"""The keys of the site and what is sealed with them; which columns are sealed is not here.

A key provider keeps the site's keys. Each sealed value has its own random key (the envelope), which
the provider wraps together with the value's context, so that a value moved to another row, column
or table does not open. Look-up by an identifying value goes through a keyed hash.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.kit.errors import ServiceError

KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_ID_BYTES = 4
_SEAL_VERSION = b"\x01"


class KeyFileError(ServiceError):
    """The key file is missing, unreadable, open to others, or belongs to another site."""

    code = "key_file"
    title = "Key file"


class SealBrokenError(ServiceError):
    """A sealed value was changed, moved, or sealed with a key that is gone."""

    code = "seal_broken"
    title = "Stored value damaged"
    default_message = "A stored value was changed or its key is gone."
    default_next_step = "Ask an administrator to compare the database with the last backup."


class KeyProvider(Protocol):
    """Keeper of the site's keys; they never leave it, but for the secrets of keyed hashes."""

    def wrap(self, key: bytes, context: str) -> bytes:
        """A 32-byte key, encrypted and bound to `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The key again; raises SealBrokenError when changed or of another context."""
        ...

    def secret(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same for the life of the site."""
        ...


class LocalKeyFile:
    """Keys from a file on this machine, readable by its owner alone.

    The first wrapping key seals; the others only open what was sealed before a rotation.
    """

    def __init__(self, wrapping: dict[bytes, bytes], root: bytes) -> None:
        self._wrapping = wrapping
        self._root = root
        self._current = next(iter(wrapping))

    @classmethod
    def generate(cls) -> LocalKeyFile:
        """New keys, not written anywhere."""
        return cls(
            {secrets.token_bytes(_KEY_ID_BYTES): secrets.token_bytes(KEY_BYTES)},
            secrets.token_bytes(KEY_BYTES),
        )

    @classmethod
    def create(cls, path: Path) -> LocalKeyFile:
        """Write new keys to a new file; raises FileExistsError when it is there already."""
        keys = cls.generate()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked: a reader never meets half a file, and no one overwrites keys.
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(keys._to_json())
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            draft.unlink()
        return keys

    @classmethod
    def read(cls, path: Path) -> LocalKeyFile:
        """The keys of a file; raises KeyFileError."""
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise KeyFileError(
                    f"The key file {path} can be read by other users.", f"Run: chmod 600 {path}"
                )
            stored = json.loads(path.read_text(encoding="utf-8"))
            wrapping = {
                bytes.fromhex(key["id"]): _key(key["secret"]) for key in stored["wrapping_keys"]
            }
            return cls(wrapping, _key(stored["root_secret"]))
        except OSError as error:
            raise KeyFileError(
                f"The key file {path} cannot be read: {error.strerror}.",
                "Restore it from the place where it was saved.",
            ) from error
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            raise KeyFileError(
                f"The key file {path} is damaged.", "Restore it from the place where it was saved."
            ) from error

    def _to_json(self) -> str:
        stored = {
            "version": 1,
            "wrapping_keys": [
                {"id": key_id.hex(), "secret": base64.b64encode(key).decode()}
                for key_id, key in self._wrapping.items()
            ],
            "root_secret": base64.b64encode(self._root).decode(),
        }
        return json.dumps(stored, indent=1) + "\n"

    def wrap(self, key: bytes, context: str) -> bytes:
        """A 32-byte key, encrypted and bound to `context`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        wrapped = AESGCM(self._wrapping[self._current]).encrypt(nonce, key, context.encode())
        return self._current + nonce + wrapped

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The key again; raises SealBrokenError when changed or of another context."""
        key_id, rest = wrapped[:_KEY_ID_BYTES], wrapped[_KEY_ID_BYTES:]
        try:
            wrapping = AESGCM(self._wrapping[key_id])
            return wrapping.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], context.encode())
        except (KeyError, ValueError, InvalidTag) as error:
            raise SealBrokenError from error

    def secret(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same for the life of the site."""
        derive = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"sfpfr/{purpose}".encode())
        return derive.derive(self._root)


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(key) != KEY_BYTES:
        raise ValueError("wrong length")
    return key


def seal(keys: KeyProvider, plaintext: bytes, context: str) -> bytes:
    """`plaintext` encrypted under a key of its own and bound to `context`."""
    key, nonce = AESGCM.generate_key(bit_length=256), secrets.token_bytes(_NONCE_BYTES)
    wrapped = keys.wrap(key, context)
    body = AESGCM(key).encrypt(nonce, plaintext, context.encode())
    return _SEAL_VERSION + len(wrapped).to_bytes(2, "big") + wrapped + nonce + body


def unseal(keys: KeyProvider, sealed: bytes, context: str) -> bytes:
    """What `seal` was given; raises SealBrokenError."""
    if sealed[:1] != _SEAL_VERSION:
        raise SealBrokenError
    split = 3 + int.from_bytes(sealed[1:3], "big")
    key = keys.unwrap(sealed[3:split], context)
    nonce, body = sealed[split : split + _NONCE_BYTES], sealed[split + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, context.encode())
    except (ValueError, InvalidTag) as error:
        raise SealBrokenError from error


def keyed_hash(keys: KeyProvider, purpose: str, value: str | bytes) -> bytes:
    """32 bytes that tell equal values of one purpose apart from others, and nothing else."""
    message = value.encode() if isinstance(value, str) else value
    return hmac.new(keys.secret(purpose), message, sha256).digest()
