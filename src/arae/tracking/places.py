"""Where journals lie and which MLflow store they go to."""

from __future__ import annotations

import os
import re
from pathlib import Path

# A user name and password before a host; database addresses may have a "/" in the password.
_CREDENTIALS = re.compile(r"(?<=://)([^/@\s'\"]+|[^/@:\s'\"]*:[^@\s]*)@")
_NAMED = re.compile(r"(?i)(?<=[?&;])(\w*(?:password|passwd|pwd|token|secret|key))=[^&;\s'\"]+")
_SQLITE = "sqlite:///"


def home() -> Path:
    """The checkout that keeps the records.

    `dvc exp run --temp` and `--queue` work in throw-away copies under `.dvc/tmp/exps`; what they
    record belongs to the checkout around them.
    """
    here = Path.cwd()
    for folder in here.parents:
        if folder.name == "exps" and folder.parts[-3:-1] == (".dvc", "tmp"):
            return folder.parents[2]
    return here


def journals() -> Path:
    """Folder with one folder per invocation."""
    return home() / "work" / "journals"


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, or `mlflow.db` in the checkout; sqlite paths made absolute."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or _SQLITE + "mlflow.db"
    if uri.startswith(_SQLITE) and not uri.startswith(_SQLITE + "/"):
        return f"{_SQLITE}{home() / uri.removeprefix(_SQLITE)}"
    return uri


def sqlite_file(uri: str) -> Path | None:
    """The database file of a sqlite URI, without its query; None for other stores."""
    return Path(uri.removeprefix(_SQLITE).partition("?")[0]) if uri.startswith(_SQLITE) else None


def redact(text: str) -> str:
    """`text` with user names and passwords in addresses replaced by `***`."""
    return _NAMED.sub(r"\1=***", _CREDENTIALS.sub("***@", text))
