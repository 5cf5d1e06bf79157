"""The companion of the template: brings ci-framework into existing repositories.

A request flows one way: analysis (what is there) -> answers (what it means for the
template) -> planning (which bytes change, and why) -> applying (a journal, one
commit) -> validating (the project's own tests and checks, before and after). Each
stage hands typed structures to the next; nothing below reads options by itself.
"""

from ci_engine import __version__

__all__ = ["__version__"]
