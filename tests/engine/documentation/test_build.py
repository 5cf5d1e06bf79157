"""Building documentation: the tool, its environment, and its findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.docs_projects import DocsProject, with_mkdocs, with_sphinx
from tests.support.projects import DemoProject, Run, assert_green, install_tool
from tests.support.tools import require_tool


def locations(run: Run) -> dict[str, str]:
    """The rule and the location of each finding of a build."""
    return {f"{f['path']}:{f['line']}": f["rule"] for f in run.findings("docs-build")}


@pytest.mark.heavy
def test_warnings_of_mkdocs_have_their_file_and_line(tmp_path: Path) -> None:
    project = with_mkdocs(tmp_path / "demo")
    run = project.docs("build")
    assert_green(run)
    assert run.check("docs-build")["tool"].startswith("properdocs 1.")
    assert run.check("docs-build")["environment"] == "isolated"
    assert (project.site / "reference" / "index.html").is_file()
    project.write("docs/guide/start.md", "# Guide\n\n## Two words\n\n[x](gone.md)\n")
    project.append("docs/reference.md", "\n[x][demo.gone]\n")
    run = project.docs("build")
    assert run.code == 1
    assert locations(run) == {
        "docs/guide/start.md:5": "warning",
        "docs/reference.md:5": "mkdocs_autorefs",
    }
    project.append("docs/reference.md", "\n::: demo.gone\n")
    assert locations(project.docs("build"))["docs/reference.md:7"] == "mkdocstrings"
    project.configure("[tool.ci-framework.docs]\nstrict = false\n")
    project.write("docs/reference.md", "# Reference\n\n::: demo\n")
    run = project.docs("build")
    assert run.code == 0, str(run)
    assert len(run.findings("docs-build")) == 1


@pytest.mark.heavy
def test_warnings_of_sphinx_are_repeated_by_every_build(tmp_path: Path) -> None:
    project = with_sphinx(tmp_path / "demo")
    project.append("docs/guide/start.rst", "\n:ref:`gone`\n")
    project.append("docs/reference.rst", "\n.. automodule:: demo.gone\n")
    for _ in range(2):
        run = project.docs("build")
        assert run.code == 1
        found = locations(run)
        assert found["docs/guide/start.rst:7"] == "ref.ref"
        assert "autodoc.import_object" in found.values()
    project.append("docs/conf.py", "import gone_from_here\n")
    run = project.docs("build")
    assert run.code == 1
    line = len(project.read("docs/conf.py").splitlines())
    assert locations(run) == {f"docs/conf.py:{line}": "configuration"}
    assert "No module named 'gone_from_here'" in run.stdout


@pytest.mark.heavy
def test_the_tool_of_the_project_is_used_where_it_is_declared(tmp_path: Path) -> None:
    project = with_mkdocs(tmp_path / "demo")
    project.configure('[dependency-groups]\ndocs = ["mkdocs-material"]\n')
    run = project.docs("build")
    assert_green(run)
    assert run.check("docs-build")["environment"] == ".venv"


def test_a_configuration_that_mkdocs_refuses_is_a_finding(tmp_path: Path) -> None:
    project = with_mkdocs(tmp_path / "demo")
    project.replace("mkdocs.yml", "  - search\n", "  - search\n  - nowhere\n")
    run = project.docs("build")
    assert run.code == 1
    assert locations(run) == {"mkdocs.yml:10": "warning"}
    assert 'The "nowhere" plugin is not installed' in run.stdout
    project.append("mkdocs.yml", "x: [\n")
    run = project.docs("build")
    assert run.code == 2
    assert (
        f"mkdocs.yml:{len(project.read('mkdocs.yml').splitlines()) + 1}: not valid"
        in (run.stderr)
    )


@pytest.mark.heavy
def test_zensical_may_not_ignore_a_plugin(tmp_path: Path) -> None:
    project = DocsProject(tmp_path / "demo")
    install_tool(project, "zensical")
    project.write(
        "mkdocs.yml", "site_name: Demo\nplugins:\n  - search\n  - gen-files\n"
    )
    project.write("docs/index.md", "# Demo\n\nText.\n")
    run = project.docs("build", "--tool", "zensical")
    assert run.code == 1
    assert locations(run) == {"mkdocs.yml:4": "ignored-plugin"}
    assert "ignores the plugin gen-files" in run.stdout
    project.replace("mkdocs.yml", "  - gen-files\n", "")
    run = project.docs("build", "--tool", "zensical")
    assert_green(run)
    assert (project.site / "index.html").is_file()
    assert not (project.root / "site").exists()
    project.append("docs/index.md", "\n[x](gone.md)\n")
    run = project.docs("build", "--tool", "zensical")
    assert run.code == 1
    assert locations(run) == {"docs/index.md:5": "page-does-not-exist"}


def test_usage(project: DemoProject) -> None:
    for words, message in (
        (("docs",), "expected one of build, check, publish, verify, serve, got"),
        (("docs", "deploy"), "got deploy"),
        (("docs", "build", "--external"), "--external: expected together with check"),
        (("docs", "build"), "there is no documentation: expected properdocs.yml"),
        (("docs", "check", "--site=gone"), "--site: no such directory: gone"),
    ):
        run = project.run(*words)
        assert run.code == 2, str(run)
        assert message in run.stderr
    project.write("mkdocs.yml", "site_name: x\n")
    project.write("docs/conf.py", "")
    run = project.run("docs", "build")
    assert run.code == 2
    assert "there are mkdocs.yml and docs/conf.py" in run.stderr
    run = project.run("docs", "check", "--tool=mkdocs", "--dry-run")
    assert run.stdout == (
        "build mkdocs.yml into .ci-framework/docs/site\ncheck .ci-framework/docs/site\n"
    )


INVENTORIES = """\
  - mkdocstrings:
      handlers:
        python:
          inventories: [http://127.0.0.1:9/objects.inv]
"""


@pytest.mark.heavy
@pytest.mark.parametrize("tool", ["mkdocs", "sphinx"])
def test_references_to_a_site_that_is_down_are_not_checked(
    tmp_path: Path, tool: str
) -> None:
    if tool == "mkdocs":
        project = with_mkdocs(tmp_path / "demo")
        before = "  - mkdocstrings:\n      handlers:\n        python:\n"
        project.replace("mkdocs.yml", before, INVENTORIES)
        project.append("docs/reference.md", "\n[x][pathlib.Path]\n")
        own = ("docs/reference.md", "\n[x][demo.gone]\n")
    else:
        project = with_sphinx(tmp_path / "demo")
        mapping = '{"python": ("http://127.0.0.1:9/", None)}'
        project.append(
            "docs/conf.py",
            'extensions += ["sphinx.ext.intersphinx"]\n'
            f"intersphinx_mapping = {mapping}\n",
        )
        project.append("docs/reference.rst", "\n:class:`pathlib.Path`\n")
        own = ("docs/reference.rst", "\n:func:`demo.gone`\n")
    run = project.docs("build")
    assert_green(run)
    check = run.check("docs-inventories")
    assert (check["status"], check["blocking"]) == ("not-run", False)
    assert check["reason"] == "cannot be reached: http://127.0.0.1:9/objects.inv"
    assert check["notes"] == ["not checked: pathlib.Path"]
    project.append(*own)
    run = project.docs("build")
    assert run.code == 1
    (finding,) = run.findings("docs-build")
    assert "demo.gone" in finding["message"]


@pytest.mark.heavy
def test_a_declared_tool_that_is_not_installed_is_reported(tmp_path: Path) -> None:
    project = with_sphinx(tmp_path / "demo", "alabaster")
    group = '[tool.poetry.group.docs.dependencies]\nsphinx = "*"\n'
    project.configure(f"[tool.poetry]\n{group}")
    programs = str(require_tool("uv").parent)
    run = project.docs("build", PATH=f"{programs}:/usr/bin:/bin")
    assert run.check("docs-build")["environment"] == "isolated"
    (note, _) = run.check("docs-build")["notes"]
    assert note.endswith("has no sphinx, which docs declares")
