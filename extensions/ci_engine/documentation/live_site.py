"""Read a site back after it was published, which may take hosts some minutes."""

from __future__ import annotations

import re
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.parse import quote, urlsplit

from ci_engine.documentation.published_files import Files
from ci_engine.documentation.site_versions import VERSIONS_FILE, read_versions
from ci_engine.errors import ToolError
from ci_engine.findings.not_run import mark_not_run
from ci_engine.findings.results import CheckResult, Finding, Status

_SECONDS = 20.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 20.0
_REFUSED = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
)
_LOGIN = re.compile(r"log-?in|sign-?in|auth|sso|saml|access", re.IGNORECASE)


class LoginError(ToolError):
    """The site requires a login."""


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only, without credentials."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Follow to http and https."""
        if urlsplit(newurl).scheme not in ("http", "https"):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True)
class _Answer:
    status: int
    content: bytes


@dataclass(frozen=True)
class LiveSite:
    """A published site.

    Attributes:
        address: its public root address.
        seconds: the time limit until it shows what was published.
    """

    address: str
    seconds: float
    cancel: threading.Event
    _same: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def compare(self, read_files: Callable[[], Files]) -> CheckResult:
        """Wait until the site shows what was published, and report differences.

        Args:
            read_files: returns the expected files; called again each time, since others
                may publish in the meantime.
        """
        check = CheckResult(id="docs-live", tool="ci-framework")
        until = time.monotonic() + self.seconds
        pause = _FIRST_PAUSE
        try:
            while True:
                files = read_files()
                check.status, check.reason = Status.PASSED, ""
                check.findings = []
                try:
                    check.findings = [*self._differences(files)]
                except LoginError:
                    raise
                except ToolError as error:
                    mark_not_run(check, error)
                rest = until - time.monotonic()
                shown = check.status is Status.PASSED and not check.findings
                if shown or rest <= 0 or self.cancel.wait(min(pause, rest)):
                    break
                pause = min(2 * pause, _LONGEST_PAUSE)
        except LoginError as error:
            check.status, check.reason = Status.SKIPPED, str(error)
            return check
        if check.findings:
            check.status, check.new = Status.FAILED, len(check.findings)
        check.notes = [f"{self.address}: {len(files)} files compared"]
        return check

    def _differences(self, files: Files) -> Iterator[Finding]:
        for path, content in files.items():
            if self._same.get(path) == content:
                continue
            answer = self._read(path, len(content))
            if answer.status == HTTPStatus.OK and answer.content == content:
                self._same[path] = content
                continue
            # An earlier match was with other content.
            self._same.pop(path, None)
            yield self._finding(path, content, answer)

    def _finding(self, path: str, content: bytes, answer: _Answer) -> Finding:
        address = self._address(path)
        rule, problem = "stale-page", "differs from the published file"
        if answer.status != HTTPStatus.OK:
            rule, problem = "missing-page", f"responds with {answer.status}"
        elif path == VERSIONS_FILE:
            rule, problem = "stale-versions", _compare_lists(content, answer.content)
        return Finding(tool="ci-framework", rule=rule, message=f"{address} {problem}")

    def _address(self, path: str) -> str:
        return f"{self.address.rstrip('/')}/{quote(path)}"

    def _read(self, path: str, length: int) -> _Answer:
        """Request a file, bypassing caches.

        Raises:
            LoginError: if the site requires a login.
            ToolError: if it cannot be reached.
        """
        address = self._address(path)
        request = urllib.request.Request(  # noqa: S310 - http or https, see above
            f"{address}?ci-framework={uuid.uuid4().hex}",
            headers={"User-Agent": "ci-framework", "Cache-Control": "no-cache"},
        )
        opener = urllib.request.build_opener(_SafeRedirects)
        try:
            with opener.open(request, timeout=_SECONDS) as answer:
                status: int = answer.status
                content: bytes = answer.read(length + 1)
                final: str = answer.geturl()
        except urllib.error.HTTPError as error:
            status, content, final = error.code, b"", error.url or address
        except (OSError, HTTPException, ValueError) as error:
            raise ToolError(f"{self.address} cannot be reached: {error}") from error
        if status in _REFUSED:
            raise LoginError(
                f"{self.address} does not show its pages to everyone: {status}"
            )
        if self._is_login(final):
            raise LoginError(f"{self.address} requires a login")
        return _Answer(status, content)

    def _is_login(self, final: str) -> bool:
        """Whether a request was redirected to the login page of another host."""
        there = urlsplit(final)
        if there.netloc == urlsplit(self.address).netloc:
            return False
        return _LOGIN.search(f"{there.hostname or ''}{there.path}") is not None


def _compare_lists(published: bytes, shown: bytes) -> str:
    """The difference between two lists of versions."""
    try:
        there = read_versions(shown.decode("utf-8", "replace"), VERSIONS_FILE)
    except ToolError:
        return "is not a list of versions"
    wanted = read_versions(published.decode("utf-8", "replace"), VERSIONS_FILE)
    names = {each.version for each in there}
    missing = [each.version for each in wanted if each.version not in names]
    if missing:
        return f"does not list {', '.join(missing)}"
    other = [each.version for each in wanted if each not in there]
    return f"lists {', '.join(other) or 'more versions'} differently"
