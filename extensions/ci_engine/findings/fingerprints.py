"""Fingerprints of findings: unaffected by moving a line, changed by editing it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from ci_engine.findings.results import Finding

_LINE_END = re.compile("\r\n|\r|\n")


def fingerprint_findings(root: Path, findings: Iterable[Finding]) -> list[Finding]:
    """Give each finding a fingerprint.

    It is computed from the tool, the rule and the text of the line without its
    indentation, so that it does not depend on other lines or the file's name. Findings
    that agree in all of these are distinguished by their order in the file.
    """
    lines: dict[str, list[str]] = {}
    counts: dict[tuple[str, str], int] = {}
    named: list[Finding] = []
    for finding in findings:
        if finding.line and finding.path not in lines:
            lines[finding.path] = _read_lines(root, finding.path)
        text = finding.test or _text(lines.get(finding.path, []), finding)
        base = "\0".join((finding.tool, finding.rule, text))
        # Equal lines of different files are counted per file, but the file is not part
        # of the fingerprint: a moved file keeps its fingerprints.
        position = counts.get((finding.path, base), 0)
        counts[finding.path, base] = position + 1
        name = f"{base}\0{position}".encode("utf-8", "surrogatepass")
        named.append(
            replace(
                finding,
                fingerprint=hashlib.sha256(name).hexdigest()[:32],
                path=_storable(finding.path),
                message=_storable(finding.message),
            )
        )
    return named


def _storable(text: str) -> str:
    """Replace bytes of a file name that are not UTF-8, which no report can contain."""
    return text.encode("utf-8", "replace").decode()


def _read_lines(root: Path, name: str) -> list[str]:
    """The lines of a file as tools count them: a form feed does not end one."""
    # Tools count the lines of a notebook by cell, not in the file.
    if not name or name.endswith(".ipynb"):
        return []
    try:
        text = (root / name).read_bytes().decode("utf-8-sig", "replace")
    except (OSError, ValueError):
        return []
    return _LINE_END.split(text)


def _text(lines: list[str], finding: Finding) -> str:
    """The code of the line, or the message if there is no code."""
    code = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
    return " ".join(code.split()) or " ".join(finding.message.split())
