"""Version of the code behind a stage: a hash of the meaning of the modules that it imports.

Comments, docstrings and formatting do not count; a change of meaning in any module that the
stage's module imports, directly or not, does.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

PACKAGE = "arae"
PACKAGE_ROOT = Path(__file__).resolve().parent.parent


def code_version(modules: Iterable[str]) -> str:
    """16 hex digits that change iff the meaning of the import closure of `modules` changes."""
    digest = hashlib.sha256()
    for name in import_closure(tuple(modules)):
        digest.update(f"{name}\n{_module(name)[0]}\n".encode())
    return digest.hexdigest()[:16]


def code_files(modules: Iterable[str]) -> list[Path]:
    """Source files of the import closure of `modules`, sorted."""
    return sorted(_module_file(name) for name in import_closure(tuple(modules)))


@functools.cache
def import_closure(modules: Sequence[str]) -> tuple[str, ...]:
    """Names of the package's modules reachable by import statements from `modules`, sorted.

    Imports inside functions count. A module chosen by name at run time (a system) is invisible
    here: callers add it to `modules`.
    """
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        if not _exists(name):
            raise ModuleNotFoundError(f"no module {name} in {PACKAGE_ROOT}")
        seen.add(name)
        waiting.extend(_module(name)[1])
    return tuple(sorted(seen))


def _module_file(name: str) -> Path:
    parts = name.split(".")[1:]
    package = PACKAGE_ROOT.joinpath(*parts)
    return package / "__init__.py" if package.is_dir() else package.with_suffix(".py")


def _exists(name: str) -> bool:
    return name.split(".")[0] == PACKAGE and _module_file(name).is_file()


@functools.cache
def _module(name: str) -> tuple[str, tuple[str, ...]]:
    """(text of the module's meaning, package modules that it imports)."""
    tree = ast.parse(_module_file(name).read_text(encoding="utf-8"))
    imports = {target for node in ast.walk(tree) for target in _targets(node) if _exists(target)}
    return _meaning(tree), tuple(sorted(imports))


def _targets(node: ast.AST) -> list[str]:
    # The package uses absolute imports only (a lint rule keeps it so).
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _meaning(node: object) -> str:
    """Text of a syntax tree without positions, docstrings and empty fields.

    Own rendering instead of `ast.dump`, whose output differs between Python versions.
    """
    if isinstance(node, list):
        return "[" + ",".join(_meaning(item) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for key, value in ast.iter_fields(node):
        if key == "body" and isinstance(value, list) and _has_docstring(node):
            value = value[1:]
        if value is not None and value != [] and key not in ("type_comment", "kind"):
            fields.append(f"{key}={_meaning(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _has_docstring(node: ast.AST) -> bool:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return ast.get_docstring(node, clean=False) is not None
