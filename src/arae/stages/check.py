"""Example:

  arae check --params params.yaml

Builds every recipe's system as it would be trained, and asks it for what its studies will ask: samples,
codes, labels. The workflow does so by itself before the first job of a plan that it has not seen.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from arae.foundation.console import say
from arae.foundation.errors import SettingsError
from arae.workflow.feasible import require_count
from arae.workflow.plan import Plan

# What is asked of a system: raises `SettingsError` if the system cannot do it.
Wanted = Callable[[Any], None]
# Types of the vocabulary, or pixels, of the systems that are built only to be asked.
SIZE = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument(
        "--params", type=Path, default=Path("params.yaml"), help="default: %(default)s"
    )
    parser.add_argument("--studies", nargs="*", metavar="STUDY", help="default: all")


def run(arguments: argparse.Namespace) -> None:
    """Refuse a plan with a study that one of its systems cannot serve."""
    where, plan = str(arguments.params), Plan.load(arguments.params)
    asked: dict[str, list[tuple[str, Wanted]]] = {}
    for name in arguments.studies or plan.studies:
        at = f"{where}: studies.{name}"
        _check_numbers(at, name, plan)
        wanted = _wanted(at, name, plan)
        for label, recipe in plan.systems(name).items():
            asked.setdefault(recipe, []).append((f"{at}.systems.{label}", wanted))
    for recipe, questions in asked.items():
        system = _built(plan.recipe(recipe), f"{where}: recipes.{recipe}", plan)
        for at, wanted in [(f"{where}: recipes.{recipe}.selection", _select_epochs), *questions]:
            _ask(at, system, wanted, plan.recipe(recipe), plan)
    say(f"{where}: {len(asked)} recipes can do what their studies ask")


def _select_epochs(system: Any) -> None:
    """What a recipe asks of its own system while it is trained."""
    from arae.systems.system import require_accuracy

    if system.settings.selection.by == "reverse_ngram":
        _draw_codes(system)
    if system.settings.selection.by == "accuracy":
        require_accuracy(system)


def _check_numbers(where: str, name: str, plan: Plan) -> None:
    study, source = plan.study(name), plan.source(plan.study(name).corpus)
    if study.kind == "interpolation":
        paths = _probe_settings(where, name, plan).paths
        require_count(where, "probe.paths", paths, source, "test", lambda have: have // 2)
    if study.family == "images":
        samples = _probe_settings(where, name, plan).samples
        require_count(where, "probe.samples", samples, source, "train", lambda have: have)
    if study.evaluation:
        _check_judges(f"{where}.evaluation", name, plan)


def _wanted(where: str, name: str, plan: Plan) -> Wanted:
    """What a study asks of a system: a function that raises `SettingsError` if it cannot."""
    from arae.generation.transfer import require_transfer
    from arae.probes.probe import find_probe

    study = plan.study(name)

    def serves(system: Any) -> None:
        if study.family == "transfer":
            require_transfer(system)
        if study.family == "coverage":
            _draw_codes(system)

    if study.family != "probe":
        return serves
    settings, source = _probe_settings(where, name, plan), plan.text_source(study.corpus)
    return lambda system: find_probe(study.kind).require(system, source, settings)


def _check_judges(where: str, name: str, plan: Plan) -> None:
    """The evaluation's language model must have a batch to be trained on, classifiers their packages."""
    from arae.evaluation.classifiers import require_classifier
    from arae.systems.registry import parse_recipe

    model = {"system": "lm", **plan.evaluation(name)["language_model"]}
    batch, samples = parse_recipe(model, where).batch_size, plan.sentences(name)
    if plan.study(name).family == "coverage" and batch > samples:
        raise SettingsError(
            f"{where}: language_model.batch_size: one batch of {batch} is more than the {samples} "
            "samples that it is trained on; lower it, or raise samples"
        )
    for kind in plan.classifiers(name):
        require_classifier(kind)


def _ask(where: str, system: Any, wanted: Wanted, values: Mapping[str, Any], plan: Plan) -> None:
    """Ask a system; `SettingsError` with the systems that could."""
    try:
        wanted(system)
    except SettingsError as error:
        able = ", ".join(_able(values, plan, wanted)) or "none"
        raise SettingsError(f"{where}: {error}. Systems that can: {able}") from error


def _built(values: Mapping[str, Any], where: str, plan: Plan) -> Any:
    from arae.systems.registry import build_system, parse_recipe

    corpus = str(values["corpus"])
    settings = parse_recipe(values, where, plan.domain(corpus))
    return build_system(settings, SIZE, 0, len(plan.classes(corpus)))


def _able(values: Mapping[str, Any], plan: Plan, wanted: Wanted) -> Iterator[str]:
    """Names of the systems that, with their own settings, can do what is wanted on a recipe's corpus."""
    from arae.systems.registry import system_names

    selection = values.get("selection", {})
    for name in system_names(plan.domain(str(values["corpus"]))):
        try:
            given = {"system": name, "corpus": values["corpus"], "selection": selection}
            wanted(_built(given, name, plan))
            yield name
        except SettingsError:
            continue


def _draw_codes(system: Any) -> None:
    """What sampling begins with, and what a system without a prior refuses."""
    from arae.generation.sampling import evaluating
    from arae.nn.randomness import Draws

    with evaluating(system):
        system.sample_latents(2, Draws(0))


def _probe_settings(where: str, name: str, plan: Plan) -> Any:
    import json

    from arae.evaluation.image_scoring import ImageScoreSettings
    from arae.foundation.settings import parse_settings
    from arae.probes.probe import parse_probe

    values = json.loads(plan.probe(name))
    if plan.study(name).family == "images":
        return parse_settings(ImageScoreSettings, values, f"{where}.probe")
    return parse_probe(plan.study(name).kind, values, f"{where}.probe")
