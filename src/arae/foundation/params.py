"""params.yaml: reading it, inheritance by `base`, recipes by `grid`, studies of a user's own corpus.

Everything here works on plain values. `expand_params` writes out what the short forms stand for,
`resolve_params` then lays every entry over its bases. Settings classes see only the result.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml

from arae.foundation.errors import SettingsError, suggest
from arae.foundation.files import DEEPEST, is_too_deep

KIND = "kind"  # the key that chooses between the settings classes of a field
# What an entry must say to be used by itself. Without it, it is a base of others only.
_OWN = {"recipes": "system", "studies": "corpus"}
_MOST = 1000  # recipes of one grid


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that reads scalars as YAML 1.2, as DVC does, takes keys as they are written (`0`), and
    refuses a key given twice."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.value in seen and key_node.value != "<<":
                line = key_node.start_mark.line + 1
                raise SettingsError(f"line {line}: the key '{key_node.value}' is given twice")
            seen.add(key_node.value)
            if isinstance(key_node, yaml.ScalarNode) and key_node.value != "<<":
                key_node.tag = "tag:yaml.org,2002:str"
        return dict(super().construct_mapping(node, deep))

    def whole_number(self, node: yaml.ScalarNode) -> int:
        """An integer of YAML 1.2, where 017 is seventeen."""
        text = str(self.construct_scalar(node)).replace("_", "").lower()
        digits = text.lstrip("+-")
        bases = {"0b": 2, "0o": 8, "0x": 16}
        base = bases.get(digits[:2], 10)
        number = int(digits if base == 10 else digits[2:], base)
        return -number if text.startswith("-") else number


# YAML 1.1, which PyYAML reads by itself, takes `no` for false, 017 for fifteen and 1e-05 for text.
_RESOLVERS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "float": (
        r"[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
        r"|[-+]?\.[0-9][0-9_]*([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
    "int": (
        r"[-+]?0b[01_]*[01]|[-+]?0o[0-7_]*[0-7]|[-+]?0x[0-9a-fA-F_]*[0-9a-fA-F]|[-+]?[0-9][0-9_]*",
        "-+0123456789",
    ),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "merge": (r"<<", "<"),
}
for _tag, (_pattern, _first) in _RESOLVERS.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first)
    )
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.whole_number)


def load_yaml(path: str | Path) -> Any:
    """Read a YAML file by the rules of YAML 1.2; errors name the file and line."""
    try:
        value = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: not found; run from the project's root") from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise SettingsError(
            f"{path}: not readable as YAML: {' '.join(str(error).split())}"
        ) from error
    if is_too_deep(value):
        raise SettingsError(f"{path}: nested more than {DEEPEST} levels deep")
    return value


def load_params(path: str | Path = "params.yaml") -> dict[str, Any]:
    """Load params.yaml with every short form written out and every entry laid over its bases."""
    return resolve_params(load_yaml(path), str(path))


def resolve_params(raw: Any, where: str) -> dict[str, Any]:
    """As `load_params`, of what params.yaml holds; `raw` itself stays as it is.

    A recipe without a `system` and a study without a `corpus` serve as bases only. They are left
    out of the result, and so is a recipe with a `grid`, in whose place its recipes stand. A recipe
    without `max_length` has its corpus's.
    """
    expanded = expand_params(raw, where)
    result = dict(expanded)
    for section in _OWN:
        entries = expanded.get(section) or {}
        resolved = {name: resolve_base(name, entries, section) for name in entries}
        result[section] = {
            name: entry
            for name, entry in resolved.items()
            if not _is_base_only(name, entry, raw, section)
        }
    for recipe in result["recipes"].values():
        longest = longest_sentence(raw, recipe.get("corpus"))
        if longest is not None:
            recipe.setdefault("max_length", longest)
    return result


def longest_sentence(params: Mapping[str, Any], corpus: Any) -> Any:
    """`tokens.max_length` of a corpus, which is the default of what its models write; None if not set."""
    value: Any = params.get("corpora")
    for key in (corpus, "tokens", "max_length"):
        value = value.get(key) if isinstance(value, dict) and isinstance(key, str) else None
    return value


def _is_base_only(name: str, entry: Mapping[str, Any], raw: Any, section: str) -> bool:
    """Whether an entry is for others to inherit from; a forgotten key is not taken for that."""
    written = (raw.get(section) or {}).get(name)
    if isinstance(written, Mapping) and "grid" in written:
        return True
    if section == "recipes" and "system" not in entry:
        return True
    entries = raw.get(section) or {}
    used = {base for other in entries.values() for base in _named(other, "base")}
    templates = {name for study in _mappings(raw.get("studies")) for name in _templates(study)}
    return "corpus" not in entry and name in used | templates


def _mappings(section: Any) -> list[dict[str, Any]]:
    values = section.values() if isinstance(section, Mapping) else ()
    return [value for value in values if isinstance(value, dict)]


def _named(entry: Any, key: str) -> list[str]:
    """One name, or a list of them."""
    value = entry.get(key, []) if isinstance(entry, Mapping) else []
    return [str(name) for name in value] if isinstance(value, list) else [str(value)]


def expand_params(raw: Any, where: str) -> dict[str, Any]:
    """`raw` with the recipes of its grids and of its studies' `recipes:` written out, bases as they are."""
    sections = "corpora, recipes, evaluation, studies"
    if not isinstance(raw, dict) or not all(
        isinstance(raw.get(section) or {}, dict) for section in _OWN
    ):
        raise SettingsError(f"{where}: expected the sections {sections}")
    recipes: dict[str, Any] = {}
    for name, entry in (raw.get("recipes") or {}).items():
        named = _of_grid(name, entry) if isinstance(entry, dict) and "grid" in entry else {}
        twice = named.keys() & raw["recipes"].keys()
        if twice:
            raise SettingsError(f"recipes.{name}.grid: '{min(twice)}' is a recipe of its own, too")
        own = {key: value for key, value in entry.items() if key != "grid"} if named else entry
        recipes |= {name: own, **named}
    written = raw.get("studies") or {}
    studies = {}
    for name, study in written.items():
        resolved = resolve_base(name, written, "studies") if isinstance(study, dict) else {}
        forgotten = "corpus" not in resolved and not _is_base_only(name, resolved, raw, "studies")
        if "recipes" in resolved and ("corpus" in resolved or forgotten):
            study = _with_systems(name, resolved, recipes, raw)
        studies[name] = study
    return {**raw, "recipes": recipes, "studies": studies}


def _of_grid(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The recipes of a grid: one for each choice on each axis, named after the choices."""
    grid = entry["grid"]
    if not isinstance(grid, dict) or not grid:
        raise SettingsError(f"recipes.{name}.grid: expected axes with their choices, got {grid!r}")
    axes = [list(_choices(f"recipes.{name}.grid.{axis}", axis, grid[axis])) for axis in grid]
    found: dict[str, Any] = {}
    for number, chosen in enumerate(itertools.product(*axes)):
        if number == _MOST:
            raise SettingsError(f"recipes.{name}.grid: more than {_MOST} recipes")
        own: dict[str, Any] = {}
        bases = [name]
        for _, choice in chosen:
            bases += _named(choice, "base")
            own = merge(own, {key: value for key, value in choice.items() if key != "base"})
        named = "-".join([name, *(label for label, _ in chosen)])
        if named in found:
            raise SettingsError(f"recipes.{name}.grid: two choices lead to the name '{named}'")
        found[named] = {"base": bases, **own}
    return found


def _choices(where: str, axis: Any, choices: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Named settings, or values of the setting that the axis is named after (`critic.steps: [1, 5]`)."""
    if isinstance(choices, dict) and choices and all(isinstance(c, dict) for c in choices.values()):
        yield from ((str(label), choice) for label, choice in choices.items())
    elif isinstance(choices, list) and choices:
        *parents, last = str(axis).split(".")
        for value in choices:
            settings: dict[str, Any] = {last: value}
            for key in reversed(parents):
                settings = {key: settings}
            yield f"{last}-{str(value).replace('.', '_')}", settings
    else:
        raise SettingsError(
            f"{where}: expected named settings or a list of values, got {choices!r}"
        )


def _templates(study: Mapping[str, Any]) -> list[str]:
    like = study.get("like", "scenes")
    return [f"{name}-{like}" for name in _named(study, "recipes")]


def _with_systems(
    name: str, study: Mapping[str, Any], recipes: dict[str, Any], raw: Mapping[str, Any]
) -> dict[str, Any]:
    """A study by `recipes: [lm, ae]`: lm-CORPUS is the recipe lm-scenes, trained on the study's corpus.

    `like: snli` takes lm-snli instead. A recipe lm-CORPUS of params.yaml is used as it is.
    """
    where = f"studies.{name}.recipes"
    if "systems" in study:
        raise SettingsError(f"{where}: give either recipes or systems")
    corpora, corpus = raw.get("corpora") or {}, str(study.get("corpus", ""))
    if corpus not in corpora:
        said = f"no '{corpus}'{suggest(corpus, corpora)}" if corpus else "missing; name one"
        raise SettingsError(f"studies.{name}.corpus: {said}")
    longest = longest_sentence(raw, corpus)
    fits = {} if longest is None else {"max_length": longest}
    systems = {}
    for short, template in zip(_named(study, "recipes"), _templates(study), strict=True):
        if template not in recipes:
            ending = template.removeprefix(short)
            known = [key.removesuffix(ending) for key in recipes if key.endswith(ending)]
            raise SettingsError(f"{where}: no recipe '{template}'{suggest(short, known)}")
        recipes.setdefault(f"{short}-{corpus}", {"base": template, "corpus": corpus, **fits})
        systems[short.upper()] = f"{short}-{corpus}"
    rest = {key: value for key, value in study.items() if key not in ("recipes", "like")}
    own = raw["studies"][name]
    return {**rest, "systems": systems, **({"base": own["base"]} if "base" in own else {})}


def resolve_base(
    name: str, entries: Mapping[str, Any], section: str = "recipes", chain: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The entry `name` laid over its `base`, or over a list of bases, of which later ones win."""
    if name in chain:
        raise SettingsError(f"{section}.{name}: circular base: {' -> '.join((*chain, name))}")
    if len(chain) > DEEPEST:
        raise SettingsError(f"{section}.{chain[0]}: a chain of more than {DEEPEST} bases")
    if name not in entries:
        one = section.removesuffix("s") if section != "studies" else "study"
        hint = suggest(name, entries)
        raise SettingsError(f"{section}.{chain[-1]}.base: no {one} '{name}'{hint}")
    entry = entries[name]
    if not isinstance(entry, dict):
        raise SettingsError(f"{section}.{name}: expected settings, got {entry!r}")
    result: dict[str, Any] = {}
    for base in _named(entry, "base"):
        result = merge(result, resolve_base(base, entries, section, (*chain, name)))
    return merge(result, {key: value for key, value in entry.items() if key != "base"})


def bases_of(name: str, entries: Mapping[str, Any]) -> tuple[str, ...]:
    """`name` and every entry that it inherits from, each once."""
    found = [name]
    for base in _named(entries[name], "base"):
        found += bases_of(base, entries)
    return tuple(dict.fromkeys(found))


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with `above` laid over it, in a new dictionary.

    Nested mappings merge, anything else replaces. So does a mapping of another `kind`: what was said
    about one kind means nothing to another. A bare string beside a mapping stands for `{kind: string}`.
    """
    result = dict(copy.deepcopy(below))
    for key, value in above.items():
        result[key] = _laid_over(result.get(key), value)
    return result


def _laid_over(below: Any, above: Any) -> Any:
    if isinstance(below, str) and isinstance(above, Mapping):
        below = {KIND: below}
    if isinstance(above, str) and isinstance(below, Mapping) and KIND in below:
        above = {KIND: above}
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return copy.deepcopy(above)
    both_say = KIND in below and KIND in above
    if both_say and below[KIND] != above[KIND]:
        return copy.deepcopy(above)
    return merge(below, above)
