"""Write what the chooser of the site knows: ``docs/assets/chooser.json``.

``uv run docs/generate_chooser.py`` learns it from the template, which takes a minute of
one core. The page ``docs/chooser.md`` shows it with ``docs/assets/chooser.js``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TypedDict, cast

from chooser_model import Feature, Model, Table, learn
from chooser_template import ROOT, Question, Template

CHOOSER = ROOT / "docs" / "assets" / "chooser.json"
ADDRESS = "https://github.com/MementoRC/ci-framework"
# What a table says about something that is always so.
_ALWAYS = -1


class Option(TypedDict):
    """What can be chosen: the text of the command, and what a reader sees."""

    value: str
    label: str


class ChooserQuestion(TypedDict):
    """A question: ``default`` is an option, ``asked`` a table."""

    name: str
    help: str
    options: list[Option]
    default: int
    asked: int


class ChooserFile(TypedDict):
    """A file: whether it is there, and its parts, each a text and a table."""

    path: str
    table: int
    parts: list[tuple[int, int]]


class Chooser(TypedDict):
    """Everything the page needs.

    A table is a list of questions, and a digit for each combination of their answers,
    the last question changing first.
    """

    address: str
    questions: list[ChooserQuestion]
    tables: list[tuple[list[int], str]]
    texts: list[str]
    files: list[ChooserFile]


class Writer:
    """Turns a model into what the page reads: equal texts and tables are there once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.tables: dict[Table, int] = {}
        self.texts: dict[str, int] = {}

    def chooser(self) -> Chooser:
        """Everything the page needs."""
        questions = [self._question(index) for index in range(len(self._options))]
        files = [self._file(path, lines) for path, lines in self.model.files.items()]
        return Chooser(
            address=ADDRESS,
            questions=questions,
            tables=[(list(t.questions), t.values) for t in self.tables],
            texts=list(self.texts),
            files=files,
        )

    @property
    def _options(self) -> Sequence[Sequence[object]]:
        return self.model.space.options

    def _question(self, index: int) -> ChooserQuestion:
        question = self.model.space.questions[index]
        options = [
            Option(value=_value(option), label=_label(question, option))
            for option in self._options[index]
        ]
        return ChooserQuestion(
            name=question.name,
            help=question.help,
            options=options,
            default=self.model.space.default(index),
            asked=self._table(("asked", question.name)),
        )

    def _file(self, path: str, lines: Sequence[Feature]) -> ChooserFile:
        there = self.model.tables["file", path]
        parts: list[tuple[int, int]] = []
        for table, text in self._parts(lines, there):
            parts.append((self.texts.setdefault(text, len(self.texts)), table))
        return ChooserFile(path=path, table=self._table(("file", path)), parts=parts)

    def _parts(
        self, lines: Sequence[Feature], there: Table
    ) -> Iterator[tuple[int, str]]:
        """The lines of a file, those that come and go together joined."""
        joined, current = "", _ALWAYS
        for line in lines:
            own = self.model.tables[line] == there
            table = _ALWAYS if own else self._table(line)
            if joined and table != current:
                yield current, joined
                joined = ""
            current = table
            joined += self.model.knowledge.texts[line]
        yield current, joined

    def _table(self, feature: Feature) -> int:
        table = self.model.tables[feature]
        if "0" not in table.values:
            return _ALWAYS
        return self.tables.setdefault(table, len(self.tables))


def _value(option: object) -> str:
    """An option as the command line takes it."""
    return json.dumps(option) if isinstance(option, list) else str(option)


def _label(question: Question, option: object) -> str:
    if isinstance(option, list):
        return ", ".join(map(str, cast("list[object]", option)))
    return question.values[str(option)]


def main() -> int:
    """Write the file."""
    chooser = Writer(learn(Template())).chooser()
    text = json.dumps(chooser, ensure_ascii=False, separators=(",", ":"))
    CHOOSER.write_text(text + "\n", encoding="utf-8", newline="\n")
    sys.stdout.write(f"wrote {CHOOSER.relative_to(ROOT).as_posix()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
