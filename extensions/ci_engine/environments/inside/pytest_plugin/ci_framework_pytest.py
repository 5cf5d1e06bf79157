"""Load ``../event_recorder.py`` as a pytest plugin that coverage never measures.

PYTEST_DONT_REWRITE: there is nothing to rewrite, and no cache to write.

Coverage ignores code whose file name starts with ``<``, whatever the project's
settings are. This module is one statement because coverage may already be running:
the plugin can only make it forget code that no longer runs.
"""

exec(  # noqa: S102 # nosec B102 - our own file, beside this one
    compile(
        __import__("pathlib")
        .Path(__file__)
        .parents[1]
        .joinpath("event_recorder.py")
        # Use the file's encoding and line endings, not the machine's defaults.
        .read_bytes(),
        "<ci-framework>",
        "exec",
    )
)
