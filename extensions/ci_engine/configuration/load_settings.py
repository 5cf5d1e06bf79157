"""Settings of ``ci bench --suite load``: the server, the load and its limits."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

import msgspec

from ci_engine.configuration.value_types import (
    Command,
    Rate,
    Seconds,
    StrictTable,
    Text,
    UrlPath,
)

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Users = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
# As many as `decision` needs to estimate how much the times vary.
Runs = Annotated[int, msgspec.Meta(ge=3)]
Limit = Annotated[float, msgspec.Meta(ge=0)]


# Unless the settings name the locust file, the first of these that exists.
USUAL_FILES = ("tests/load/locustfile.py", "load/locustfile.py", "locustfile.py")


class LoadLimits(StrictTable, frozen=True):
    """The limits of a load test; 0 = no limit.

    Attributes:
        p50: milliseconds within which half of the requests must be answered.
        p95: the same for 95 % of them.
        p99: the same for 99 % of them.
        error_rate: the maximum share of failed requests.
        requests_per_second: the minimum throughput.
    """

    p50: Limit
    p95: Limit
    p99: Limit
    error_rate: Rate
    requests_per_second: Limit


class LoadTest(StrictTable, frozen=True):
    """A locust file and the server to run it against.

    Attributes:
        locustfile: the file with the users; empty = the locustfile.py in tests/load,
            load or the repository's root, in this order.
        command: starts the server in the project's environment, without a shell;
            it must listen on {host} and {port}, which are also in the variables
            HOST and PORT.
        ready: a path that returns a status below 400 once the server is ready;
            empty = the server is ready when its port accepts connections.
        ready_seconds: seconds the server may take to become ready.
        stop_seconds: seconds the server may take to stop before it is killed.
        host: where the server listens; other machines require allow-remote.
        port: its port; 0 = a free port for each run.
        allow_remote: whether requests may go to other machines.
        users: the number of simultaneous users.
        spawn_rate: users started per second.
        warm_up_seconds: seconds before requests are counted.
        seconds: seconds for which requests are counted.
        first_runs: runs of each side before the first decisions.
        runs: maximum runs of each side; as many again confirm a change.
        budget_seconds: seconds after which no further run is started.
        limits: limits for the head commit.
    """

    locustfile: str
    command: Command
    ready: UrlPath
    ready_seconds: Seconds
    stop_seconds: Seconds
    host: Text
    port: Port
    allow_remote: bool
    users: Users
    spawn_rate: Users
    warm_up_seconds: Limit
    seconds: Seconds
    first_runs: Runs
    runs: Runs
    budget_seconds: Seconds
    limits: LoadLimits

    def locust_file(self, root: Path) -> str:
        """The locust file of a checkout, empty if it has none."""
        named = [self.locustfile] if self.locustfile else USUAL_FILES
        return next((path for path in named if (root / path).is_file()), "")


NO_LOAD = LoadTest(
    locustfile="",
    command="",
    ready="",
    ready_seconds=1.0,
    stop_seconds=1.0,
    host="127.0.0.1",
    port=0,
    allow_remote=False,
    users=1,
    spawn_rate=1,
    warm_up_seconds=0.0,
    seconds=1.0,
    first_runs=3,
    runs=3,
    budget_seconds=60.0,
    limits=LoadLimits(
        p50=0.0, p95=0.0, p99=0.0, error_rate="1%", requests_per_second=0.0
    ),
)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, without querying a name server."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
