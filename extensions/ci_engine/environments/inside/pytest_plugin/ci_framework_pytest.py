"""Load ``../event_recorder.py`` as a pytest plugin that coverage never measures.

PYTEST_DONT_REWRITE: there is nothing to rewrite, and no cache to write.

Coverage ignores code whose file name starts with ``<``, whatever the project's
settings for coverage are. This module is one statement because coverage may run
already: the plugin can only make it forget what is no longer running.
"""

exec(  # noqa: S102 # nosec B102 - our own file, beside this one
    compile(
        __import__("pathlib")
        .Path(__file__)
        .parents[1]
        .joinpath("event_recorder.py")
        # The encoding and the line ends are those of the file, not of the machine.
        .read_bytes(),
        "<ci-framework>",
        "exec",
    )
)
