"""The secret of a login code, a session or a token, which only its holder has."""

from __future__ import annotations

import hashlib
import re

SECRET_BYTES = 32

# Anything else was never handed out. It is neither hashed nor looked up: a header may hold kilobytes, or
# bytes that are no text (aiohttp keeps them as surrogates, which cannot be encoded).
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,128}")


def could_be_one(secret: str) -> bool:
    """False for what was never handed out."""
    return _SECRET.fullmatch(secret) is not None


def digest_of(secret: str) -> str:
    """The name of a secret's record.

    A fast hash is enough for 256 random bits, which nobody guesses. It also makes the look-up constant in
    time where it matters: how far two hashes agree tells nothing about the secret.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def id_of(digest: str) -> str:
    """Enough of a hash to tell keys apart, and no help in finding the secret."""
    return digest[:12]
