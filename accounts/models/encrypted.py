"""Sealing a text with authenticated encryption, bound to the row that holds it. Pure functions.

A sealed text is ``v1.<key id>.<urlsafe base64 of nonce and cipher text>``: AES-256-GCM with a fresh 96-bit
nonce (NIST SP 800-38D). The associated data are the version, the key id and the caller's context (the id of
the row): a sealed text that was copied into another row does not open. The key id says which rows still wait
for a new key: those that do not begin with ``sealed_under(key id)``. Key ids are letters, digits, - and _.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accounts.lifecycle.sentence import Sentence as _

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
SECOND_FACTOR = b"second factor"
"""What the sealed texts of second factors are bound to: they have no row yet when they are sealed."""
_SEALED = re.compile(rf"{VERSION}\.([A-Za-z0-9_-]{{1,32}})\.([A-Za-z0-9_-]+={{0,2}})")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealError(Exception):
    """Nothing was sealed or opened. ``sentence`` says why, without the text, the key or the cipher text."""

    def __init__(self, sentence: _) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


class NotSealed(SealError):
    """The text was not made by ``seal``."""


class UnknownKey(SealError):
    """The key that sealed the text is not among those given."""


class Tampered(SealError):
    """The text was changed, moved to another row, or sealed under another key of the same name."""


class BadKey(SealError):
    """There is no key, or one that AES-256 cannot use."""


def seal(plaintext: str, *, context: bytes, keys: Mapping[str, bytes]) -> str:
    """Encrypt ``plaintext`` for the row ``context`` under the first of ``keys``; no two results are alike.

    Raises BadKey when there is no usable key, SealError when the text cannot be written as UTF-8.
    """
    key_id = next(iter(keys), "")
    if not _KEY_ID.fullmatch(key_id):
        raise BadKey(_("There is no key to encrypt secrets with. Set CREDENTIAL_KEYS."))
    try:
        data = plaintext.encode()
    except UnicodeEncodeError:
        raise SealError(_("The text holds a character that cannot be stored.")) from None
    nonce = os.urandom(NONCE_BYTES)
    cipher_text = _cipher(key_id, keys).encrypt(nonce, data, _bound_to(key_id, context))
    return sealed_under(key_id) + base64.urlsafe_b64encode(nonce + cipher_text).decode()


def unseal(sealed: str, *, context: bytes, keys: Mapping[str, bytes]) -> str:
    """Give the text that ``seal`` was given for the same ``context``.

    Raises NotSealed, UnknownKey, BadKey or Tampered.
    """
    key_id, data = _parts(sealed)
    cipher = _cipher(key_id, keys)
    try:
        text = cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound_to(key_id, context))
    except InvalidTag:
        raise Tampered(
            _("The stored secret was changed or belongs to another credential. Ask Cegal for a new secret.")
        ) from None
    return text.decode()


def key_id_of(sealed: str) -> str:
    """Give the id of the key that sealed the text, without opening it. Raises NotSealed."""
    return _parts(sealed)[0]


def sealed_under(key_id: str) -> str:
    """Give what every text sealed under this key begins with, for ``...startswith`` in a query."""
    return f"{VERSION}.{key_id}."


def _bound_to(key_id: str, context: bytes) -> bytes:
    return sealed_under(key_id).encode() + context


def _cipher(key_id: str, keys: Mapping[str, bytes]) -> AESGCM:
    if key_id not in keys:
        raise UnknownKey(
            _(
                "The key %(key_id)s that encrypted this secret is missing. Add it to CREDENTIAL_KEYS.",
                key_id=key_id,
            )
        )
    if len(keys[key_id]) != KEY_BYTES:
        raise BadKey(_("The key %(key_id)s must have %(bytes)s bytes.", key_id=key_id, bytes=KEY_BYTES))
    return AESGCM(keys[key_id])


def _parts(sealed: str) -> tuple[str, bytes]:
    """Take a sealed text apart: key id; nonce and cipher text."""
    found = _SEALED.fullmatch(sealed)
    try:
        data = base64.urlsafe_b64decode(found[2]) if found else b""
    except binascii.Error:
        data = b""
    if found is None or len(data) < NONCE_BYTES + TAG_BYTES:
        raise NotSealed(_("The stored text is not an encrypted secret."))
    return found[1], data
