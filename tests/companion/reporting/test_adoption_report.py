"""The report of an adoption, for a person in a hurry and for programs."""

from __future__ import annotations

import html.parser
import json

import msgspec
import pytest

from ci_framework.inventory import Evidence, Tool
from ci_framework.planning.plan import AlwaysRed, Capability, Operation
from ci_framework.reporting.adoption_report import report_json, report_markdown
from ci_framework.reporting.escaped import as_code, as_text
from ci_framework.validating.model import (
    Check,
    TestDifference,
    TestTable,
    ToolRow,
    Validation,
)
from tests.support.adoptions import empty_inventory, empty_plan

HOSTILE = (
    "x|y`z``\n# heading @octocat <script>alert(1)</script> [a](http://x) "
    "![i](http://y) </details> \x1b[31m \u202e www.example.org -->"
)


def operation(**changes: str) -> Operation:
    values = {"kind": "create", "path": "a.txt", "reason": "because", **changes}
    return msgspec.convert(values, Operation)


def check(status: str = "passed", **changes: object) -> Check:
    values = {"name": "tests", "part": "behavior", "reason": "because"}
    return msgspec.convert({**values, "status": status, **changes}, Check)


def validation(**changes: object) -> Validation:
    plain = Validation(verdict="validated", base="b", adopted="a", checks=[check()])
    return msgspec.structs.replace(plain, **changes)


def page(
    operations: list[Operation] | None = None,
    done: Validation | None = None,
    **changes: object,
) -> str:
    plan = empty_plan("abc", operations or [])
    plan = msgspec.structs.replace(plan, **changes)
    return report_markdown(plan, done or validation(), empty_inventory())


def test_the_verdict_the_decisions_and_the_next_steps_come_first() -> None:
    done = validation(verdict="not-validated", next_steps=["install uv"])
    manual = operation(kind="manual", path="setup.cfg", reason="add a line")
    text = page([operation(), manual], done)
    assert text.index("NOT VALIDATED") < text.index("`setup.cfg`: add a line")
    assert text.index("`setup.cfg`: add a line") < text.index("install uv")
    assert text.index("install uv") < text.index("a.txt")


def test_what_a_person_has_to_do_is_listed() -> None:
    manual = Capability(
        workflow=".github/workflows/ci.yml",
        job="deploy",
        step="push",
        line=12,
        does="container",
        state="manual",
        by="",
        because="it pushes an image",
    )
    text = page(
        [operation(kind="manual", path="setup.cfg", reason="by hand, please")],
        validation(),
        capabilities=[manual, msgspec.structs.replace(manual, state="kept")],
    )
    assert "## For you to decide" in text
    assert "`setup.cfg`: by hand, please" in text
    assert "merge this pull request; nothing" not in text
    assert "`.github/workflows/ci.yml:12` (deploy / push)" in text
    assert "| `.github/workflows/ci.yml` | 0 | 1 | 1 |" in text


def test_what_no_baseline_excepts_comes_first_with_the_command() -> None:
    found = AlwaysRed(
        rules={"F401": 7, "F821": 1},
        files={"a.py": 7, "@octocat.py": 1},
        fixable=7,
        command="uvx ruff check --select F,E9 --fix .",
        remaining=["@octocat.py:3 F821"],
    )
    text = page([operation(kind="manual")], always_red=found)
    assert text.index("## Fix before you merge") < text.index("For you to decide")
    assert "8 findings" in text
    assert "F401 7, F821 1" in text
    assert "to fix 7 of them, run `uvx ruff check --select F,E9 --fix .`" in text
    assert "@octocat" not in text
    assert "Fix before" not in page([operation(kind="manual")])


def test_what_fails_today_comes_before_the_operations() -> None:
    done = validation(red_today=["lint: old.py:1 F401"])
    text = page([operation()], done)
    assert text.index("Failing before the adoption already") < text.index("a.txt")
    assert "old.py:1 F401" in text


def test_tests_and_tools_are_shown_before_and_after() -> None:
    difference = TestDifference(
        test="t.py::x", before=["passed"], after=["failed"], kind="worse"
    )
    tests = TestTable(
        command="python -m pytest",
        before={"passed": 2},
        after={"failed": 1, "passed": 1},
        differences=[difference],
        seconds_before=1.0,
        seconds_after=2.0,
    )
    row = ToolRow(
        tool="mypy", command="mypy src", where="x", before="ok", after="exit code 1"
    )
    text = page([], validation(tests=tests, tools=[row], verdict="failed"))
    assert "| passed | 2 | 1 |" in text
    assert "| worse | `t.py::x` | passed | failed |" in text
    assert "| mypy | `mypy src` | ok | exit code 1 |" in text
    assert "1 have different outcomes than before" in text


def test_a_tool_is_shown_with_its_effective_configuration() -> None:
    tool = Tool(
        name="ruff",
        config=Evidence(path="ruff.toml"),
        shadowed=[Evidence(path="pyproject.toml", line=9)],
        used=[Evidence(path=".github/workflows/ci.yml", line=4)],
        version=">=0.9",
    )
    inventory = msgspec.structs.replace(empty_inventory(), tools=[tool])
    done = validation(gate={"lint": "passed"})
    text = report_markdown(empty_plan("abc", []), done, inventory)
    assert "`ruff.toml` (not read: `pyproject.toml:9`)" in text
    assert "gate: lint passed" in text


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - its parent asks for it
        self.found.append(tag)


def test_hostile_names_stay_text() -> None:
    done = validation(
        checks=[check("failed", reason=HOSTILE, details=[HOSTILE])],
        next_steps=[HOSTILE],
        red_today=[HOSTILE],
    )
    hostile = operation(kind="keep", path=HOSTILE, reason=HOSTILE)
    text = page([hostile, operation(path=HOSTILE, reason=HOSTILE)], done)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\n# heading" not in text
    assert "@octocat" not in text.replace(as_code(HOSTILE), "")
    tags = _Tags()
    tags.feed(text.replace(as_code(HOSTILE), "").replace(as_code(HOSTILE[:9]), ""))
    assert set(tags.found) <= {"details", "summary"}
    for line in text.splitlines():
        if line.startswith("| keep"):
            cells = line.replace("\\|", "")
            assert cells.count("|") == 5, line


@pytest.mark.parametrize("text", ["", "`", "``a`", "a|b", "a\nb", "x" * 1000])
def test_a_code_span_is_closed_by_nothing_in_it(text: str) -> None:
    span = as_code(text)
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span.endswith(fence)
    assert fence not in span[len(fence) : -len(fence)]
    assert "\n" not in span


def test_new_files_are_folded_away() -> None:
    keep = operation(kind="keep", path="own.txt")
    text = page([operation(), keep], validation())
    assert text.index("own.txt") < text.index("<summary>1 new files")
    assert text.index("<summary>1 new files") < text.index("a.txt")


def test_files_with_the_same_reason_share_a_row() -> None:
    kept = [operation(kind="keep", path=f"{number}.yml") for number in range(7)]
    text = page([*kept, operation(path="a"), operation(path="b")], validation())
    assert text.count("| keep |") == 1
    assert "`4.yml` and 2 more" in text
    assert "- 2 x because:\n  - `a`\n  - `b`" in text


def test_text_is_short_and_has_no_mark_up() -> None:
    assert as_text("*a* _b_ (c)-d") == "\\*a\\* \\_b\\_ (c)-d"
    assert as_text("# a") == "\\# a"
    assert as_text("1. a") == "1\u2060. a"
    assert len(as_text("x" * 5000)) <= 300
    assert as_text("\udcff") == "\\\\udcff"


def test_the_same_can_be_read_by_programs() -> None:
    plan = empty_plan("abc", [operation()])
    done = validation(baseline=b"{}")
    data = report_json(plan, done, empty_inventory())
    read = json.loads(msgspec.json.encode(data))
    assert read["schema"] == 1
    assert read["validation"]["verdict"] == "validated"
    assert read["validation"]["baseline"] is None
    assert read["plan"]["operations"][0]["path"] == "a.txt"
