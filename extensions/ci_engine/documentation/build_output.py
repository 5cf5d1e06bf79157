"""Convert the output of documentation tools to findings with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from ci_engine.documentation.docs_source import DocsSource
from ci_engine.documentation.moved_sources import find_by_link
from ci_engine.documentation.source_text import line_with_address
from ci_engine.findings.results import Finding
from ci_engine.processes.programs import Outcome
from ci_engine.project.repository import Project

_COLORS = re.compile(r"\x1b\[[0-9;]*m")
# docs/index.rst:4: WARNING: ... [toc.not_readable]
_SPHINX = re.compile(
    r"^(?:(?P<path>.+?)(?::(?P<line>\d+|<autosummary>))?: )?"
    r"(?:WARNING|ERROR|CRITICAL|SEVERE): "
    r"(?P<message>.*?)(?: \[(?P<rule>[\w.-]+)\])?$"
)
_INVENTORIES = "failed to reach any of the inventories"
_INVENTORY = re.compile(r"intersphinx inventory '[^']+'")
_DOCSTRING = re.compile(r":docstring of [\w.]+$")
# WARNING -  Doc file 'index.md' contains a link 'nope.md', but ...
_MKDOCS = re.compile(r"^(?P<level>WARNING|ERROR|CRITICAL) +-? +(?P<message>.*)$")
_DOC_FILE = re.compile(r"(?:Doc file|page|reading page|in page) '(?P<path>[^']+)'")
_LINK = re.compile(r"(?:contains an? (?:\w+ )?link|reference to) '(?P<link>[^']+)'")
_OF_PLUGIN = re.compile(r"^(?P<plugin>[\w.-]+): (?P<rest>.*)$")
_FILE_LINE = re.compile(r"^(?P<path>[^\s:]+\.\w+)(?::(?P<line>\d+))?: (?P<rest>.*)$")
_AUTOREFS = re.compile(
    r"Could not (?:find cross-reference target|collect) '?(?P<link>[^']+)'?"
)
# The lines that MkDocs adds to an error of a plugin.
_ECHO = re.compile("Error reading page|Could not collect")
_CONFIG = re.compile(r"Config value '(?P<key>\w+)'")
_YAML_LINE = re.compile(r'in "(?P<path>[^"]+)", line (?P<line>\d+)')
_TRACEBACK = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_LAST_LINE = re.compile(
    r"^\s*(?P<kind>[A-Za-z_.]*(?:Error|Exception)\b.*)$", re.MULTILINE
)
#    ╭─[ index.md:3:5 ]
_FRAME = re.compile(r"╭─\[ (?P<path>.+?):(?P<line>\d+):(?P<column>\d+) \]")


@dataclass(frozen=True)
class OutputReader:
    """Reads the output of the tools for one documentation project."""

    project: Project
    source: DocsSource
    tool: str

    def read(self, outcome: Outcome) -> list[Finding]:
        """The findings of a build, each once."""
        text = _COLORS.sub("", f"{outcome.stderr}\n{outcome.stdout}")
        readers = {"sphinx": self._sphinx, "zensical": self._zensical}
        found = [*readers.get(self.source.builder, self._mkdocs)(text)]
        if not found and outcome.code != 0:
            found = [*self._configuration(text)]
        causes = [each for each in found if not _ECHO.match(each.message)]
        return [*dict.fromkeys(causes or found)]

    def _finding(
        self, rule: str, message: str, path: str, line: int = 0, level: str = "error"
    ) -> Finding:
        return Finding(
            tool=self.tool,
            rule=rule,
            message=message.strip(),
            path=path,
            line=line,
            severity=level,
        )

    def _sphinx(self, text: str) -> Iterator[Finding]:
        rows = text.splitlines()
        for number, row in enumerate(rows):
            found = _SPHINX.match(row)
            if found is None:
                continue
            message, rule = found["message"], found["rule"]
            if message.startswith(_INVENTORIES):
                yield from self._inventories(rows[number + 1 :])
                continue
            if not rule:
                # The rule of a multi-line message is at its end.
                more = "\n".join(rows[number : number + 40])
                end = re.search(r" \[([\w.-]+)\]$", more, re.MULTILINE)
                first = _SPHINX.search("\n".join(rows[number + 1 : number + 40]))
                if end and (first is None or "Traceback" in more[: end.start()]):
                    rule = end.group(1)
                    last = [*_LAST_LINE.finditer(more[: end.start()])]
                    message += f" {last[-1]['kind']}" if last else ""
            path = _DOCSTRING.sub("", found["path"] or self.source.config)
            line = found["line"] or ""
            yield self._finding(
                rule or "warning",
                message,
                self.project.relative(path),
                int(line) if line.isdigit() else 0,
            )

    def _inventories(self, rows: Sequence[str]) -> Iterator[Finding]:
        """The sites whose inventory could not be loaded, one in each row."""
        for row in takewhile(_INVENTORY.match, rows):
            address = row.split("'")[1]
            config = self.project.root / self.source.config
            line = line_with(config, address.removesuffix("objects.inv").rstrip("/"))
            yield self._finding("intersphinx", row, self.source.config, line)

    def _mkdocs(self, text: str) -> Iterator[Finding]:
        for row in text.splitlines():
            found = _MKDOCS.match(row)
            if found is None:
                continue
            message, rule = found["message"], "warning"
            plugin = _OF_PLUGIN.match(message)
            path, line = "", 0
            if plugin and "." not in plugin["plugin"]:
                rule, message = plugin["plugin"], plugin["rest"]
            located = _FILE_LINE.match(message)
            named = _DOC_FILE.search(message)
            if located:
                path, line = self._page(located["path"]), int(located["line"] or 0)
                message = located["rest"]
            elif named:
                path = self._page(named["path"], message)
            elif rule == "mkdocstrings" or _AUTOREFS.search(message):
                path, line = self._naming(message)
            if not line and path:
                line = self._line_of(path, message)
            if not path:
                path, line = self.source.config, self._key_line(message)
            yield self._finding(rule, message, path, line)

    def _page(self, name: str, message: str = "") -> str:
        """The path of a page, which a plugin may have moved."""
        inside = f"{self.source.pages}/{name}"
        if (self.project.root / inside).is_file():
            return inside
        link = _LINK.search(message)
        moved = find_by_link(self.project, name, link["link"]) if link else None
        return self.project.relative(moved or name)

    def _line_of(self, path: str, message: str) -> int:
        """The line of a page that a message is about."""
        found = _LINK.search(message) or _AUTOREFS.search(message)
        if found is None:
            return 0
        page = self.project.root / path
        return line_with_address(page, found["link"]) or line_with(page, found["link"])

    def _naming(self, message: str) -> tuple[str, int]:
        """The page that refers to a missing file."""
        found = _AUTOREFS.search(message) or re.match(
            r"(?P<link>[\w.]+) could", message
        )
        pages = self.project.root / self.source.pages
        if found is None:
            return "", 0
        for path in sorted(pages.rglob("*.md")):
            line = line_with(path, f"::: {found['link']}")
            if line:
                return self.project.relative(path), line
        return "", 0

    def _key_line(self, message: str) -> int:
        """The line of the configuration that a message is about."""
        path = self.project.root / self.source.config
        key = _CONFIG.search(message)
        quoted = re.findall(r"[\"']([^\"']+)[\"']", message)
        for word in [*reversed(quoted), *([f"{key['key']}:"] if key else [])]:
            line = line_with(path, word)
            if line:
                return line
        return 0

    def _zensical(self, text: str) -> Iterator[Finding]:
        rows = text.splitlines()
        for number, row in enumerate(rows):
            if not row.startswith(("Warning:", "Error:")):
                continue
            message = row.partition(":")[2].strip()
            frame = _FRAME.search("\n".join(rows[number + 1 : number + 3]))
            path = self._page(frame["path"]) if frame else self.source.config
            line = int(frame["line"]) if frame else 0
            yield self._finding(message.replace(" ", "-"), message, path, line)

    def _configuration(self, text: str) -> Iterator[Finding]:
        """An error in the configuration itself: a mark of YAML, or a traceback."""
        config = self.project.root / self.source.config
        mark = _YAML_LINE.search(text)
        if mark:
            rows = [row for row in text[: mark.start()].splitlines() if row.strip()]
            message = " ".join(row.strip() for row in rows[-2:])
            yield self._finding(
                "configuration", message, self.source.config, int(mark["line"])
            )
            return
        frames = [
            each for each in _TRACEBACK.finditer(text) if Path(each["path"]) == config
        ]
        errors = [*_LAST_LINE.finditer(text)]
        if errors:
            line = int(frames[-1]["line"]) if frames else 0
            message = errors[-1]["kind"]
            yield self._finding("configuration", message, self.source.config, line)


def line_with(path: Path, text: str) -> int:
    """The first line of a file with a text, 0 if there is none."""
    try:
        rows = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    return next((n for n, row in enumerate(rows, 1) if text and text in row), 0)
