"""A model that nkululeko exported by `python -m nkululeko.bundle`; its folder is the argument.

nkululeko unpickles what lies there, which can run any code: take a folder that you trust.
"""

import json
import sys
from pathlib import Path

from nkululeko.infer import infer_from_bundle

NAME, FOLDER = "nkululeko", Path(sys.argv[1])
LABELS = json.loads((FOLDER / "manifest.json").read_text())["labels"]


def predict(path, labels):
    row = infer_from_bundle(str(FOLDER), files=[path]).iloc[0]
    return {label: row[label] for label in LABELS}
