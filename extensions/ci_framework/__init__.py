"""The companion of the template: brings ci-framework to existing repositories.

A request flows one way: analysis (facts) -> answers (their meaning for the
template) -> planning (the changed bytes, and why) -> applying (a journal, one
commit) -> validating (the project's own tests and checks, before and after). Each
stage passes typed structures to the next; only the command line reads options.
"""

from ci_engine import __version__

__all__ = ["__version__"]
