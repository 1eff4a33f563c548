"""Version of the code behind a stage: a hash of the meaning of the modules that it imports.

Comments, docstrings and formatting do not count; a change of meaning in any module that the
stage's module imports, directly or not, does. A model may come from another package: then modules of that
package count as those of this one do.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import sys
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
    """Names of modules reachable by import statements from `modules`, sorted.

    Modules of this package and of those that `modules` are of. Imports inside functions count. A module
    chosen by name at run time (a system) is invisible here: callers add it to `modules`.
    """
    packages = {PACKAGE, *(name.split(".")[0] for name in modules)}
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        if not _exists(name):
            raise ModuleNotFoundError(f"no module {name} in {PACKAGE_ROOT} or on Python's path")
        seen.add(name)
        waiting.extend(
            target
            for target in _module(name)[1]
            if target.split(".")[0] in packages and _exists(target)
        )
    return tuple(sorted(seen))


def module_exists(name: str) -> bool:
    """Whether there is the source of a module, looked for on Python's path, last in the current folder.

    Nothing is imported.
    """
    if _package_root(name.split(".")[0]) is None and (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    return _exists(name)


def defines(name: str) -> set[str]:
    """Names at the top of a module, read from its source."""
    body = ast.parse(_module_file(name).read_text(encoding="utf-8")).body
    found = {node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _package_root(package: str) -> Path | None:
    """Folder of a package, or file of a module that is in none."""
    if package == PACKAGE:
        return PACKAGE_ROOT
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None or not found.origin.endswith(".py"):
        return None
    return Path(found.origin).parent if found.submodule_search_locations else Path(found.origin)


def _module_file(name: str) -> Path:
    package, *parts = name.split(".")
    root = _package_root(package)
    place = Path(package) if root is None else root.joinpath(*parts)
    if place.is_dir():
        return place / "__init__.py"
    return place if place.suffix == ".py" else place.with_name(f"{place.name}.py")


def _exists(name: str) -> bool:
    return _module_file(name).is_file()


@functools.cache
def _module(name: str) -> tuple[str, tuple[str, ...]]:
    """(text of the module's meaning, names that it may import)."""
    file = _module_file(name)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    imports = {target for node in ast.walk(tree) for target in _targets(node, package)}
    return _meaning(tree), tuple(sorted(imports))


def _targets(node: ast.AST, package: str) -> list[str]:
    """Modules that a statement imports; of `from x import y` both x and x.y, as y may be one."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    # One dot is the module's own package, each further dot the one around it.
    parts = package.split(".")[: 1 - node.level or None] if node.level else []
    base = ".".join([*parts, *filter(None, [node.module])])
    return [base, *(f"{base}.{alias.name}" for alias in node.names)]


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
