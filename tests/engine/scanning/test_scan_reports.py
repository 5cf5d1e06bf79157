"""Reports of a scan: SARIF within limits, a valid SBOM, a page that is safe."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.reports.html import to_html
from ci_engine.reports.html_script import SCRIPT
from ci_engine.reports.junit import to_junit
from ci_engine.reports.markdown import to_markdown
from ci_engine.reports.sarif import to_sarif

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


def many(number: int, scanner: str = "zizmor") -> CheckResult:
    findings = [
        Finding(
            tool=scanner,
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
    return CheckResult(id=scanner, status=Status.FAILED, findings=named, new=number)


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
    assert ids == [
        "ci-framework/scan/zizmor/zizmor/",
        "ci-framework/scan/bandit/bandit/",
    ]
    # A limit never cuts off the most severe findings.
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
    monkeypatch.setattr("ci_engine.reports.sarif._MOST_BYTES", 20_000)
    text = to_sarif(run_of(many(2_000)))
    assert len(gzip.compress(text.encode())) < 21_000
    assert 0 < len(json.loads(text)["runs"][0]["results"]) < 2_000


class Page(HTMLParser):
    """Remembers the tags of a page, and finds those that are not closed."""

    VOID = ("meta", "link", "br", "!doctype")

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
        tool="zizmor",
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
        id="zizmor", status=Status.FAILED, findings=[finding], notes=[EVIL], reason=EVIL
    )
    return run_of(check)


def test_the_page_needs_nothing_and_shows_names_as_they_are() -> None:
    page = Page()
    text = to_html(evil())
    page.feed(text)
    assert page.open == []
    tags = {tag for tag, _ in page.seen}
    assert not tags & {"img", "iframe", "object"}
    # The only script is ours, for sorting and filtering.
    assert [each for tag, each in page.seen if tag == "script"] == [{}]
    assert SCRIPT in text
    # Without it a browser asks the server of the page for an icon.
    icon = {"rel": "icon", "href": "data:,"}
    assert [each for tag, each in page.seen if tag == "link"] == [icon]
    links = [attributes.get("href") for tag, attributes in page.seen if tag == "a"]
    assert links == []
    assert not re.search(r'(?:src|href)="(?!https://|data:,")', text)
    assert "@import" not in text
    assert "url(" not in text


def test_the_page_has_a_chart_with_its_numbers_in_words() -> None:
    text = to_html(run_of(many(50)))
    label = re.search(r'aria-label="([^"]+)"', text)
    assert label is not None
    assert "10 medium, 39 low" in label.group(1)
    assert text.count("<rect") == 5
    assert 'lang="en"' in text
    assert len(re.findall(r'<th scope="col"[ >]', text)) == 11


@pytest.mark.heavy
def test_a_page_of_very_many_findings_stays_readable() -> None:
    text = to_html(run_of(many(3_000)))
    assert "and 1000 more in result.json" in text


def test_markdown_says_what_to_do_and_obeys_no_name() -> None:
    text = to_markdown(run_of(many(2)))
    assert "fix: do it otherwise" in text
    assert "[about the rule](https://example.org/rule)" in text
    text = to_markdown(evil())
    assert "<script>" not in re.sub(r"`[^`]*`", "", text)
    assert to_junit(evil()).startswith("<?xml")
