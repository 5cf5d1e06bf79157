"""Learns how each line of each file of a project depends on the answers.

The combinations of all answers are too many to render. But a line depends on a few
answers only: this finds out on which, by renders that differ in one answer, then
renders every combination of those few. Whole projects with random answers, which were
not seen before, prove it; a difference is learned from, until there is none.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from chooser_space import SPLIT, Choice, Space
from chooser_template import Template

_BASES, _PROOFS, _ROUNDS, _MOST_COMPARED = 12, 100, 14, 6
_CLOSING = re.compile(r"[\])}]+,?")

Feature = tuple[str, ...]
Order = tuple[Feature, Feature]


@dataclass
class Knowledge:
    """What was rendered.

    Attributes:
        seen: for each choice its features: files, lines and questions.
        orders: for each line, which of the lines that belong to it follow each other.
        variants: the variants of each file.
        texts: the text of each line.
        known: the lines of each content of a file.
        influences: for each feature the questions that change it.
    """

    space: Space
    seen: dict[Choice, frozenset[Feature]] = field(
        default_factory=dict[Choice, frozenset[Feature]]
    )
    orders: dict[Feature, set[Order]] = field(default_factory=lambda: defaultdict(set))
    variants: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    texts: dict[Feature, str] = field(default_factory=dict[Feature, str])
    known: dict[tuple[str, str], frozenset[Feature]] = field(
        default_factory=dict[tuple[str, str], frozenset[Feature]]
    )
    influences: dict[Feature, set[int]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def look(self, choice: Choice) -> frozenset[Feature]:
        """Render a choice, unless that was done before."""
        if choice not in self.seen:
            answers, asked = self.space.answers(choice)
            features: set[Feature] = {("asked", name) for name in asked}
            for path, text in self.space.tree(answers).items():
                features.add(("file", path))
                features |= self._lines(path, self.space.variant(path, answers), text)
            self.seen[choice] = frozenset(features)
        return self.seen[choice]

    def _lines(self, path: str, variant: str, text: str) -> frozenset[Feature]:
        if (path, variant + text) not in self.known:
            found = split_lines(path, text, variant)
            self.texts.update(found)
            lines = [line for line, _ in found]
            self.variants[path].add(variant)
            self._put_in_order(lines)
            self.known[path, variant + text] = frozenset(lines)
        return self.known[path, variant + text]

    def _put_in_order(self, lines: Sequence[Feature]) -> None:
        """Remember which lines follow each other, of those that belong to one line."""
        last: dict[Feature, Feature] = {}
        for line in lines:
            above = line[:-1]
            self.orders[above].add((last.get(above, ()), line))
            last[above] = line

    def compare(self, choice: Choice) -> None:
        """Learn what each single answer changes."""
        before = self.look(choice)
        for index, other in self.space.neighbors(choice):
            for feature in before ^ self.look(other):
                self.influences[_common(feature)].add(index)


def _common(feature: Feature) -> Feature:
    """A line without its variant: what influences one variant may influence all."""
    return (*feature[:2], *feature[3:]) if feature[0] == "line" else feature


def split_lines(path: str, text: str, variant: str = "") -> list[tuple[Feature, str]]:
    """The lines of a file with keys that tell equal lines apart.

    A key is the line and those above it that it belongs to: with less indent, or the
    header of its table. Blank lines and comments belong to the line after them.
    """
    markdown = path.endswith(".md")
    found: list[tuple[Feature, str]] = []
    above: list[tuple[int, Feature]] = []
    count: dict[Feature, int] = defaultdict(int)
    before = last = ""
    for line in text.splitlines(keepends=True):
        plain = line.strip()
        if not plain or (plain.startswith("#") and not markdown):
            before += line
            continue
        level = len(line) - len(line.lstrip())
        if re.match(r"\[|#+ ", line):
            level = -1
        closing = _CLOSING.fullmatch(plain) is not None
        while above and above[-1][0] >= level + closing:
            above.pop()
        content = before + line
        key = (*(above[-1][1] if above else ("line", path, variant)), content)
        if plain.startswith("```"):
            key = (*key[:-1], f"{content}{last}")
        count[key] += 1
        if count[key] > 1:
            key = (*key[:-1], f"{key[-1]}#{count[key]}")
        if not closing:
            above.append((level, key))
        found.append((key, content))
        before, last = "", plain
    if before or not text:
        found.append((("line", path, variant, f"{before}end"), before))
    return found


@dataclass(frozen=True)
class Table:
    """For each combination of the answers to some questions: whether it is so."""

    questions: tuple[int, ...]
    values: str


class Model:
    """What was learned, in a form that predicts any project."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.space = knowledge.space
        self.knowledge = knowledge
        self.tables: dict[Feature, Table] = {}
        features = {each for seen in knowledge.seen.values() for each in seen}
        groups: dict[tuple[int, ...], list[Feature]] = defaultdict(list)
        for feature in sorted(features):
            groups[self._questions(feature)].append(feature)
        for questions, members in sorted(groups.items(), key=lambda g: -len(g[0])):
            rows = self._rows(questions)
            for feature in members:
                values = "".join("1" if feature in row else "0" for row in rows)
                self.tables[feature] = Table(questions, values)
        self.files = {
            path: [
                line
                for variant in sorted(variants)
                for line in _ordered(("line", path, variant), knowledge.orders)
                if line in self.tables
            ]
            for path, variants in sorted(knowledge.variants.items())
        }

    def _questions(self, feature: Feature) -> tuple[int, ...]:
        """The questions that a file or a line depends on.

        Besides those that have changed it, these are the questions that tell the
        variant of a line, and those that decide whether one of all these is asked.
        """
        influences = self.knowledge.influences
        found = set(influences[_common(feature)])
        names = SPLIT.get(feature[1], ()) if feature[0] == "line" else ()
        found |= {i for i, q in enumerate(self.space.questions) if q.name in names}
        for index in tuple(found):
            found |= influences["asked", self.space.questions[index].name]
        return tuple(sorted(found))

    def unexplained(self) -> list[Choice]:
        """Choices with files or lines that appeared too late to have a table."""
        known = set(self.tables)
        choices: list[Choice] = []
        for choice, seen in self.knowledge.seen.items():
            if not seen <= known:
                choices.append(choice)
                known |= seen
        return choices

    def _rows(self, questions: tuple[int, ...]) -> list[frozenset[Feature]]:
        """What there is for each combination of the answers to some questions."""
        known: dict[Choice, frozenset[Feature]] = {}
        for choice, seen in self.knowledge.seen.items():
            known.setdefault(tuple(choice[index] for index in questions), seen)
        rows: list[frozenset[Feature]] = []
        sizes = [range(len(self.space.options[index])) for index in questions]
        for combination in itertools.product(*sizes):
            if combination not in known:
                choice = [0] * len(self.space.options)
                for index, option in zip(questions, combination, strict=True):
                    choice[index] = option
                known[combination] = self.knowledge.look(tuple(choice))
            rows.append(known[combination])
        return rows

    def holds(self, feature: Feature, choice: Choice) -> bool:
        """Whether a file or a line is there."""
        table = self.tables[feature]
        position = 0
        for index in table.questions:
            position = position * len(self.space.options[index]) + choice[index]
        return table.values[position] == "1"

    def predict(self, choice: Choice) -> dict[str, str]:
        """The files of a project."""
        texts = self.knowledge.texts
        return {
            path: "".join(texts[line] for line in lines if self.holds(line, choice))
            for path, lines in self.files.items()
            if self.holds(("file", path), choice)
        }


def _ordered(top: Feature, orders: Mapping[Feature, set[Order]]) -> Iterator[Feature]:
    """All lines that a file can have: each, then those that belong to it.

    Raises:
        ValueError: if two lines are in one order here and in another there.
    """
    sorter: TopologicalSorter[Feature] = TopologicalSorter()
    for before, after in sorted(orders.get(top, ())):
        sorter.add(after, *([before] if before else []))
    try:
        lines = list(sorter.static_order())
    except CycleError as error:
        raise ValueError(f"lines change their order: {error.args[1]}") from None
    for line in lines:
        yield line
        yield from _ordered(line, orders)


def learn(template: Template, seed: int = 0) -> Model:
    """Learn until random projects are predicted exactly.

    Raises:
        ValueError: if that does not come about.
    """
    generator = random.Random(seed)  # noqa: S311 - not for secrets
    knowledge = Knowledge(Space(template))
    for _ in range(_BASES):
        knowledge.compare(knowledge.space.random(generator))
    for _ in range(_ROUNDS):
        model = Model(knowledge)
        wrong = model.unexplained()
        if not wrong:
            proofs = [knowledge.space.random(generator) for _ in range(_PROOFS)]
            wrong = [choice for choice in proofs if not _is_right(model, choice)]
        if not wrong:
            return model
        for choice in wrong[:_MOST_COMPARED]:
            knowledge.compare(choice)
    raise ValueError("the files do not follow from the answers as they were learned")


def _is_right(model: Model, choice: Choice) -> bool:
    answers, _ = model.space.answers(choice)
    return model.predict(choice) == model.space.tree(answers)
