import pytest

from my_project import __version__
from my_project.spans import merge


@pytest.mark.parametrize(
    ("spans", "merged"),
    [
        ([], []),
        ([(1, 2)], [(1, 2)]),
        ([(5, 9), (1, 2)], [(1, 2), (5, 9)]),
        ([(1, 4), (3, 6)], [(1, 6)]),
        ([(1, 2), (3, 4)], [(1, 4)]),
        ([(1, 9), (2, 3)], [(1, 9)]),
    ],
)
def test_spans_that_overlap_or_touch_become_one(
    spans: list[tuple[int, int]], merged: list[tuple[int, int]]
) -> None:
    assert merge(spans) == merged


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="3 to 1 ends before it starts"):
        merge([(3, 1)])


def test_the_package_knows_its_version() -> None:
    assert __version__[0].isdigit()
