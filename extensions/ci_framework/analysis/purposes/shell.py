"""Split shell scripts into words: enough to see what a script runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ci_framework.analysis.purposes.vocabulary import word_set

# Longer scripts are generated, and not worth the time.
_LONGEST = 100_000
# Words that start or end a compound command; a command follows them.
_KEYWORDS = word_set("keywords")
_HEADS = frozenset(["for", "case", "function", "select"])
# An expression of GitHub is one part of a word, whatever it contains.
_PIECE = re.compile(
    r"""
      (?P<expression> \$\{\{ .{0,1000}? \}\} )
    | (?P<condition> \[\[ \s .{0,1000}? \s \]\] | \(\( .{0,1000}? \)\) )
    | (?P<continued> [\\`^] \r?\n )
    | (?P<escaped> \\ . )
    | (?P<single> ' [^']* ' )
    | (?P<double> " (?: \$\{\{ .{0,1000}? \}\} | \\ . | [^"\\] )* " )
    | (?P<parameter> \$\{ [^}]* \} )
    | (?P<heredoc> <<-? [ \t]* (?P<quote>['"]?) (?P<end>\w+) (?P=quote) )
    | (?P<redirect> [0-9&]? (?: >>? | < ) (?: & [0-9-] | \|)? [ \t]* )
    | (?P<comment> (?: (?<=\s) | (?<=^) | (?<=;) ) \# [^\n]* )
    | (?P<end_of_command> ;;? | && | \|\|? | & | \n | [()] )
    | (?P<space> [ \t\r]+ )
    | (?P<plain> [\w./=:,@+%*?~-]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_SUBSTITUTION = re.compile(r"[$<>]\(((?:[^()]|\([^()]*\))*)\)")


def commands_of(script: str) -> list[list[str]]:
    """Split a script into simple commands, each a list of unquoted words.

    Syntax that is not understood becomes some word: nothing is refused.
    """
    return [list(words) for words in _commands(script[:_LONGEST])]


@lru_cache(maxsize=512)
def _commands(script: str) -> tuple[tuple[str, ...], ...]:
    commands: list[tuple[str, ...]] = []
    for words in _split(_SUBSTITUTION.sub(_as_one_word, script)):
        while words and words[0] in _KEYWORDS:
            words.pop(0)
        if words and words[0] not in _HEADS and not words[0].startswith("-"):
            commands.append(tuple(words))
    return tuple(commands)


def nested_commands(script: str) -> list[list[str]]:
    """The commands inside ``$(...)``, which a script runs as well."""
    found: list[list[str]] = []
    for match in _SUBSTITUTION.finditer(script[:_LONGEST]):
        if not match[1].startswith("("):
            found += commands_of(match[1])
    return found


def _as_one_word(match: re.Match[str]) -> str:
    """A substitution without the characters that would end its word."""
    return "${:" + re.sub(r"[\s;&|<>(){}'\"#\\]+", "_", match[1]) + "}"


def _split(script: str) -> Iterator[list[str]]:
    words: list[str] = []
    word: str | None = None
    depth = 0
    target = False
    position = 0
    heredocs: list[str] = []
    while match := _PIECE.match(script, position):
        position = match.end()
        kind, text = match.lastgroup or "plain", match[0]
        if kind in ("quote", "end"):
            kind = "heredoc"
        if kind in ("space", "continued", "comment", "end_of_command", "redirect"):
            if word is not None and not target:
                words.append(word)
            # The file of a redirection is not a word of the command.
            target = kind == "redirect" and not re.search(r"&[0-9-]\s*$", text)
            word = None
        elif kind == "heredoc":
            heredocs.append(match["end"])
        else:
            word = (word or "") + _unquoted(kind, text)
        if kind == "end_of_command":
            if text == "\n" and heredocs:
                position = _behind(script, position, heredocs)
                heredocs = []
            depth += {"(": 1, ")": -1}.get(text, 0)
            # An unmatched parenthesis ends a pattern of `case`.
            yield [] if depth < 0 else words
            depth = max(depth, 0)
            words = []
    if word is not None and not target:
        words.append(word)
    yield words


def _unquoted(kind: str, text: str) -> str:
    if kind == "single":
        return text[1:-1]
    if kind == "double":
        return re.sub(r'\\(["\\$`])', r"\1", text[1:-1])
    if kind == "condition":
        return text[:2]
    # Before a letter, it is usually part of a Windows path.
    windows = kind == "escaped" and (text[1].isalnum() or text[1] in "._")
    return text[1:] if kind == "escaped" and not windows else text


def _behind(script: str, position: int, ends: list[str]) -> int:
    """The position after the bodies of here-documents."""
    for end in ends:
        closing = re.compile(rf"^[ \t]*{re.escape(end)}[ \t]*\r?$", re.MULTILINE)
        found = closing.search(script, position)
        if found is None:
            return len(script)
        position = min(found.end() + 1, len(script))
    return position
