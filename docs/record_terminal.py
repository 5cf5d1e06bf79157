"""Record what commands print in real projects: ``docs/recordings/*.svg``.

``uv run docs/record_terminal.py`` makes all recordings anew, or those that it is given
the names of. It renders, adopts, updates and checks projects as the tests of the
documentation do, which takes some minutes. What differs from run to run is replaced:
times, commits and directories.
"""

from __future__ import annotations

import html
import io
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.documentation_scenes import ADDRESS, OLD, Workshop  # noqa: E402

RECORDINGS = ROOT / "docs" / "recordings"
_WIDTH = 100
_MOST_LINES = 26
# No font is fetched.
_FRAME = re.sub(r"(?s)@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT)
_COLORS = {
    "FORCE_COLOR": "1",
    "COLUMNS": str(_WIDTH),
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "color.ui",
    "GIT_CONFIG_VALUE_0": "always",
}
_GATE = "./ci-framework/scripts/local-quality-gates.sh --tier=essential"
_SECONDS = re.compile(r"(?<=[ ]) *\d+\.\d+ s\b")
_SAME = (
    (re.compile(r"\b[0-9a-f]{40}\b"), "0123456789abcdef0123456789abcdef01234567"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,39}\b"), "0123abc"),
    (re.compile(r"(Python 3\.\d+)\.\d+"), r"\1"),
)


@dataclass(frozen=True)
class Step:
    """A command, as a reader types it and as it runs.

    Attributes:
        shown: what a reader sees.
        options: what the command is given besides, because the release that it works on
            is on this machine only, and nobody can be asked.
        scene: the directory in which it runs; empty for that of the step before.
        before: what happens before, unseen.
    """

    shown: str
    options: str = ""
    scene: str = ""
    before: str = ""


SCENES: dict[str, tuple[Step, ...]] = {
    "new-project": (
        Step(
            f"copier copy --defaults -d project_name=myproj {ADDRESS} myproj",
            f"--vcs-ref={OLD}",
            "empty",
        ),
        Step(_GATE, scene="ready"),
    ),
    "red-gate": (
        Step(
            "git diff",
            scene="ready",
            before="sed -i '0,/ = /s//: str = /' src/myproj/spans.py;"
            " printf '\\nimport os\\n' >> src/myproj/spans.py",
        ),
        Step(_GATE),
    ),
    "adoption": (
        Step(
            "ci-framework adopt . --yes --static",
            f"--template {ADDRESS} --vcs-ref {OLD}",
            "foreign",
        ),
        Step("git show --stat --format=%s ci-framework/adopt"),
    ),
    "update-with-a-conflict": (
        Step(
            "copier update --defaults",
            scene="project",
            before='sed -i \'s/^    "ruff>=.*$/&\\n    "pytest-xdist>=3",/\''
            " pyproject.toml && git commit -qam 'Add pytest-xdist'",
        ),
        Step("git diff pyproject.toml"),
        Step("ci-framework/ci gate --only no-conflict-markers"),
    ),
    "monorepo-change": (
        Step(
            "git diff --stat",
            scene="monorepo",
            before="printf '\\n\\nLEVEL = 1\\n' >> packages/mono-cli/src/*/__init__.py",
        ),
        Step(
            "./ci-framework/scripts/selective-ci.sh --package=auto-detect"
            " --changed-only --since=main --tier=essential"
        ),
    ),
}


def record(workshop: Workshop, steps: Sequence[Step]) -> Text:
    """Run the steps; what a terminal shows."""
    workshop.variables.pop("NO_COLOR", None)
    workshop.variables.update(_COLORS)
    shown = Text()
    location = workshop.directory
    for step in steps:
        if step.scene:
            location = workshop.scene(step.scene)
        if step.before:
            workshop.run(step.before, location)
        output = workshop.run(f"{step.shown} {step.options}", location).output
        shown.append("$ ", style="bold green")
        shown.append(f"{step.shown}\n", style="bold")
        shown.append_text(_shortened(_same(output, workshop)))
        shown.append("\n")
    shown.rstrip()
    return shown


def _same(output: str, workshop: Workshop) -> Text:
    """What was printed, without what differs from run to run."""
    lines = [line.rpartition("\r")[2] for line in output.splitlines()]
    kept = [line for line in lines if "still running" not in line]
    places = "|".join(re.escape(str(p)) for p in (workshop.shared, workshop.directory))
    text = re.sub(rf"(file://)?({places})/[\w-]+", "~", "\n".join(kept))
    text = _SECONDS.sub(lambda found: "0.1 s".rjust(len(found.group())), text)
    for pattern, replacement in _SAME:
        text = pattern.sub(replacement, text)
    return Text.from_ansi(text)


def _shortened(text: Text) -> Text:
    """A long output without its middle, and how many lines are left out."""
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        half = _MOST_LINES // 2
        gap = Text(f"  … {len(lines) - 2 * half} more lines …", style="dim italic")
        lines = [*lines[:half], gap, *lines[-half:]]  # type: ignore[assignment]
    joined = Text("\n").join(lines)
    joined.append("\n")
    return joined


def draw(name: str, shown: Text) -> str:
    """The picture of a terminal."""
    console = Console(
        record=True,
        width=_WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    console.print(shown, soft_wrap=False)
    picture = console.export_svg(
        title=name.replace("-", " "),
        theme=DIMMED_MONOKAI,
        code_format=_FRAME,
        unique_id=name,
    )
    return (
        "\n".join(line.rstrip() for line in picture.splitlines() if line.strip()) + "\n"
    )


def transcript(picture: str) -> str:
    """The text in a picture, line by line."""
    lines: dict[float, str] = {}
    pattern = r'<text class="[\w-]+-r\d+"[^>]*\by="([\d.]+)"[^>]*>([^<]*)</text>'
    for row, text in re.findall(pattern, picture):
        lines[float(row)] = lines.get(float(row), "") + html.unescape(text).rstrip("\n")
    return "\n".join(lines[row] for row in sorted(lines)).replace("\xa0", " ")


def main() -> None:
    """Make the recordings that are asked for, else all."""
    RECORDINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        workshop = Workshop(Path(directory), Path(directory, "shared"))
        for name in sys.argv[1:] or SCENES:
            picture = draw(name, record(workshop, SCENES[name]))
            path = RECORDINGS / f"{name}.svg"
            path.write_text(picture, encoding="utf-8", newline="\n")
            sys.stdout.write(f"wrote {path.relative_to(ROOT).as_posix()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
