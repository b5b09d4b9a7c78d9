"""Percentiles and shares are right with few values, and stay small with very many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.readers.figures import Share, Spread


def spread(*values: float) -> Spread:
    found = Spread()
    for value in values:
        found.add(value)
    return found


@pytest.mark.parametrize(
    ("values", "half", "nine"),
    [
        ((), None, None),
        ((3.5,), 3.5, 3.5),
        ((1, 2), 1.5, 1.9),
        ((1, 2, 3), 2, 2.8),
        ((5, 5, 5, 5), 5, 5),
        (tuple(range(1, 11)), 5.5, 9.1),
        (tuple(range(101)), 50, 90),
    ],
)
def test_percentiles(values: tuple[float, ...], half: float | None, nine: float | None) -> None:
    found = spread(*values)
    assert found.at(0.5) == (None if half is None else pytest.approx(half))
    assert found.at(0.9) == (None if nine is None else pytest.approx(nine))


@given(st.lists(st.floats(0, 400), min_size=1, max_size=60), st.sampled_from([0, 0.25, 0.5, 0.9, 1]))
def test_percentiles_are_those_of_the_sorted_values(values: list[float], share: float) -> None:
    ranked = sorted(values)
    place = (len(ranked) - 1) * share
    low, high = ranked[int(place)], ranked[min(int(place) + 1, len(ranked) - 1)]
    assert spread(*values).at(share) == pytest.approx(low + (high - low) * (place % 1), abs=0.0101)


def test_very_many_values_take_little_room() -> None:
    found = spread(*(number % 400 / 7 for number in range(200_000)))
    assert found.number == 200_000
    assert len(found.counts) <= 400


@pytest.mark.parametrize(
    ("hits", "of", "percent"),
    [(0, 0, None), (0, 3, 0), (1, 3, 33), (2, 3, 67), (3, 3, 100), (999, 1000, 99), (1, 1000, 1), (1, 2, 50)],
)
def test_a_share_never_says_all_or_none_where_it_is_not_so(hits: int, of: int, percent: int | None) -> None:
    assert Share(hits, of).percent == percent
