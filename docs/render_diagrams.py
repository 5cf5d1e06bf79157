"""Draw the diagrams of the pages with Mermaid in Chromium: ``docs/diagrams/*.svg``.

``uv run docs/render_diagrams.py`` draws those that are new, and removes those that no
page has; with ``--check`` it exits with 1 if there are any. It needs npm and Chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

from site_hooks import DIAGRAMS, diagram_file, diagrams_of

ROOT = DIAGRAMS.parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.browser import draw  # noqa: E402


def main() -> int:
    """Draw what is missing, or report it.

    Returns:
        1 if something is not up to date and was not drawn.
    """
    sources = {
        diagram_file(source): source
        for page in sorted((ROOT / "docs").rglob("*.md"))
        for source in diagrams_of(page.read_text(encoding="utf-8"))
    }
    missing = {path: source for path, source in sources.items() if not path.is_file()}
    unused = sorted(set(DIAGRAMS.glob("*.svg")) - set(sources))
    if "--check" in sys.argv[1:]:
        for path in (*missing, *unused):
            name = path.relative_to(ROOT).as_posix()
            sys.stderr.write(
                f"{name} is not up to date: run `uv run docs/render_diagrams.py`\n"
            )
        return int(bool(missing or unused))
    DIAGRAMS.mkdir(exist_ok=True)
    names = [path.stem for path in missing]
    for path, drawing in zip(missing, draw(list(missing.values())), strict=True):
        _write(path, drawing, names.index(path.stem))
    for path in unused:
        path.unlink()
    return 0


def _write(path: Path, drawing: str, index: int) -> None:
    """Write a drawing whose identifiers are those of no other one on a page."""
    own = drawing.replace(f"diagram-{index}", f"diagram-{path.stem}")
    path.write_text(own + "\n", encoding="utf-8", newline="\n")
    sys.stdout.write(f"wrote {path.relative_to(ROOT).as_posix()}\n")


if __name__ == "__main__":
    sys.exit(main())
