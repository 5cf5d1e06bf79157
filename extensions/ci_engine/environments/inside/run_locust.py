"""Run locust, and write the response times of a fixed period.

Usage: ``run_locust.py REPORT WARM_UP SECONDS local|remote OPTION…``, with options of
locust. With ``local``, connections to other machines fail, and are reported.
"""

from __future__ import annotations

import ipaddress
import json
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any, cast

_MOST_NAMES = 100
_OTHERS = "other requests"
_MOST_MESSAGES = 5
_LONGEST_MESSAGE = 300


class Recorder:
    """Counts the requests between the end of the warm-up and the end of the run."""

    def __init__(self, report: Path, warm_up: float, seconds: float) -> None:
        self.report = report
        self.warm_up = warm_up
        self.seconds = seconds
        self.times: dict[str, list[float]] = {}
        self.failures: Counter[str] = Counter()
        self.messages: Counter[str] = Counter()
        self.refused: list[str] = []
        self.counting_since = 0.0
        self.counted = 0.0
        self.finished = False

    def start(self, environment: Any, **_given: object) -> None:  # noqa: ANN401
        """Start the measured period, once the users are being started."""
        # locust's own --run-time counts from its start, which may take seconds.
        gevent = import_module("gevent")
        gevent.spawn(self._follow, environment, gevent.sleep)

    def _follow(self, environment: Any, sleep: Any) -> None:  # noqa: ANN401
        self._wait(self.warm_up, sleep)
        self.counting_since = time.perf_counter()
        self._wait(self.seconds, sleep)
        self.counted = time.perf_counter() - self.counting_since
        self.finished = True
        environment.runner.quit()

    def _wait(self, seconds: float, sleep: Any) -> None:  # noqa: ANN401
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and not self.refused:
            sleep(0.02)

    def record(
        self,
        request_type: str,
        name: str,
        response_time: float,
        exception: object = None,
        **_given: object,
    ) -> None:
        """Count a completed request."""
        if not self.counting_since or self.finished:
            return
        key = f"{request_type} {name}".strip()
        if key not in self.times and len(self.times) >= _MOST_NAMES:
            key = _OTHERS
        times = self.times.setdefault(key, [])
        if exception is None:
            times.append(response_time / 1000)
        else:
            self.failures[key] += 1
            self.messages[f"{key}: {exception}"[:_LONGEST_MESSAGE]] += 1

    def write(self) -> None:
        """Write the report."""
        every = [each for times in self.times.values() for each in times]
        facts = {
            "finished": self.finished,
            "seconds": self.counted,
            "total": _summary(every, sum(self.failures.values())),
            "requests": {
                name: _summary(times, self.failures[name])
                for name, times in sorted(self.times.items())
            },
            "messages": [text for text, _ in self.messages.most_common(_MOST_MESSAGES)],
            "refused": self.refused,
        }
        self.report.write_text(json.dumps(facts), encoding="utf-8")

    def guard(self, event: str, arguments: tuple[object, ...]) -> None:
        """Refuse to look up or reach other machines."""
        host: object = None
        if event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = arguments[0]
        elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = arguments[1]
            if isinstance(address, tuple):
                host = cast("tuple[object, ...]", address)[0]
        if isinstance(host, bytes):
            host = host.decode("utf-8", "replace")
        if isinstance(host, str) and not _is_this_machine(host):
            if host not in self.refused:
                self.refused.append(host)
            raise ConnectionRefusedError(f"{host} is not this machine")


def _is_this_machine(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _summary(times: list[float], failures: int) -> dict[str, object]:
    ordered = sorted(times)
    # The smallest time that this share of the requests did not exceed.
    ranks = {f"p{p}": -(-len(ordered) * p // 100) - 1 for p in (50, 95, 99)}
    shares = {name: ordered[rank] for name, rank in ranks.items()} if ordered else {}
    return {"count": len(ordered), "failures": failures, **shares}


def main() -> None:
    """Run locust with the recorder as a listener."""
    report, warm_up, seconds, scope, *options = sys.argv[1:]
    recorder = Recorder(Path(report), float(warm_up), float(seconds))
    if scope == "local":
        sys.addaudithook(recorder.guard)
    # Locust files must not import from the directory of this file.
    sys.path.pop(0)
    sys.argv = ["locust", *options]
    events: Any = import_module("locust").events
    events.test_start.add_listener(recorder.start)
    events.request.add_listener(recorder.record)
    try:
        import_module("locust.main").main()
    finally:
        recorder.write()


main()
