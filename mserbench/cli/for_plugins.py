"""What commands of plugins may use of the command line: options that commands share, and output.

`print_json` writes to stdout alone, where `--json` turns that of everybody else to stderr.
"""

from __future__ import annotations

from mserbench.cli._common import (
    data_option,
    engine_options,
    json_option,
    names,
    option_option,
    pairs,
    print_json,
    print_table,
    say,
    wide_option,
)

__all__ = [
    "data_option",
    "engine_options",
    "json_option",
    "names",
    "option_option",
    "pairs",
    "print_json",
    "print_table",
    "say",
    "wide_option",
]
