"""Run the conversations of a job with a server, and record what happened."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import mcp_types.version

from .conversation import (
    HANDSHAKE,
    MODERN,
    Facts,
    call_unknown,
    connect,
    discover,
    plan_calls,
    read_lists,
    run_rounds,
)
from .failures import explain
from .http_address import (
    address_of,
    avoid_proxies,
    endpoint,
    free_port,
    notable_answer,
    wait_until_it_listens,
)
from .json_messages import read_strictly
from .server_process import ServerProcess, start_server

_ERAS = (HANDSHAKE, MODERN)


class Observation:
    """The job for a server, and its results so far.

    Attributes:
        job: the commands, limits and calls.
        report: the file that is updated after every step.
    """

    def __init__(self, job: Facts, report: Path) -> None:
        self.job = job
        self.report = report
        self.variables = dict(os.environ)
        self.discovered: Any = None
        self.facts: Facts = {"sessions": [], "rounds": {}}

    def write(self) -> None:
        """Write the results so far."""
        fresh = self.report.with_suffix(".part")
        fresh.write_text(json.dumps(self.facts), encoding="utf-8")
        fresh.replace(self.report)

    async def everything(self) -> None:
        """Use both eras over each transport; compare processes without state."""
        transports = [name for name in ("stdio", "http") if self.job[name]]
        for transport in transports:
            await getattr(self, f"_converse_over_{transport}")()
        spoken = [
            session
            for session in self.facts["sessions"]
            if session["era"] == MODERN and not session["failure"]
        ]
        if self.job["stateless"] and spoken:
            await self._compare(spoken[0])
        self.write()

    async def _converse_over_stdio(self) -> None:
        for era in _ERAS:
            server = await self._start_stdio()
            session = await self._converse(server, server.messages(), "stdio", era)
            session["process"] = server.facts()
            self.write()

    async def _converse_over_http(self) -> None:
        server, port = await self._start_http()
        sessions: list[Facts] = []
        async with server.output():
            problem = await self._wait(server, port)
            for era in _ERAS:
                if problem:
                    sessions.append(self._session("http", era))
                    sessions[-1]["failure"] = {"kind": problem, "text": ""}
                    continue
                answers: list[Facts] = []
                streams = self._endpoint(port, answers)
                sessions.append(await self._converse(server, streams, "http", era))
                sessions[-1]["http"] = notable_answer(answers)
        for session in sessions:
            session["process"] = server.facts()
        self.write()

    def _session(self, transport: str, era: str) -> Facts:
        session: Facts = {
            "transport": transport,
            "era": era,
            "protocol": "",
            "server": "",
            "failure": None,
            "lists": None,
            "calls": [],
            "left_out": [],
            "unknown": None,
            "process": None,
            "http": None,
        }
        self.facts["sessions"].append(session)
        return session

    async def _converse(
        self,
        server: ServerProcess,
        transport: Any,  # noqa: ANN401 - one of the SDK
        name: str,
        era: str,
    ) -> Facts:
        session = self._session(name, era)
        client = connect(transport, era, self._first_answer(server))
        try:
            with anyio.fail_after(self._first_answer(server)) as patience:
                async with client:
                    if era == MODERN:
                        self.discovered = await discover(client, self._patience)
                    # From here on, each request has its own time limit.
                    patience.deadline = math.inf
                    await self._ask(client, session)
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            session["failure"] = session["failure"] or explain(error)
        return session

    @property
    def _patience(self) -> float:
        """The time limit for the first response of a process."""
        return float(self.job["start_seconds"] + self.job["answer_seconds"])

    def _first_answer(self, server: ServerProcess) -> float:
        answer: float = self.job["answer_seconds"]
        return answer if server.answered else self._patience

    async def _ask(self, client: Any, session: Facts) -> None:  # noqa: ANN401
        session["protocol"] = client.protocol_version
        identity = client.server_info
        if identity is not None:
            session["server"] = f"{identity.name} {identity.version}".strip()
        lists = session["lists"] = await read_lists(client)
        self.write()
        job = self.job
        plan = plan_calls(lists, job["calls"], read_only=job["call_read_only"])
        session["left_out"] = plan["left_out"]
        await run_rounds([client], plan["calls"], session["calls"])
        session["unknown"] = await call_unknown(client)

    async def _compare(self, spoken: Facts) -> None:
        """Compare calls that alternate between two processes with those of one."""
        job = self.job
        read_only = job["call_read_only"]
        calls = plan_calls(spoken["lists"], job["calls"], read_only=read_only)["calls"]
        rounds = self.facts["rounds"]
        rounds["one"] = spoken["calls"]
        if spoken["transport"] == "http":
            # The process of the conversations has already answered other requests.
            rounds["one"] = await self._rounds("http", calls, 1)
        rounds["two"] = await self._rounds(spoken["transport"], calls, 2)
        if _results(rounds["one"]) != _results(rounds["two"]):
            # The responses may differ anyway, for example by the time.
            rounds["again"] = await self._rounds(spoken["transport"], calls, 1)

    async def _rounds(self, transport: str, calls: list[Facts], number: int) -> Any:  # noqa: ANN401
        try:
            async with AsyncExitStack() as stack:
                clients: list[Any] = []
                for _ in range(number):
                    connection = await self._connection(stack, transport)
                    # No process gets a request before its calls.
                    client = connect(
                        connection, MODERN, self._patience, self.discovered
                    )
                    clients.append(await stack.enter_async_context(client))
                return await run_rounds(clients, calls, [])
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            nothing: Facts = {"kind": "start", "name": "", "arguments": {}}
            return [{**nothing, "result": None, "failure": explain(error)}]

    async def _connection(self, stack: AsyncExitStack, transport: str) -> Any:  # noqa: ANN401
        if transport == "stdio":
            return (await self._start_stdio()).messages()
        server, port = await self._start_http()
        await stack.enter_async_context(server.output())
        problem = await self._wait(server, port)
        if problem:
            raise ConnectionError(f"the second process: {problem}")
        return self._endpoint(port, [])

    def _endpoint(self, port: int, answers: list[Facts]) -> Any:  # noqa: ANN401
        address = address_of(self.job["host"], port, self.job["path"])
        return endpoint(address, self._patience, answers)

    async def _wait(self, server: ServerProcess, port: int) -> str:
        host = self.job["host"]
        return await wait_until_it_listens(server, host, port, self._patience)

    async def _start_stdio(self) -> ServerProcess:
        job = self.job
        return await start_server(
            job["stdio"], job["directory"], self.variables, job["stop_seconds"]
        )

    async def _start_http(self) -> tuple[ServerProcess, int]:
        job = self.job
        port = free_port(job["host"])
        given = {"{host}": job["host"], "{port}": str(port)}
        argv = [_filled(part, given) for part in job["http"]]
        variables = {**self.variables, "HOST": job["host"], "PORT": str(port)}
        stop = job["stop_seconds"]
        server = await start_server(
            argv, job["directory"], variables, stop, listens=True
        )
        return server, port


def _filled(part: str, given: dict[str, str]) -> str:
    for placeholder, value in given.items():
        part = part.replace(placeholder, value)
    return part


def _results(made: list[Facts]) -> list[tuple[object, bool]]:
    return [(each["result"], bool(each["failure"])) for each in made]


def main(arguments: list[str]) -> int:
    """Run the job in a file."""
    job_file, report = map(Path, arguments)
    job: Facts = json.loads(job_file.read_text(encoding="utf-8"))
    observation = Observation(job, report)
    observation.facts["newest"] = mcp_types.version.LATEST_HANDSHAKE_VERSION
    avoid_proxies(job["host"])
    read_strictly()
    run: Callable[..., Any] = anyio.run
    try:
        run(observation.everything)
    except OSError as error:
        # The command of the server does not exist, or cannot be executed.
        observation.facts["not_started"] = f"{error.strerror or error}"
        observation.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
