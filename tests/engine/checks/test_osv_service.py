"""Responses of the OSV service are checked for completeness and order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ci_engine.checks.dependencies.inventory import Dependency
from ci_engine.checks.dependencies.osv_service import Answers, OsvService, open_service
from ci_engine.errors import ToolError
from ci_engine.processes.programs import CanceledError
from tests.support.osv import Service, serving

Json = dict[str, Any]
SIX, IDNA = Dependency("six", "1.16.0"), Dependency("idna", "3.4")


@pytest.fixture
def osv() -> Iterator[Service]:
    with serving() as service:
        yield service


def look_up(osv: Service, *dependencies: Dependency) -> Answers:
    service = OsvService(osv.url, time.monotonic() + 20, threading.Event())
    return service.look_up(dependencies or (SIX, IDNA))


def test_each_dependency_has_its_advisories(osv: Service) -> None:
    osv.add("six", "1.16.0", "GHSA-1", fixed="1.17", aliases=["CVE-1"])
    osv.add("Idna", "3.4", "GHSA-2")
    osv.vulnerable["idna", "3.4"] = osv.vulnerable.pop(("Idna", "3.4"))
    found = look_up(osv)
    assert found.advisories == {SIX: ["GHSA-1"], IDNA: ["GHSA-2"]}
    assert found.records["GHSA-1"].fixed_in("six") == ("1.17",)
    assert found.missing == {}


Distort = Callable[[list[Json]], Any]
WRONG: list[tuple[Distort, str]] = [
    (lambda _: [], "0 responses to 2 queries"),
    (lambda found: found[:1], "1 responses to 2 queries"),
    (lambda found: [*found, {}], "3 responses to 2 queries"),
    (lambda found: found[::-1], "returned GHSA-1 for idna, which it does not"),
    (lambda _: [3, 4], "unusable output"),
    (lambda _: {}, "unusable output"),
]


@pytest.mark.parametrize(("distort", "said"), WRONG)
def test_answers_that_do_not_fit_the_questions_are_refused(
    distort: Distort, said: str, osv: Service
) -> None:
    osv.add("six", "1.16.0", "GHSA-1")
    osv.distort = distort
    with pytest.raises(ToolError, match=said):
        look_up(osv)


def test_all_pages_are_read(osv: Service) -> None:
    names = [f"GHSA-{number}" for number in range(5)]
    for name in names:
        osv.add("six", "1.16.0", name)
    osv.page = 2
    assert look_up(osv).advisories == {SIX: names}


def test_pages_without_an_end_are_refused(osv: Service) -> None:
    osv.distort = lambda found: [{**each, "next_page_token": "0"} for each in found]
    with pytest.raises(ToolError, match="sends an endless list of pages"):
        look_up(osv, SIX)


def test_more_questions_than_fit_in_one_request(osv: Service) -> None:
    many = [Dependency(f"p{number}", "1") for number in range(1100)]
    osv.add("p1099", "1", "GHSA-1")
    assert look_up(osv, *many).advisories == {many[-1]: ["GHSA-1"]}
    assert len(osv.asked) == len(many)


def test_an_advisory_that_is_not_described_is_known_and_named(osv: Service) -> None:
    osv.add("six", "1.16.0", "GHSA-1")
    osv.add("six", "1.16.0", "GHSA-2")
    osv.forgotten = {"GHSA-1"}
    osv.records["GHSA-2"] |= {"id": "GHSA-3"}
    found = look_up(osv)
    assert found.advisories == {SIX: ["GHSA-1", "GHSA-2"]}
    assert "HTTP status 404" in found.missing["GHSA-1"]
    assert "describes GHSA-3 instead of GHSA-2" in found.missing["GHSA-2"]


def test_a_busy_service_is_asked_again(osv: Service) -> None:
    osv.busy = 1
    assert look_up(osv).advisories == {}
    assert osv.asked == [("six", "1.16.0"), ("idna", "3.4")] * 2


def test_a_canceled_run_asks_nothing(osv: Service) -> None:
    canceled = threading.Event()
    canceled.set()
    with pytest.raises(CanceledError):
        OsvService(osv.url, time.monotonic() + 20, canceled).look_up([SIX])
    assert osv.asked == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "expected an http address"),
        ("http://127.0.0.1:1", "the OSV service at http://127.0.0.1:1: "),
    ],
)
def test_an_address_that_does_not_answer(
    url: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSV_SERVICE_URL", url)
    with pytest.raises(ToolError, match=said):
        open_service(5.0, threading.Event()).look_up([SIX])


def test_an_answer_that_is_too_large_is_refused(
    osv: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ci_engine.checks.dependencies.osv_service._LARGEST", len('{"results": []}')
    )
    with pytest.raises(ToolError, match="too large"):
        look_up(osv)
