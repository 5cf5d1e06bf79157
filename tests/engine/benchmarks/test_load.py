"""A load test starts a server, judges its responses, and leaves nothing behind."""

from __future__ import annotations

import socket
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from tests.support.benchmark_suites import is_running, reason_of, verdicts_of
from tests.support.load_tests import LoadProject
from tests.support.projects import Run, assert_green, assert_not_run, git

ALONE = ("--suite", "load", "--compare-with", "v9")
COMPARED = ("--suite", "load", "--compare-with", "HEAD")
# Writes its number where the test finds it.
NOTE_PID = "open({0!r}, 'a').write(f'{{os.getpid()}}\\n')\n"


def make(tmp_path: Path) -> LoadProject:
    return LoadProject(tmp_path / "demo")


def before_serving(project: LoadProject, code: str) -> None:
    """Run code in the server before it listens."""
    main = 'if __name__ == "__main__":\n'
    indented = "".join(f"    {line}\n" for line in code.splitlines())
    project.replace("server.py", main, main + indented)


def commit(project: LoadProject) -> None:
    git(project.root, "commit", "--quiet", "--all", "--message", "change")


def output_of(run: Run) -> str:
    return str(run.check("benchmarks")["output"])


def notes_of(run: Run) -> str:
    return "\n".join(run.check("benchmarks")["notes"])


def assert_nothing_left(pids: Path) -> None:
    numbers = pids.read_text().split()
    assert numbers
    assert not any(is_running(int(number)) for number in numbers)


@pytest.mark.heavy
def test_a_slower_server_is_a_regression(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.replace("server.py", "SECONDS, STATUS = 0.002", "SECONDS, STATUS = 0.06")
    before_serving(project, NOTE_PID.format(str(tmp_path / "pids")))
    run = project.bench(*COMPARED)
    assert run.code == 1, str(run)
    found = verdicts_of(run)
    percentiles = {f"GET / {p}" for p in ("p50", "p95", "p99")}
    assert set(found) == {*percentiles, "all requests: time for each"}
    assert found["GET / p50"] == "regression"
    assert found["all requests: time for each"] == "regression"
    assert "requests in 6 runs, 0 failed" in notes_of(run)
    assert run.check("benchmarks")["tool"].startswith("locust 2.")
    assert_nothing_left(tmp_path / "pids")


@pytest.mark.heavy
def test_limits_count_also_without_a_base(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.configure(
        "[tool.ci-framework.performance.load.limits]\n"
        "p50 = 1\np95 = 30000\nrequests-per-second = 100000\n"
    )
    run = project.bench(*ALONE)
    assert run.code == 1, str(run)
    assert sorted(run.rules("benchmarks")) == ["load-p50", "load-throughput"]
    assert "accepted: 1 ms" in run.stdout
    assert "expected at least 100000" in run.stdout
    assert "not compared: --compare-with v9 is not in this clone: v9" in notes_of(run)


@pytest.mark.heavy
def test_failed_requests_are_red_and_never_fast(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.replace("server.py", "0.002, 200", "0, 500")
    run = project.bench(*COMPARED)
    assert run.code == 1, str(run)
    assert run.rules("benchmarks") == ["load-error-rate"]
    assert "500 Server Error" in run.stdout
    assert "(100.0% in the median run); accepted: 1%" in run.stdout
    assert "improvement" not in verdicts_of(run).values()


@pytest.mark.heavy
def test_a_base_whose_server_fails_is_neutral(tmp_path: Path) -> None:
    project = make(tmp_path)
    good = project.read("server.py")
    before_serving(project, "sys.exit('no database')")
    commit(project)
    project.write("server.py", good)
    run = project.bench(*COMPARED)
    assert_green(run)
    assert "the suite of the base fails: the server ended before" in notes_of(run)
    assert "head: " in notes_of(run)


@pytest.mark.heavy
def test_a_server_that_is_never_ready(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.replace("pyproject.toml", "ready-seconds = 20", "ready-seconds = 1.5")
    pids = tmp_path / "pids"
    note = NOTE_PID.format(str(pids))
    before_serving(project, f"{note}print('waiting for Godot', flush=True)")
    project.replace("server.py", '200 if self.path == "/ready" else', "503 or")
    run = project.bench(*ALONE)
    assert run.code == 1, str(run)
    assert run.check("benchmarks")["status"] == "timed-out"
    assert "was not ready within 1.5 s: GET /ready responds with 503" in reason_of(run)
    assert "waiting for Godot" in output_of(run)
    assert_nothing_left(pids)


@pytest.mark.heavy
def test_a_server_that_ends_is_red_alone_and_an_error_on_both_sides(
    tmp_path: Path,
) -> None:
    project = make(tmp_path)
    before_serving(project, "print('no database'); sys.exit(7)")
    run = project.bench(*ALONE)
    assert run.code == 1, str(run)
    assert "the server ended before it was ready: exit code 7" in reason_of(run)
    assert "no database" in output_of(run)
    commit(project)
    assert_not_run(project.bench(*COMPARED), "benchmarks", "on both sides")


@pytest.mark.heavy
def test_a_server_that_crashes_under_load(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.replace(
        "server.py", "        time.sleep", "        self.path == '/' and os._exit(9)\n"
        "        time.sleep"
    )  # fmt: skip
    run = project.bench(*ALONE)
    assert run.code == 1, str(run)
    assert "the server ended during the load test: exit code 9" in reason_of(run)
    assert "serving" in output_of(run)


@pytest.mark.heavy
def test_a_port_that_is_in_use_is_an_error(tmp_path: Path) -> None:
    project = make(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        project.replace("pyproject.toml", 'ready = "/ready"', f"port = {port}")
        run = project.bench(*ALONE)
    assert_not_run(run, "benchmarks", f"127.0.0.1:{port} is in use before the server")
    assert "set performance.load.port to 0" in reason_of(run)


@pytest.mark.heavy
def test_a_server_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    project = make(tmp_path)
    pids = tmp_path / "pids"
    note = NOTE_PID.format(str(pids))
    before_serving(project, f"{note}signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    project.replace("pyproject.toml", "stop-seconds = 5", "stop-seconds = 0.5")
    run = project.bench(*ALONE)
    assert run.code == 1, str(run)
    assert "the server did not stop within 0.5 s" in reason_of(run)
    assert_nothing_left(pids)


@pytest.mark.heavy
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Linux only")
def test_a_server_that_hides_in_the_background_is_killed(tmp_path: Path) -> None:
    project = make(tmp_path)
    pids = tmp_path / "pids"
    note = NOTE_PID.format(str(pids))
    # The child has a session of its own, and the port; its parent goes on.
    before_serving(
        project,
        "if len(sys.argv) == 2:\n"
        "    subprocess.Popen([sys.executable, *sys.argv, 'x'],"
        " start_new_session=True)\n"
        "    time.sleep(600)\n"
        f"{note}",
    )
    run = project.bench(*ALONE)
    assert_green(run)
    assert "outside of its process group, which were killed" in notes_of(run)
    assert_nothing_left(pids)


@pytest.mark.heavy
def test_a_load_test_without_requests_is_an_error(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.replace("tests/load/locustfile.py", 'self.client.get("/")', "pass")
    assert_not_run(project.bench(*ALONE), "benchmarks", "no request was made")
    project.write("tests/load/locustfile.py", "import missing_module\n")
    run = project.bench(*ALONE)
    assert run.code == 1, str(run)
    assert "locust: exit code 1" in reason_of(run)
    assert "missing_module" in output_of(run)


@pytest.mark.heavy
@pytest.mark.parametrize("address", ["http://192.0.2.1:9/", "http://example.invalid/"])
def test_requests_to_another_machine_are_refused(tmp_path: Path, address: str) -> None:
    project = make(tmp_path)
    project.replace("tests/load/locustfile.py", 'get("/")', f'get("{address}")')
    host = urlsplit(address).hostname
    expected = f"the locust file connects to {host}, which is not this machine"
    assert_not_run(project.bench(*ALONE), "benchmarks", expected)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.replace("pyproject.toml", 'command = "python server.py {port}"', "")
    reason = "there is no server to test: set performance.load.command"
    assert_not_run(project.bench(*ALONE), "benchmarks", reason)
    (project.root / "tests/load/locustfile.py").unlink()
    assert_not_run(project.bench(*ALONE), "benchmarks", "there is no locust file (")
    project.replace("pyproject.toml", 'ready = "/ready"', 'host = "192.0.2.1"')
    run = project.bench(*ALONE)
    assert run.code == 2, str(run)
    assert "performance.load.host: expected this machine, such as" in run.stderr


@pytest.mark.heavy
def test_a_server_elsewhere_needs_permission_and_is_not_started(tmp_path: Path) -> None:
    project = make(tmp_path)
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        # Linux takes this address, which is not a loopback one, for its own.
        project.replace(
            "pyproject.toml",
            'command = "python server.py {port}"\nready = "/ready"',
            f'host = "0.0.0.0"\nport = {server.server_port}\nallow-remote = true',
        )
        run = project.bench(*COMPARED)
        server.shutdown()
    assert_green(run)
    assert "not compared: the server is not started here" in notes_of(run)
    assert set(verdicts_of(run).values()) == {"new"}


def test_a_server_is_not_profiled(tmp_path: Path) -> None:
    run = make(tmp_path).bench(*ALONE, "--profile")
    assert run.code == 2, str(run)
    assert "--profile: not with --suite load" in run.stderr


@pytest.mark.heavy
def test_an_interrupted_run_leaves_no_server(tmp_path: Path) -> None:
    project = make(tmp_path)
    pids = tmp_path / "pids"
    before_serving(project, f"{NOTE_PID.format(str(pids))}time.sleep(600)")
    run = project.interrupt_bench(pids.exists, *ALONE)
    assert run.code == 3, str(run)
    assert "interrupted" in run.stdout
    assert git(project.root, "worktree", "list").count("\n") == 1
    assert_nothing_left(pids)
