"""The index of words finds exactly the files that a search in all texts finds."""

from __future__ import annotations

import pytest

from ci_engine.test_selection.word_index import WordIndex

TEXTS = {
    "a": b"import os\nos.walk('x')\n# sys.path",
    "b": b"walker = sys_path; glob = 1",
    "c": b"p.rglob('*.md'); cmd = 'git -m'",
    "d": b"\xc3\xa9t\xc3\xa9 = 1",
    "e": b"",
}


@pytest.mark.parametrize(
    "sign",
    [
        *(b"walk", b"os.walk", b"glob(", b"sys.path", b".md", b"-m", b" git", b"('x')"),
        *(b"sys_path", b"\xc3\xa9", b"'*.", b"", b"os", b"missing", b"t\xc3"),
    ],
)
def test_a_sign_is_found_wherever_the_text_contains_it(sign: bytes) -> None:
    index = WordIndex(TEXTS, TEXTS.__getitem__)
    expected = {name for name, text in TEXTS.items() if sign in text}
    assert index.containing(sign) == expected
    assert index.likely(sign) >= expected


@pytest.mark.parametrize(
    ("word", "found"),
    [(b"walk", "a"), (b"glob", "b"), (b"path", "a"), (b"\xc3\xa9t\xc3\xa9", "d")],
)
def test_a_whole_word_is_no_part_of_another(word: bytes, found: str) -> None:
    index = WordIndex(TEXTS, TEXTS.__getitem__)
    assert index.with_word(word) == {found}
