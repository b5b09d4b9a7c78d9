"""Sealing and opening: what comes back, what does not open, and what is said about it."""

from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models.encrypted import (
    BadKey,
    NotSealed,
    SealError,
    Tampered,
    UnknownKey,
    key_id_of,
    seal,
    sealed_under,
    unseal,
)

ROW, OTHER_ROW = uuid.UUID(int=1).bytes, uuid.UUID(int=2).bytes
OLD, NEW = {"k1": b"1" * 32}, {"k2": b"2" * 32}
CANARY = "canary~Secret.8Q_9æ"


@given(st.text(), st.binary(max_size=40))
def test_what_goes_in_comes_out(text: str, context: bytes) -> None:
    assert unseal(seal(text, context=context, keys=OLD), context=context, keys=OLD) == text


def test_the_form_is_the_one_that_was_promised() -> None:
    version, key_id, data = seal(CANARY, context=ROW, keys=OLD).split(".")
    assert (version, key_id) == ("v1", "k1")
    assert len(base64.urlsafe_b64decode(data)) == 12 + len(CANARY.encode()) + 16


def test_the_secret_is_not_in_it_and_no_two_are_alike() -> None:
    sealed = {seal(CANARY, context=ROW, keys=OLD) for _ in range(200)}
    assert len(sealed) == 200
    for text in sealed:
        assert CANARY.encode() not in base64.urlsafe_b64decode(text.rpartition(".")[2])


def test_moved_to_another_row_it_does_not_open() -> None:
    sealed = seal(CANARY, context=ROW, keys=OLD)
    with pytest.raises(Tampered, match="belongs to another credential"):
        unseal(sealed, context=OTHER_ROW, keys=OLD)


def test_the_first_key_encrypts_and_every_key_opens() -> None:
    before = seal(CANARY, context=ROW, keys=OLD)
    both = {**NEW, **OLD}
    assert unseal(before, context=ROW, keys=both) == CANARY
    after = seal(unseal(before, context=ROW, keys=both), context=ROW, keys=both)
    assert (key_id_of(before), key_id_of(after)) == ("k1", "k2")
    assert after.startswith(sealed_under("k2"))
    assert not before.startswith(sealed_under("k2"))
    assert unseal(after, context=ROW, keys=NEW) == CANARY
    with pytest.raises(UnknownKey, match=r"The key k1 .* is missing"):
        unseal(before, context=ROW, keys=NEW)


def test_every_changed_bit_is_noticed() -> None:
    head, _, data = seal("ab", context=ROW, keys=OLD).rpartition(".")
    raw = base64.urlsafe_b64decode(data)
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Tampered):
            unseal(f"{head}.{base64.urlsafe_b64encode(changed).decode()}", context=ROW, keys=OLD)


def test_shortened_it_does_not_open() -> None:
    head, _, data = seal("some text", context=ROW, keys=OLD).rpartition(".")
    raw = base64.urlsafe_b64decode(data)
    for length in range(len(raw)):
        with pytest.raises((Tampered, NotSealed)):
            unseal(f"{head}.{base64.urlsafe_b64encode(raw[:length]).decode()}", context=ROW, keys=OLD)


def test_another_key_under_the_same_or_another_name_does_not_open_it() -> None:
    sealed = seal(CANARY, context=ROW, keys=OLD)
    with pytest.raises(Tampered):
        unseal(sealed, context=ROW, keys={"k1": b"3" * 32})
    with pytest.raises(Tampered):  # the same key, but the name was part of what was sealed
        unseal(sealed.replace("v1.k1.", "v1.k9."), context=ROW, keys={"k9": OLD["k1"]})


LONG = "A" * 60
NEVER_SEALED = ["", "plain", "v1.k1", "v1.k1.", "v2.k1." + LONG, "v1.." + LONG, "v1.k 1." + LONG, "v1.k1.A"]
DAMAGED = ["v1.k1.AAAA", "v1.k1.é" + LONG, "v1.k1." + LONG + "A", "v1.k1." + LONG + "\n", "v1.k1.+/" + LONG]


@pytest.mark.parametrize("text", NEVER_SEALED + DAMAGED)
def test_a_text_that_was_never_sealed_is_called_so(text: str) -> None:
    with pytest.raises(NotSealed, match="not an encrypted secret"):
        unseal(text, context=ROW, keys=OLD)
    with pytest.raises(NotSealed):
        key_id_of(text)


def test_without_a_usable_key_nothing_is_sealed() -> None:
    with pytest.raises(BadKey, match="Set CREDENTIAL_KEYS"):
        seal(CANARY, context=ROW, keys={})
    with pytest.raises(BadKey, match="Set CREDENTIAL_KEYS"):
        seal(CANARY, context=ROW, keys={"a.b": b"1" * 32})
    for wrong in (b"", b"1" * 16, b"1" * 33):
        with pytest.raises(BadKey, match="k1 must have 32 bytes"):
            seal(CANARY, context=ROW, keys={"k1": wrong})
        with pytest.raises(BadKey):
            unseal(seal(CANARY, context=ROW, keys=OLD), context=ROW, keys={"k1": wrong})


def test_no_error_says_the_secret() -> None:
    with pytest.raises(SealError, match="cannot be stored") as caught:
        seal(CANARY + "\ud800", context=ROW, keys=OLD)
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    sealed = seal(CANARY, context=ROW, keys=OLD)
    with pytest.raises(SealError) as caught:
        unseal(sealed, context=OTHER_ROW, keys=OLD)
    assert CANARY not in repr(caught.value)
    assert sealed not in repr(caught.value)
    assert caught.value.sentence.text == str(caught.value)
