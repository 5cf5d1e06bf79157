"""Write reference.md from the questions, the settings, the engine and a render.

The companion's part comes from its parser; each section has a module of its own in
``reference_sections``.

``uv run docs/generate_reference.py`` writes it; with ``--check`` it exits with 1 if it
is not up to date.
"""

from __future__ import annotations

import sys
from typing import cast

import yaml
from generate_schemas import ROOT, finish
from reference_sections.checks import write_checks, write_levels, write_states
from reference_sections.companion import write_companion
from reference_sections.files import render_all, write_files
from reference_sections.markdown import Document, read
from reference_sections.questions import write_questions
from reference_sections.settings import QUALITY_TIERS, defaults, write_settings
from reference_sections.workflows import write_actions, write_workflows


def main() -> int:
    """Write or check the reference."""
    questions = cast("Document", yaml.safe_load(read("copier.yml")))
    tiers = cast("Document", yaml.safe_load(read(QUALITY_TIERS)))
    trees = list(render_all())
    sections = [
        introduction(),
        write_questions(questions),
        write_settings(defaults()),
        write_checks(tiers),
        write_levels(),
        write_states(),
        write_files(trees),
        write_workflows(trees[0][1]),
        write_actions(),
        write_companion(),
    ]
    text = "\n\n".join(sections) + "\n"
    files = {ROOT / "docs" / "reference.md": text}
    return finish(files, "docs/generate_reference.py")


def introduction() -> str:
    """What this page is."""
    return """\
<!-- Written by docs/generate_reference.py: do not edit. -->

# Reference

Generated from the template and the engine of this version.

- [Questions](#questions): what `copier copy` asks and `copier update` remembers
- [Settings](#settings): the keys of `[tool.ci-framework]`
- [Checks and tiers](#checks-and-tiers)
- [Levels of the scan](#levels-of-the-scan)
- [Results and exit codes](#results-and-exit-codes)
- [Files and their owners](#files-and-their-owners)
- [Workflows](#workflows)
- [Actions](#actions)
- [Companion](#companion): the command that adopts existing repositories"""


if __name__ == "__main__":
    sys.exit(main())
