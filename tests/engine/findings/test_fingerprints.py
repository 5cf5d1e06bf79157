"""Stable names: moving a line keeps them, changing its code does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import Finding

CODE = "import os\n\n\ndef a() -> None:\n    eval('1')\n"


def at(line: int, path: str = "a.py", **changes: str) -> Finding:
    finding = Finding(tool="ruff", rule="S307", message="eval", path=path, line=line)
    return replace(finding, **changes)


def name(root: Path, finding: Finding) -> str:
    return fingerprint_findings(root, [finding])[0].fingerprint


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(CODE, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"# a comment\n\n{CODE}", 7),
        (CODE.replace("import os\n", ""), 4),
        (CODE.replace("    eval", "        eval"), 5),
        (CODE.replace("\n", "\r\n"), 5),
        (CODE.replace("\n", "\r"), 5),
        (f"\ufeff{CODE}", 5),
        (CODE + "# more\n", 5),
        (f"\f\x1c\u2028\n{CODE}", 6),
    ],
)
def test_code_that_moves_keeps_its_name(root: Path, text: str, line: int) -> None:
    before = name(root, at(5))
    (root / "a.py").write_bytes(text.encode())
    assert name(root, at(line)) == before


def test_a_file_that_moves_keeps_its_names(root: Path) -> None:
    before = name(root, at(5))
    (root / "sub").mkdir()
    (root / "a.py").rename(root / "sub" / "b.py")
    assert name(root, at(5, "sub/b.py")) == before


def test_a_byte_order_mark_is_no_code(root: Path) -> None:
    before = name(root, at(1))
    (root / "a.py").write_text(f"\ufeff{CODE}", encoding="utf-8")
    assert name(root, at(1)) == before


@pytest.mark.parametrize(
    "other",
    [at(4), at(5, tool="bandit"), at(5, rule="S102")],
)
def test_what_is_another_finding_has_another_name(root: Path, other: Finding) -> None:
    assert name(root, other) != name(root, at(5))


def test_changed_code_changes_the_name(root: Path) -> None:
    before = name(root, at(5))
    (root / "a.py").write_text(CODE.replace("'1'", "'2'"), encoding="utf-8")
    assert name(root, at(5)) != before


def test_the_words_of_a_tool_are_not_part_of_the_name(root: Path) -> None:
    assert name(root, at(5)) == name(root, at(5, message="see line 12"))


def test_equal_lines_are_distinguished_by_their_order(root: Path) -> None:
    (root / "a.py").write_text("x\nx\nx\n", encoding="utf-8")
    names = [f.fingerprint for f in fingerprint_findings(root, [at(1), at(2), at(3)])]
    assert len(set(names)) == 3
    (root / "a.py").write_text("y\nx\nx\n", encoding="utf-8")
    left = [f.fingerprint for f in fingerprint_findings(root, [at(2), at(3)])]
    assert left == names[:2]


def test_equal_lines_of_two_files_have_one_name(root: Path) -> None:
    (root / "b.py").write_text(CODE, encoding="utf-8")
    one, two = fingerprint_findings(root, [at(5), at(5, "b.py")])
    assert one.fingerprint == two.fingerprint


@pytest.mark.parametrize(
    "finding",
    [
        at(0),
        at(99),
        at(2),
        at(1, "gone.py"),
        at(1, "no\0file"),
        at(1, ""),
        at(1, "."),
        at(7, "a.ipynb"),
    ],
)
def test_without_code_the_message_is_the_name(root: Path, finding: Finding) -> None:
    (root / "a.ipynb").write_text("{}\n" * 9, encoding="utf-8")
    same = replace(finding, path="elsewhere", line=3)
    other = replace(finding, message="exec")
    assert name(root, finding) == name(root, same)
    assert name(root, finding) != name(root, other)


def test_a_test_is_named_by_its_id(root: Path) -> None:
    one = Finding(tool="pytest", rule="r", message="a", test="t.py::x", line=5)
    two = Finding(tool="pytest", rule="r", message="b", test="t.py::x", line=9)
    assert name(root, one) == name(root, two)


def test_what_is_not_unicode_is_made_storable(root: Path) -> None:
    finding = at(1, "bad\udcff.py", message="also \udcff")
    (found,) = fingerprint_findings(root, [finding])
    assert (found.path, found.message) == ("bad?.py", "also ?")
