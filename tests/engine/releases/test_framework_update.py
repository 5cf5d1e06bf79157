"""What is proposed as text, and what cannot be updated at all.

The steps of an update are in test_update_steps.py; that real releases merge, the
execution of the workflow shows.
"""

from __future__ import annotations

from ci_engine.releases.framework_update import MadeUpdate
from ci_engine.releases.update_proposal import describe
from tests.support.projects import DemoProject


def test_names_are_no_markup() -> None:
    made = MadeUpdate(
        current="1", latest="2", commit="x", conflicts=["<b>@me</b>"], notes=["a`b"]
    )
    text = describe(made)
    assert "- `<b>@me</b>`" in text
    assert "- `` a`b ``" in text


def test_what_cannot_be_updated(project: DemoProject) -> None:
    (project.root / ".copier-answers.yml").unlink()
    run = project.run("update")
    assert (run.code, "there are no answers" in run.stderr) == (2, True)
    project.write(".copier-answers.yml", "name: demo\n")
    run = project.run("update", "--pull-request")
    assert (run.code, "run `ci-framework/ci update` first" in run.stderr) == (2, True)
