"""Reports of a scan: SARIF within limits, a valid SBOM, a page that is safe."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ci_engine.checks.locks import read_lock
from ci_engine.errors import ToolError
from ci_engine.fingerprints import fingerprint_findings
from ci_engine.project import read_project
from ci_engine.report.html import to_html
from ci_engine.report.junit import to_junit
from ci_engine.report.markdown import to_markdown
from ci_engine.report.sarif import to_sarif
from ci_engine.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.scan.bill_of_materials import to_cyclonedx
from tests.engine.test_audit import LOCK
from tests.scan.scanning import Repository, result_of

EVIL = '<script>alert(1)</script>"><img src=x onerror=y> | @all `x` [a](javascript:b)'


def run_of(*checks: CheckResult) -> RunResult:
    return RunResult(
        command="scan",
        verdict=Verdict.RED,
        python="",
        checks=list(checks),
        framework="2",
        tier="high",
    )


def many(number: int, engine: str = "ruff") -> CheckResult:
    findings = [
        Finding(
            tool=engine,
            rule=f"S{each % 40 + 100}",
            message=f"flaw {each} " + "x" * 80,
            path=f"src/module_{each % 700}.py",
            line=each,
            column=1,
            score=(each % 100) / 10,
            help_url="https://example.org/rule",
            fix="do it otherwise",
        )
        for each in range(number)
    ]
    named = fingerprint_findings(Path("/nowhere"), findings)
    return CheckResult(id=engine, status=Status.FAILED, findings=named, new=number)


@pytest.mark.heavy
def test_sarif_of_thirty_thousand_findings_is_within_the_limits() -> None:
    text = to_sarif(run_of(many(30_000), many(10, "bandit")))
    log = json.loads(text)
    assert len(gzip.compress(text.encode())) < 10_000_000
    assert len(log["runs"]) == 2
    for run in log["runs"]:
        assert len(run["results"]) <= 25_000
        rules = run["tool"]["driver"]["rules"]
        assert len(rules) <= 25_000
        assert all(len(rule["properties"]["tags"]) <= 20 for rule in rules)
        prints = [r["partialFingerprints"]["ciFramework/v1"] for r in run["results"]]
        assert len(prints) == len(set(prints))
    ids = [run["automationDetails"]["id"] for run in log["runs"]]
    assert ids == ["ci-framework/scan/ruff/ruff/", "ci-framework/scan/bandit/bandit/"]
    # The gravest are never what a limit cuts off.
    scores = {
        rule["id"]: float(rule["properties"]["security-severity"])
        for rule in log["runs"][0]["tool"]["driver"]["rules"]
    }
    assert max(scores.values()) == 9.9
    (notice,) = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"] == "5000 more are in result.json"


def test_sarif_that_is_too_large_has_fewer_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ci_engine.report.sarif._MOST_BYTES", 20_000)
    text = to_sarif(run_of(many(2_000)))
    assert len(gzip.compress(text.encode())) < 21_000
    assert 0 < len(json.loads(text)["runs"][0]["results"]) < 2_000


class Page(HTMLParser):
    """Remembers the tags of a page, and finds those that are not closed."""

    VOID = ("meta", "br", "!doctype")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def evil() -> RunResult:
    finding = Finding(
        tool="ruff",
        rule=EVIL,
        message=EVIL,
        path=EVIL,
        line=3,
        score=9.9,
        fix=EVIL,
        help_url="javascript:alert(1)",
        also=(EVIL,),
        waiver=EVIL,
    )
    check = CheckResult(
        id="ruff", status=Status.FAILED, findings=[finding], notes=[EVIL], reason=EVIL
    )
    return run_of(check)


def test_the_page_needs_nothing_and_shows_names_as_they_are() -> None:
    page = Page()
    text = to_html(evil())
    page.feed(text)
    assert page.open == []
    tags = {tag for tag, _ in page.seen}
    assert not tags & {"script", "img", "iframe", "link", "object"}
    links = [attributes.get("href") for tag, attributes in page.seen if tag == "a"]
    assert links == []
    assert not re.search(r'(?:src|href)="(?!https://)', text)
    assert "@import" not in text
    assert "url(" not in text


def test_the_page_has_a_chart_with_its_numbers_in_words() -> None:
    text = to_html(run_of(many(50)))
    label = re.search(r'aria-label="([^"]+)"', text)
    assert label is not None
    assert "10 medium, 39 low" in label.group(1)
    assert text.count("<rect") == 5
    assert 'lang="en"' in text
    assert text.count('<th scope="col">') == 12


@pytest.mark.heavy
def test_a_page_of_very_many_findings_stays_readable() -> None:
    text = to_html(run_of(many(3_000)))
    assert "and 1000 more in result.json" in text


def test_markdown_says_what_to_do_and_obeys_no_name() -> None:
    text = to_markdown(run_of(many(2)))
    assert "to mend it: do it otherwise" in text
    assert "[about the rule](https://example.org/rule)" in text
    text = to_markdown(evil())
    assert "<script>" not in re.sub(r"`[^`]*`", "", text)
    assert to_junit(evil()).startswith("<?xml")


# --- the list of components ---------------------------------------------------------

POETRY = """\
[[package]]
name = "Six"
version = "1.16.0"
[[package]]
name = "forked"
version = "1.0"
[package.source]
type = "git"
url = "https://example.org/x"
"""
PIXI = """\
version: 6
packages:
- conda: https://conda.anaconda.org/conda-forge/noarch/six-1.16.0-pyh_0.conda
  purls: ["pkg:pypi/six@1.16.0?source=hash-mapping"]
  license: MIT
- conda: https://conda.anaconda.org/conda-forge/linux-64/openssl-3.5.0-h_1.conda
  license: Apache-2.0
- pypi: https://files.pythonhosted.org/x/idna-3.4-py3-none-any.whl
  name: idna
  version: "3.4"
- pypi: ./
  name: demo
"""
PYLOCK = """\
lock-version = "1.0"
[[packages]]
name = "six"
version = "1.16.0"
[[packages]]
name = "local"
[packages.directory]
path = "."
"""
PDM = '[[package]]\nname = "six"\nversion = "1.16.0"\n'
REQUIREMENTS = """\
# pinned
six==1.16.0 \\
    --hash=sha256:00
idna[x]==3.4 ; python_version > '3'
"""


@pytest.mark.parametrize(
    ("name", "text", "audited", "coverage"),
    [
        ("uv.lock", LOCK, {"six", "wheel-thing"}, "2 of 3 dependencies known"),
        ("poetry.lock", POETRY, {"six"}, "1 of 2 dependencies known"),
        ("pdm.lock", PDM, {"six"}, "1 of 1 dependencies known"),
        ("pylock.toml", PYLOCK, {"six"}, "1 of 2 dependencies known"),
        ("pixi.lock", PIXI, {"six", "idna"}, "2 of 3 dependencies known, 1 conda-only"),
        (
            "requirements.txt",
            REQUIREMENTS,
            {"six", "idna"},
            "2 of 2 dependencies known",
        ),
    ],
)
def test_each_lock_is_read_and_listed(
    name: str, text: str, audited: set[str], coverage: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    project = read_project(tmp_path)
    dependencies = read_lock(project)
    assert dependencies is not None
    assert {each.name for each in dependencies.audited} == audited
    assert dependencies.coverage().startswith(f"{name}: {coverage}")
    listed = to_cyclonedx(project, dependencies)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(listed)
    assert problem is None, problem
    document = json.loads(listed)
    assert document["specVersion"] == "1.6"
    names = {each["name"] for each in document["components"]}
    assert audited <= names
    addresses = {e["name"]: e.get("purl") for e in document["components"]}
    assert addresses.get("forked") is None
    assert (
        addresses.get("openssl", "pkg:conda/openssl@3.5.0") == "pkg:conda/openssl@3.5.0"
    )


def test_requirements_that_are_not_pinned_are_no_lock(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six>=1\n", encoding="utf-8")
    assert read_lock(read_project(tmp_path)) is None


@pytest.mark.parametrize(
    "name", ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pixi.lock"]
)
@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"[[package]]\nname = 3\n", b"packages: 3"]
)
def test_a_lock_that_is_none_is_an_error(
    name: str, text: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(text)
    try:
        found = read_lock(read_project(tmp_path))
    except ToolError as error:
        assert name in str(error)  # noqa: PT017 - either way is fine
    else:
        assert found is not None
        assert not found.audited


def test_the_list_is_the_same_but_for_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    (tmp_path / "poetry.lock").write_text(POETRY, encoding="utf-8")
    project = read_project(tmp_path)
    dependencies = read_lock(project)
    assert dependencies is not None
    one = to_cyclonedx(project, dependencies)
    assert one == to_cyclonedx(project, dependencies)
    assert json.loads(one)["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"


def test_denied_licences_are_told(repository: Repository) -> None:
    repository.write("pixi.lock", PIXI)
    settings = {"denied-licences": ["apache"]}
    run = repository.scan("licences", settings=settings)
    result = result_of(run, "licences")
    assert [f.message for f in result.findings] == [
        "openssl 3.5.0 has the licence Apache-2.0"
    ]
    assert "no licence is stated by idna" in result.notes[1]
    assert run.verdict is Verdict.RED
