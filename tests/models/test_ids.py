"""Ordered ids are UUIDs of version 7: unique, and in the order of the moments they were made at."""

from datetime import timedelta
from itertools import islice
from uuid import RFC_4122

import pytest

from accounts.models.ids import ordered_ids
from tests.rows import NOW

pytestmark = pytest.mark.sqlite_only


def test_are_uuids_of_version_7() -> None:
    ids = list(islice(ordered_ids(NOW), 200))
    assert {(one.version, one.variant) for one in ids} == {(7, RFC_4122)}
    assert {one.int >> 80 for one in ids} == {int(NOW.timestamp() * 1000)}


def test_are_never_alike() -> None:
    assert len({*islice(ordered_ids(NOW), 1000), *islice(ordered_ids(NOW), 1000)}) == 2000


def test_later_ones_come_later() -> None:
    moments = [NOW + timedelta(milliseconds=number) for number in range(50)]
    ids = [next(ordered_ids(moment)) for moment in moments]
    assert ids == sorted(ids)
    assert [one.hex for one in ids] == sorted(one.hex for one in ids)
