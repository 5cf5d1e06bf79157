"""Keep the framework's modules out of the tests of the project around them.

``pytest --doctest-modules .`` would import each of them.
"""

collect_ignore_glob = ["*"]
