"""Services that tests need: readiness, variables, and reported skips."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_engine.configuration.service_settings import Readiness, Service
from ci_engine.environments.services import service_variables, services_not_ready
from tests.support.local_server import free_port
from tests.support.projects import DemoProject, assert_green, program, wait_until
from tests.support.renders import ROOT
from tests.support.tools import require_tool

STARTING = b"E\0\0\0\x20SFATAL\0C57P03\0Mstarting up\0\0"
CI = {"GITHUB_ACTIONS": "true"}
NEEDS_ONE = """\
import os

import pytest


@pytest.mark.service("redis")
def test_the_address_is_known() -> None:
    assert os.environ["REDIS_URL"].startswith("redis://127.0.0.1:")


def test_nothing() -> None:
    assert pytest
"""


@contextmanager
def answering(answer: bytes) -> Generator[int]:
    """A server that gives every connection the same answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    link, _ = server.accept()
                except OSError:
                    return
                with link:
                    link.recv(512)
                    link.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("ready", "answer", "reason"),
    [
        ("redis", b"+PONG\r\n", ""),
        ("redis", b"-NOAUTH Authentication required.\r\n", ""),
        ("redis", b"-LOADING data\r\n", "does not respond to PING: -LOADING data"),
        (
            "redis",
            b"HTTP/1.1 400 Bad Request\r\n",
            "does not respond to PING: HTTP/1.1",
        ),
        ("postgres", b"R\0\0\0\x08\0\0\0\0", ""),
        ("postgres", b"E\0\0\0\x20SFATAL\0C28000\0\0", ""),
        ("postgres", STARTING, "does not accept connections yet"),
        ("postgres", b"", "no answer"),
        ("tcp", b"", ""),
    ],
)
def test_a_service_is_ready_when_it_answers(
    ready: Readiness, answer: bytes, reason: str
) -> None:
    with answering(answer) as port:
        service = Service(image="x", port=port, ready=ready)
        missing = services_not_ready({"it": service})
    assert bool(missing) == bool(reason)
    assert reason in missing.get("it", "")


def test_addresses_are_the_same_on_every_machine() -> None:
    services = {
        "redis": Service(image="x", port=6379),
        "my-cache": Service(image="x", port=1234, ready="redis"),
        "postgres": Service(image="x", port=5432),
        "mail": Service(image="x", port=1025),
    }
    assert service_variables(services) == {
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": "6379",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "MY_CACHE_HOST": "127.0.0.1",
        "MY_CACHE_PORT": "1234",
        "MY_CACHE_URL": "redis://127.0.0.1:1234/0",
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": "5432",
        "POSTGRES_URL": "postgresql://postgres@127.0.0.1:5432/postgres",
        "MAIL_HOST": "127.0.0.1",
        "MAIL_PORT": "1025",
    }


def pg_ctl() -> Path:
    """Debian has it beside the server, and not on the search path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return found[-1] if found else require_tool("pg_ctl")


@pytest.mark.heavy
def test_redis_is_ready_when_it_answers(tmp_path: Path) -> None:
    """A real server, also one that wants a password."""
    command = [str(require_tool("redis-server")), "--bind", "127.0.0.1"]
    command += ["--save", "", "--dir", str(tmp_path), "--port"]
    for more in ((), ("--requirepass", "secret")):
        port = free_port()
        services = {"cache": Service(image="x", port=port, ready="redis")}
        assert "refused" in services_not_ready(services)["cache"]
        with subprocess.Popen(
            [*command, str(port), *more], stdout=subprocess.DEVNULL
        ) as server:
            try:
                assert services_not_ready(services, 30) == {}
            finally:
                server.terminate()
        assert services_not_ready(services)


@pytest.mark.heavy
def test_postgresql_is_ready_when_it_takes_connections() -> None:
    """A real server: the protocol is the one that it speaks."""
    # It does not run as root, and whom it runs as cannot read what root makes.
    place = Path(tempfile.mkdtemp(prefix="ci-framework-postgres-"))
    place.chmod(0o755)
    port, data = free_port(), place / "data"
    user = ["su", "postgres", "-c"] if os.geteuid() == 0 else ["sh", "-c"]
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, "postgres")
    services = {"postgres": Service(image="x", port=port)}
    options = f"-o '-p {port} -c listen_addresses=127.0.0.1 -k {data}'"
    path = pg_ctl()
    make = f"{path} -D {data} -o '-A trust -U postgres' initdb"
    assert subprocess.run([*user, make], check=False).returncode == 0
    assert services_not_ready(services)
    start = f"{path} -D {data} -l {data}/log -W {options} start"
    assert subprocess.run([*user, start], check=False).returncode == 0
    try:
        assert services_not_ready(services, 30) == {}
    finally:
        stop = f"{path} -D {data} -m immediate stop"
        subprocess.run([*user, stop], check=False)
        shutil.rmtree(place)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 2)


def with_services(project: DemoProject, port: int) -> None:
    project.configure(
        f'[tool.ci-framework.services.redis]\nimage = "redis:7"\nport = {port}\n'
    )
    conftest = ROOT / "template" / "tests" / "conftest.py.jinja"
    project.write("tests/conftest.py", conftest.read_text(encoding="utf-8"))
    project.test_file(NEEDS_ONE)


@pytest.mark.heavy
def test_tests_run_where_their_service_does(project: DemoProject) -> None:
    with answering(b"+PONG\r\n") as port:
        with_services(project, port)
        for variables in ({}, CI):
            run = project.gate("test", variables=variables)
            assert_green(run)
            assert run.check("test")["notes"] == []


@pytest.mark.heavy
def test_tests_without_their_service_are_skipped_in_plain_sight(
    project: DemoProject,
) -> None:
    """And in CI, which starts the declared ones, such a skip is red."""
    with_services(project, free_port())
    run = project.gate("test")
    assert_green(run)
    assert run.check("test")["notes"] == [
        "1 test was skipped: service redis is not running; "
        "start it with `ci-framework/ci setup --services start`"
    ]
    with answering(b"+PONG\r\n") as port:
        project.replace("pyproject.toml", "services.redis", "services.other")
        text = project.read("pyproject.toml")
        rows = [
            f"port = {port}" if r.startswith("port =") else r for r in text.split("\n")
        ]
        project.write("pyproject.toml", "\n".join(rows) + '\nready = "redis"\n')
        red = project.gate("test", variables=CI)
    assert red.code == 1, str(red)
    assert "CI has to run every test" in red.check("test")["reason"]


@pytest.mark.heavy
def test_setup_starts_and_stops_services_with_compose(
    project: DemoProject, tmp_path: Path
) -> None:
    """The program is a stand-in that listens as a container would."""
    port = free_port()
    with_services(project, port)
    tools = tmp_path / "tools"
    tools.mkdir()
    server = (
        f"import socket\nserver = socket.create_server(('127.0.0.1', {port}))\n"
        "while True:\n    link, _ = server.accept()\n    text = link.recv(99)\n"
        "    link.sendall(b'+PONG')\n    link.close()\n    if text == b'END': break\n"
    )
    script = tmp_path / "server.py"
    script.write_text(server, encoding="utf-8")
    program(
        tools,
        "docker",
        "import json, pathlib, socket, subprocess, sys\n"
        "words = sys.argv[1:]\n"
        "if 'up' in words:\n"
        "    file = pathlib.Path(words[words.index('--file') + 1])\n"
        "    service = json.loads(file.read_text())['services']['redis']\n"
        f"    assert service['ports'] == ['127.0.0.1:{port}:{port}'], service\n"
        f"    subprocess.Popen([sys.executable, {str(script)!r}],\n"
        "        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,\n"
        "        start_new_session=True)\n"
        "elif 'down' in words:\n"
        f"    socket.create_connection(('127.0.0.1', {port})).sendall(b'END')\n",
    )
    path = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    started = project.run("setup", "--services", "start", variables=path)
    try:
        assert_green(started)
        assert started.check("services")["reason"] == "started by docker: redis"
        again = project.run("setup", "--services", "start", variables=path)
        assert again.check("services")["reason"] == "running already: redis"
    finally:
        stopped = project.run("setup", "--services", "stop", variables=path)
    assert_green(stopped)
    services = {"redis": Service(image="x", port=port)}
    wait_until(lambda: bool(services_not_ready(services)))
    program(tools, "docker", "raise SystemExit('unknown flag: --quiet')")
    program(tools, "podman", "import sys\nif 'ps' in sys.argv: sys.exit('no machine')")
    path = {"PATH": f"{tools}{os.pathsep}/usr/bin:/bin"}
    nothing = project.run("setup", "--services", "start", variables=path)
    assert nothing.code == 3, str(nothing)
    reason = "services cannot be started: docker has no compose; podman: no machine"
    assert nothing.check("services")["reason"] == reason
    assert "again: ci-framework/ci setup --services start" in nothing.stdout
