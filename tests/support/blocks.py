"""Blocks as the template renders them, small ones, for the tests of edits."""

from __future__ import annotations

from ci_framework.planning.edits import block_of

START = "# >>> ci-framework >>>"
END = "# <<< ci-framework <<<"
TOML = f"""\
{START}
# Ours.

[tool.ci-framework]
version = "2.0.0"

[tool.ci-framework.quality]
tier = "full"

[tool.pixi.environments.quality]
features = ["quality"]
{END}
""".encode()
LINES = f"{START}\n.ci-framework/\n{END}\n".encode()


def hooks(indent: int, key: str = "repos") -> bytes:
    """The render of a file with a list that is indented like this."""
    block = f"{START}\n- repo: local\n  hooks:\n    - id: ours\n{END}\n"
    margin = " " * indent
    lines = "".join(f"{margin}{line}\n" for line in block.splitlines())
    return f"{key}:\n{lines}".encode()


HOOKS = hooks(2)
DEPENDABOT = b"version: 2\n" + hooks(2, "updates")


def without_block(content: bytes) -> bytes:
    """A file without the block and, where that stands last, the blank line above."""
    block = block_of(content)
    if block is None:
        return content
    start = content.index(block)
    head, tail = content[:start], content[start + len(block) :].removeprefix(b"\n")
    if not tail and head.endswith((b"\n\n", b"\n\r\n")):
        head = head.removesuffix(b"\n").removesuffix(b"\r")
    return head + tail
