"""A corpus of secrets as people commit them, and of look-alikes.

The texts hold no secret: ``<kind:number>`` stands for one that is made up when a test
runs, since a repository that holds secrets would be stopped by the scanners that are
tested here. ``=== KIND FILE`` is followed by what the file holds.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_DATA = Path(__file__).parent / "secret-corpus"
_HEAD = re.compile(r"^=== (?P<kind>\S+) (?P<file>\S+)$", re.MULTILINE)
_HOLE = re.compile(r"<(?P<kind>[a-z0-9]+):(?P<number>\d+)>")
_LETTERS = string.ascii_letters
_ALPHABETS = {
    "word": _LETTERS + string.digits,
    "upper": string.ascii_uppercase + "234567",
    "lower": string.ascii_lowercase + string.digits,
    "letters": _LETTERS,
    "digits": string.digits,
    "hex": string.digits + "abcdef",
    "url": _LETTERS + string.digits + "-_",
    "aws": _LETTERS + string.digits + "/+",
}
# Parts of words that only a scanner of its own files would take for a secret.
_SPLIT = "¦"


@dataclass(frozen=True)
class Sample:
    """One file.

    Attributes:
        kind: what it holds.
        file: its name.
        secrets: what must never be in a report.
    """

    kind: str
    file: str
    text: str
    secrets: tuple[str, ...]


def secrets(seed: int = 5) -> list[Sample]:
    """Files that hold a secret each."""
    return list(_read("secrets.txt", seed))


def look_alikes(seed: int = 5) -> list[Sample]:
    """Files that hold none."""
    return list(_read("look-alikes.txt", seed))


def _read(name: str, seed: int) -> Iterator[Sample]:
    source = random.Random(seed)  # noqa: S311 - not for cryptography
    text = (_DATA / name).read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for number, (head, end) in enumerate(zip(heads, ends, strict=True)):
        made: list[str] = []

        def fill(hole: re.Match[str], made: list[str] = made) -> str:
            made.append(_make(source, hole["kind"], int(hole["number"])))
            return made[-1]

        filled = _HOLE.sub(fill, text[head.end() + 1 : end].replace(_SPLIT, ""))
        directory = f"{head['kind']}-{number:03}"
        found = tuple(each for each in made if len(each) >= 12 and "\n" not in each)
        yield Sample(head["kind"], f"{directory}/{head['file']}", filled, found)


def _make(source: random.Random, kind: str, number: int) -> str:
    """Make up one value."""
    if kind in _ALPHABETS:
        return "".join(source.choice(_ALPHABETS[kind]) for _ in range(number))
    return _MAKERS[kind](source, number)


def _password(source: random.Random, number: int) -> str:
    """As a password manager makes them: of every class of characters."""
    marks = "".join(source.choice("!%*-_+.") for _ in range(2))
    body = _make(source, "word", number - len(marks) - 3) + marks + "q7K"
    return "".join(source.sample(body, len(body)))


def _django(source: random.Random, number: int) -> str:
    every = string.ascii_lowercase + string.digits + "!@%^*(-_=+)"
    return "".join(source.choice(every) for _ in range(number))


def _phrase(source: random.Random, number: int) -> str:
    """As a person makes them."""
    words = ("Harbor", "violin", "Thunder", "maple", "Copper", "lantern", "Orbit")
    return "".join(source.sample(words, 2)) + _make(source, "digits", number)


def _uuid(source: random.Random, _: int) -> str:
    parts = [_make(source, "hex", length) for length in (8, 4, 3, 3, 12)]
    return "{}-{}-4{}-a{}-{}".format(*parts)


def _bytes(source: random.Random, number: int) -> str:
    return base64.b64encode(source.randbytes(number)).decode()


def _pair(source: random.Random, number: int) -> str:
    return base64.b64encode(f"deploy:{_make(source, 'word', number)}".encode()).decode()


def _encoded(source: random.Random, number: int) -> str:
    return base64.b64encode(_password(source, number).encode()).decode()


def _pem(source: random.Random, number: int) -> str:
    body = _bytes(source, number)
    return "\n".join(body[at : at + 64] for at in range(0, len(body), 64))


def _jwt(source: random.Random, _: int) -> str:
    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    head = json.dumps({"alg": "HS256", "typ": "JWT"}).encode()
    claims = {"sub": str(source.randrange(10**9)), "iat": source.randrange(10**9)}
    body = json.dumps(claims).encode()
    return ".".join((part(head), part(body), part(source.randbytes(32))))


_MAKERS: Mapping[str, Callable[[random.Random, int], str]] = {
    "password": _password,
    "django": _django,
    "phrase": _phrase,
    "uuid": _uuid,
    "bytes": _bytes,
    "pair": _pair,
    "encoded": _encoded,
    "pem": _pem,
    "jwt": _jwt,
}
