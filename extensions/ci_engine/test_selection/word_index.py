"""An index of the words in many texts, which is built once.

Rules look for some hundred signs, and each sign is in few texts: a search in the list
of all different words takes a hundredth of a search in the texts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

_WORD = re.compile(rb"\w+")
# Everything but the characters of ``\w`` becomes a space.
_AS_WORDS = bytes(c if _WORD.match(bytes([c])) else ord(" ") for c in range(256))


class WordIndex:
    """Finds the files whose texts contain a sign.

    Attributes:
        read: returns the text of a file.
    """

    def __init__(self, names: Iterable[str], read: Callable[[str], bytes]) -> None:
        self.names = frozenset(names)
        self.read = read
        self._files: defaultdict[bytes, list[str]] = defaultdict(list)
        for name in self.names:
            for word in set(read(name).translate(_AS_WORDS).split()):
                self._files[word].append(name)
        self._words = b"\n%s\n" % b"\n".join(self._files)
        self._known: dict[bytes, frozenset[str]] = {}

    def with_word(self, word: bytes) -> frozenset[str]:
        """The files that contain a whole word."""
        plain = _WORD.fullmatch(word)
        return frozenset(self._files.get(word, ())) if plain else self.containing(word)

    def containing(self, sign: bytes) -> frozenset[str]:
        """The files that contain a text, also as a part of a word."""
        if sign not in self._known:
            found = self.likely(sign)
            if not _WORD.fullmatch(sign):
                found = frozenset(name for name in found if sign in self.read(name))
            self._known[sign] = found
        return self._known[sign]

    def likely(self, sign: bytes) -> frozenset[str]:
        """The files that contain the longest word of a text, and a few more."""
        parts = list(_WORD.finditer(sign))
        if not parts:
            return self.names
        part = max(parts, key=lambda part: len(part.group()))
        first, last = part.start() > 0, part.end() < len(sign)
        sought = b"%s%s%s" % (b"\n" * first, part.group(), b"\n" * last)
        return frozenset(n for w in self._around(sought) for n in self._files[w])

    def _around(self, sought: bytes) -> Iterator[bytes]:
        """The words that contain a text; with line ends, that start or end with it."""
        words = self._words
        found = words.find(sought)
        while found >= 0:
            start = words.rfind(b"\n", 0, found + 1) + 1
            end = words.find(b"\n", start)
            yield words[start:end]
            found = words.find(sought, end)
