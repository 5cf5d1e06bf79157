"""What Copier asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from reference_sections.markdown import Document, code, table


def write_questions(document: Document) -> str:
    """One row for each question, in the order of copier.yml."""
    questions = {
        name: question
        for name, question in document.items()
        if not name.startswith("_") and question.get("when") is not False
    }
    rows = [
        (f"`{name}`", str(q["help"]), values(q), default(q), asked(q))
        for name, q in questions.items()
    ]
    heads = ("question", "what", "values", "default", "asked")
    return f"""\
## Questions

Every answer is recorded in `.copier-answers.yml`, also those that were not asked.
Give one on the command line with `-d name=value`; `multi` takes a YAML list, as in
`-d 'python_versions=["3.12", "3.13"]'`. A value that is not allowed is refused with
what is expected.

Copier {document["_min_copier_version"]} or later is required.

{table(heads, rows)}"""


def values(question: Document) -> str:
    """What may be answered."""
    choices = question.get("choices")
    if choices is None:
        return {"str": "text", "yaml": "YAML"}[question["type"]]
    names = [str(name) for name in choices_of(choices)]
    listed = ", ".join(f"`{name}`" for name in names)
    return f"multi of {listed}" if question.get("multiselect") else listed


def choices_of(choices: object) -> list[object]:
    """The values of a list of choices, or of a table from labels to values."""
    if isinstance(choices, Mapping):
        return list(cast("Mapping[str, object]", choices).values())
    return list(cast("list[object]", choices))


def default(question: Document) -> str:
    """The default, or that it follows from another answer."""
    value = question["default"]
    if not isinstance(value, str) or "{" not in value:
        return code(value)
    source = re.search(r"(?<!\.)\b(project_\w+|packages)\b(?! if)", value)
    return f"derived from `{source.group()}`" if source else code(value)


def asked(question: Document) -> str:
    """When the question is asked."""
    condition = str(question.get("ask", "")).strip("{} ")
    if not condition:
        return "always"
    parts = condition.replace("'", "").split(" and ")
    words = dict.fromkeys(" ".join(part.split(" == ")) for part in parts)
    names = {
        "setup customise": "`customise`",
        "project_state new": "new project",
        "ci_mode != local": "with GitHub",
        "project_type != monorepo": "no monorepo",
    }
    return ", ".join(names.get(word, word.split()[-1]) for word in words)
