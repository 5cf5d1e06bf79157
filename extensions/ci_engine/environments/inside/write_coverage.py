"""Write the JSON and XML reports of a ``coverage run``.

It runs in the project's environment, with the project's settings for coverage. The
command line of coverage can only replace the setting `omit`; here files are
added to it.
"""

from __future__ import annotations

import os
import sys

# As `python -m coverage` does: plugins of coverage may be modules of the project.
sys.path[0] = os.getcwd()  # noqa: PTH109 - what coverage does

from coverage import Coverage  # noqa: E402


def main(json_file: str, xml_file: str, omitted: list[str]) -> None:
    """Write both reports."""
    coverage = Coverage()
    data_file = coverage.get_option("run:data_file")
    if not os.path.isfile(str(data_file)):  # noqa: PTH113 - as coverage does
        # With `parallel`, each process writes its own file.
        coverage.combine()
        coverage.save()
    coverage.load()
    own = coverage.get_option("report:omit")
    patterns = own if isinstance(own, list) else []
    coverage.set_option("report:omit", [*patterns, *omitted])
    coverage.json_report(outfile=json_file)
    coverage.xml_report(outfile=xml_file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
