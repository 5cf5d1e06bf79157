"""The answers that can be chosen, and the projects that Copier makes of them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence

from chooser_template import Answers, Question, Template

# What the files are the same for, but for the names themselves.
_FIXED: Answers = {"setup": "customise", "project_state": "new"}
# A selection of several values is one of these.
_SELECTIONS: Mapping[str, Sequence[Sequence[str]]] = {
    "python_versions": [
        ["3.10", "3.11", "3.12", "3.13", "3.14"],
        ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"],
        ["3.11", "3.12", "3.13", "3.14", "3.15"],
        ["3.12", "3.13", "3.14", "3.15"],
        ["3.13", "3.14", "3.15"],
    ],
    "platforms": [["linux"], ["linux", "macos"], ["linux", "macos", "windows"]],
}
# With these answers, the tables are in another order.
SPLIT = {"pyproject.toml": ("project_type", "pixi_tiers")}
_HASH = re.compile(r"(?m)^(# block: )[0-9a-f]{64}")

Choice = tuple[int, ...]


class Space:
    """The questions that have a few answers, and those answers."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.questions = [
            question
            for question in template.questions.values()
            if self._options(question)
            and question.name not in _FIXED
            and "project_state == 'existing'" not in question.asked
        ]
        self.options = [self._options(q) for q in self.questions]

    @staticmethod
    def _options(question: Question) -> Sequence[object]:
        if question.several:
            return [list(each) for each in _SELECTIONS.get(question.name, ())]
        return list(question.values)

    def default(self, index: int) -> int:
        """The option that a question proposes where it is asked."""
        question = self.questions[index]
        for kind in self.template.questions["project_type"].values:
            known, asked = self.template.answers({**_FIXED, "project_type": kind})
            if question.name in asked or not self.options[index]:
                break
        else:
            known, _ = self.template.answers(_FIXED)
        value = known[question.name]
        return self.options[index].index(value) if value in self.options[index] else 0

    def random(self, generator: random.Random) -> Choice:
        """Any answers."""
        return tuple(generator.randrange(len(options)) for options in self.options)

    def neighbors(self, choice: Choice) -> Iterator[tuple[int, Choice]]:
        """The choices that differ in one answer, and in which."""
        for index, options in enumerate(self.options):
            for other in range(len(options)):
                if other != choice[index]:
                    yield index, (*choice[:index], other, *choice[index + 1 :])

    def answers(self, choice: Choice) -> tuple[Answers, frozenset[str]]:
        """All answers, and the questions of the choice that are asked then."""
        chosen = {
            question.name: options[index]
            for question, options, index in zip(
                self.questions, self.options, choice, strict=True
            )
        }
        answers, asked = self.template.answers({**_FIXED, **chosen})
        return answers, asked & chosen.keys()

    def variant(self, path: str, answers: Answers) -> str:
        """The answers that the order of the lines of a file depends on."""
        return " ".join(str(answers[name]) for name in SPLIT.get(path, ()))

    def tree(self, answers: Answers) -> dict[str, str]:
        """The files, with a placeholder for the hash of each block.

        The hash of a text is all that depends on every answer.
        """
        files = self.template.tree(answers)
        hashes = files["ci-framework/files.sha256"]
        files["ci-framework/files.sha256"] = _HASH.sub(r"\1" + "." * 64, hashes)
        return files
