"""Every page that we write, in a browser, with hostile names."""

from __future__ import annotations

import re
from itertools import cycle
from pathlib import Path

import pytest

from ci_engine.findings.benchmark_history import ChangePoint, Point, Series, Trend
from ci_engine.findings.benchmark_results import (
    BENCHMARK_VERDICTS,
    BenchmarkResult,
    Comparison,
    Metric,
)
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    Subject,
    TestCase,
    Verdict,
)
from ci_engine.reports.html import to_html
from ci_engine.reports.html_frame import html_page
from ci_engine.reports.trend_page import to_trend_page
from tests.support.browser import problems_of, write_pages

LONG = "x" * 5_000
NAMES = [
    f"tests/{'deep/' * 40}test_a.py::test_{LONG}",
    "tests/測試/test_基準.py::test_解析[" + "長い名前" * 300 + "]",
    "tests/test_b.py::test_שלום[" + "اختبار" * 300 + "\u202e]",
    'tests/test_c.py::test_x[</td><script src="https://example.org/x.js">]',
    "tests/test_d.py::test_" + "words and " * 400,
]
TEXTS = [*NAMES, f"E   {LONG}\nhint: {LONG}", '<img src="https://example.org/x.png">']
SUBJECT = Subject(project=LONG, branch=NAMES[2], commit="0" * 40, date="2026-01-31")


def finding(text: str, score: float | None = None, *, known: bool = False) -> Finding:
    return Finding(
        tool=text[:300],
        rule=text[:300],
        message=text,
        path=text.replace("\n", ""),
        line=10**9,
        column=7,
        severity="warning" if known else "error",
        known=known,
        score=score,
        help_url="https://example.org/" + "rule" * 300,
        fix=text,
        also=(text,),
    )


def check(status: Status, text: str, findings: list[Finding]) -> CheckResult:
    return CheckResult(
        id="comprehensive-tests",
        status=status,
        findings=findings,
        reason=text,
        rerun=f"ci-framework/ci gate --only {text}",
        notes=[text],
        output=f"{text}\n{LONG}",
        coverage=93.21,
        tests=[TestCase(id=text, outcome="failed", message=text)],
    )


def page_of(command: str, checks: list[CheckResult]) -> str:
    return to_html(
        RunResult(
            command=command,
            verdict=Verdict.RED,
            python="3.12.1",
            checks=checks,
            notes=TEXTS,
            subject=SUBJECT,
            environment=LONG,
        )
    )


def gate() -> str:
    found = [finding(text, known=number % 2 == 1) for number, text in enumerate(TEXTS)]
    others = [check(status, text, []) for status in Status for text in TEXTS[:2]]
    return page_of("gate", [check(Status.FAILED, TEXTS[0], found), *others])


def scan() -> str:
    scores = (9.9, 8.0, 5.0, 2.0, 0.0, 7.0, 4.0)
    found = [finding(text, score) for score, text in zip(scores, TEXTS, strict=True)]
    return page_of("scan", [check(Status.FAILED, "zizmor", found)])


def green() -> str:
    passed = CheckResult(id="lint", seconds=0.2, tool="ruff 0.17.6")
    return to_html(
        RunResult(
            command="gate", verdict=Verdict.GREEN, python="3.12.1", checks=[passed]
        )
    )


def bench() -> str:
    metric = Metric(name="peak-memory", base=1e9, head=2e9, threshold=0.2, grown=True)
    benchmarks = [
        BenchmarkResult(
            name=name,
            verdict=verdict,
            threshold=0.1,
            base=1e-6,
            head=123.456,
            ratio=1.5,
            low=1.2,
            high=100.123,
            p=1.2e-7,
            reason=name,
            metrics=[metric],
        )
        for verdict, name in zip(BENCHMARK_VERDICTS, cycle(NAMES), strict=False)
    ]
    compared = Comparison(
        suite="quick",
        base="0" * 40,
        head="1" * 40,
        cpu=LONG,
        cores=2,
        noise=0.1,
        benchmarks=benchmarks,
    )
    failed = check(Status.FAILED, "benchmarks", [finding(NAMES[0])])
    failed.comparison = compared
    return page_of("bench", [failed])


def trend(runs: int, changes: list[ChangePoint]) -> str:
    points = [
        Point(
            commit=f"{number:040x}",
            date=f"2026-01-{number % 28 + 1:02}T00:00:00+00:00",
            cpu=LONG if number % 5 == 2 else "A",
            seconds=1.234e-5 * (1 + number),
        )
        for number in range(runs)
    ]
    series = [
        Series(name=name, benchmark=name, points=points, changes=changes)
        for name in NAMES
    ]
    return to_trend_page(Trend(runs=runs, series=series, unsearched=LONG), LONG)


def many_changes() -> list[ChangePoint]:
    """Close to each other, at both ends, and enormous."""
    places = (1, 2, 3, 20, 21, 40, 41, 42, 50, 56, 57, 58, 59)
    ratios = (1.4, 0.5, 12345.6)
    return [
        ChangePoint(position=place, ratio=ratios[number % 3], alert=place > 55)
        for number, place in enumerate(places)
    ]


@pytest.mark.heavy
def test_pages_can_be_read_at_a_desk_and_on_a_phone_in_light_and_dark(
    tmp_path: Path,
) -> None:
    pages = {
        "gate": gate(),
        "green": green(),
        "scan": scan(),
        "bench": bench(),
        "trend": trend(60, many_changes()),
        "trend-of-one-run": trend(1, []),
        "trend-of-none": to_trend_page(Trend(runs=0, series=[]), "demo"),
    }
    found = problems_of(*write_pages(tmp_path, pages))
    assert found == [], "\n".join(found)


@pytest.mark.heavy
def test_the_browser_notices_what_is_wrong(tmp_path: Path) -> None:
    """So that the test above can fail."""
    body = [
        f'<p style="white-space: nowrap">{"x" * 300}</p>',
        '<p style="color: #999">faint</p>',
        '<img src="https://example.invalid/x.png">',
        "<script>console.warn('careful'); missing()</script>",
        '<svg viewBox="0 0 100 20" width="100"><text x="90" y="9">outside</text>'
        '<text x="85" y="9" style="fill: #999">covered</text></svg>',
        '<a href="#" tabindex="-1">never reached</a>',
        '<a href="#" style="outline: none">reached unseen</a>',
    ]
    # The policy of our pages would stop most of it.
    page = html_page("t", body).replace("Content-Security-Policy", "x-none")
    text = "\n".join(problems_of(*write_pages(tmp_path, {"bad": page})))
    for expected in (
        *("px fit: <p>", "color-contrast", "request: https://example.invalid/x.png"),
        *("console: careful", "script: missing is not defined", "image-alt"),
        *("outside of its plot: <text> outside", "<text> covered covers <text>"),
        *('<text class="">: contrast 2.8', "not reached by the keyboard: <a> never"),
        "no visible focus: <a> reached unseen",
    ):
        assert expected in text, f"{expected}\n{text}"


@pytest.mark.heavy
def test_what_gets_past_the_escaping_neither_runs_nor_loads(tmp_path: Path) -> None:
    body = [
        "<script>console.warn('it ran')</script>",
        "<p onclick=\"console.warn('it ran')\">text</p>",
        '<img alt="" src="https://example.invalid/x.png">',
        '<p style="position: fixed">text</p>',
    ]
    found = problems_of(*write_pages(tmp_path, {"hostile": html_page("t", body)}))
    text = "\n".join(found)
    assert "it ran" not in text
    refused = re.findall(r"Security Policy directive:? ['\"]([a-z]+-src)", text)
    assert set(refused) == {"script-src", "style-src", "img-src"}, text
