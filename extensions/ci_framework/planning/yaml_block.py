"""Insert the framework's block as the last items of a list in a YAML file."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping

import msgspec

from ci_framework.planning.edits import (
    BOM,
    CannotEdit,
    Edit,
    append_to,
    decode,
    line_end,
    marked_block,
    patch_text,
    splice,
    with_line_ends,
)
from ci_framework.planning.yaml_locations import Listing, find_list

# The files with a block in a list, by the key of the list.
LISTS: Mapping[str, str] = {
    "repos": ".pre-commit-config.yaml",
    "updates": ".github/dependabot.yml",
}
# Without these keys a file would still be incomplete with the list.
_REQUIRED: Mapping[str, tuple[str, ...]] = {"repos": (), "updates": ("version",)}


def insert_yaml_item(before: bytes, block: bytes, key: str) -> Edit:
    """Insert the framework's block after the last item of a list.

    Raises:
        CannotEdit: if there is no location for it, with a patch if possible.
    """
    body = marked_block(before, block)
    if body is None:
        return Edit(before, ())
    text = decode(before)
    listing = find_list(text, key)
    end = line_end(before or block)
    if listing.form in ("empty", "none"):
        return _append(before, block, body, key, listing)
    if listing.form in ("flow", "value"):
        patch = _patch_of_value(text, listing, body.decode(), key)
        style = "flow style, as [item]" if listing.form == "flow" else "another form"
        raise CannotEdit(f"its list {key!r} is written in {style}", patch)
    indent = len(body) - len(body.lstrip(b" "))
    if listing.form == "block" and indent != listing.indent:
        listed = textwrap.indent(
            textwrap.dedent(body.decode()), " " * listing.indent, bool
        )
        at = _location(text, listing)
        head = text[:at]
        head += "" if at == 0 or head.endswith("\n") else "\n"
        patch = patch_text(LISTS[key], text, f"{head}{listed}\n{text[at:]}")
        reason = f"its list {key!r} is indented by {listing.indent}, the block by"
        raise CannotEdit(f"{reason} {indent}", patch)
    if listing.unended:
        raise CannotEdit("it ends within a text that a line end would add to")
    location = _location(text, listing)
    offset = len(text[:location].encode()) + len(before) - len(before.removeprefix(BOM))
    gap = b"" if location == 0 or text[location - 1] == "\n" else end
    return splice(before, offset, gap + with_line_ends(body, end) + end)


def _append(
    before: bytes, block: bytes, body: bytes, key: str, listing: Listing
) -> Edit:
    """Write the list, or the whole content of an empty file."""
    if listing.end != len(decode(before)):
        raise CannotEdit(f"it has no list {key!r} and ends with a line '...'")
    if listing.form == "empty":
        header = with_line_ends(block, b"\n").partition(body)[0]
    else:
        missing = [name for name in _REQUIRED[key] if name not in listing.keys]
        if missing or listing.column:
            raise CannotEdit(f"it has no list {key!r}")
        header = f"{key}:\n".encode()
    return append_to(before, header + body, line_end(before or block))


def _location(text: str, listing: Listing) -> int:
    """The offset after the last token and the comments that belong to the list.

    These are indented more than the keys around the list; less indented ones
    belong to the key that follows.
    """
    location = listing.end
    if location == 0 or text[location - 1] != "\n":
        location = _next_line(text, location)
    cursor = location
    # The items of an empty list follow its key immediately.
    while cursor < len(text) and listing.form != "null":
        following = _next_line(text, cursor)
        line = text[cursor:following]
        content = line.lstrip(" \t")
        if content.startswith("#") and len(line) - len(content) > listing.column:
            location = following
        elif content.strip():
            break
        cursor = following
    return location


def _next_line(text: str, offset: int) -> int:
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


def _patch_of_value(text: str, listing: Listing, body: str, key: str) -> str:
    """The patch for a list in flow style, or for an explicit null."""
    value = text[listing.start : listing.end]
    if "".join(value.split()) in ("[]", "~", "null"):
        rest = _next_line(text, listing.end)
        head = text[: listing.start].rstrip() + text[listing.end : rest].rstrip()
        return patch_text(LISTS[key], text, f"{head}\n{body}\n{text[rest:]}")
    if listing.form != "flow":
        return ""
    inner = text[listing.start : listing.end - 1].rstrip()
    items = msgspec.yaml.decode(textwrap.dedent(body), type=list[object])
    comma = " " if inner.endswith(",") else ", "
    added = ", ".join(json.dumps(item, ensure_ascii=False) for item in items)
    head = text[: listing.start] + inner
    # A comment at the end of the last line would absorb the inserted text.
    if "#" in inner.rpartition("\n")[2]:
        return ""
    after = f"{head}{comma}{added}{text[listing.end - 1 :]}"
    return patch_text(LISTS[key], text, after)
