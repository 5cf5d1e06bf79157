"""The reason of a check without its environment is that of the installer."""

from __future__ import annotations

import pytest

from ci_engine.processes.installer_errors import first_error
from ci_engine.processes.programs import Outcome

UV = """\
error: Failed to build `mysqlclient==2.2.7`
  cause: The build backend returned an error
  cause: Call to `setuptools.build_meta:__legacy__` failed (exit status: 1)

         [stderr]
         Traceback (most recent call last):
           File "<string>", line 1, in <module>
         Exception: Can not find valid pkg-config name.
"""
OLDER_UV = """\
  \u00d7 No solution found when resolving dependencies:
  ╰─▶ Because nothing-like-it was not found in the package registry and you
      require it, your requirements are unsatisfiable.
"""
PIP = """\
  error: subprocess-exited-with-error

  \u00d7 Getting requirements to build editable did not run successfully.
  │ exit code: 1
  ╰─> [1 lines of output]
      ModuleNotFoundError: No module named 'numpy'
      [end of output]
error: subprocess-exited-with-error
"""
PIP_INDEX = """\
ERROR: Could not find a version that satisfies the requirement x==1 (from versions: none)
ERROR: No matching distribution found for x==1
"""  # noqa: E501
POETRY = """\
Installing dependencies from lock file

pyproject.toml changed significantly since poetry.lock was last generated.
"""


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (UV, "`mysqlclient==2.2.7`: Exception: Can not find valid pkg-config name."),
        (OLDER_UV, "No solution found when resolving dependencies"),
        (OLDER_UV, "Because nothing-like-it was not found"),
        (PIP, "Getting requirements to build editable did not run successfully"),
        (PIP, "No module named 'numpy'"),
        (PIP_INDEX, "Could not find a version that satisfies the requirement x==1"),
        (POETRY, "changed significantly since poetry.lock"),
        ("uv: no network\n", "uv: no network"),
        ("", ""),
    ],
)
def test_the_first_message_of_an_installer_is_the_reason(
    output: str, reason: str
) -> None:
    found = first_error(Outcome((), 1, "", output, 0.1))
    assert reason in found
    assert "\n" not in found
