"""The plan: what params.yaml asks for, as the settings, seeds and code versions of every stage.

The Snakefile asks a `Plan` for each rule's params, so that a rule holds exactly the part of
params.yaml that it uses: an edit reruns what depends on it and nothing else.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arae.corpora.source import IMAGES, Source
from arae.corpora.sources import ImageSource, domain_of, parse_any_source, parse_source
from arae.foundation.code import PACKAGE_ROOT, code_files, code_version
from arae.foundation.errors import SettingsError
from arae.foundation.files import canonical_json
from arae.foundation.params import (
    bases_of,
    expand_params,
    load_yaml,
    longest_sentence,
    resolve_params,
)
from arae.reporting.kinds.registry import KINDS, module_of
from arae.systems.names import modules_of
from arae.workflow.check import check_params
from arae.workflow.feasible import check_studies

FORWARD, REAL = "forward", "real"
# Verbs that run a recipe's system.
USES_SYSTEM = ("train", "sample", "transfer-split", "probe", "train-images", "score-images")
# Verbs that load the evaluation language model.
USES_LANGUAGE_MODEL = ("train-lm", "evaluate", "score-transfer")


@dataclass(frozen=True, kw_only=True)
class Study:
    """One study: its corpus, the recipes that it compares and the seeds that it repeats them with."""

    name: str
    kind: str
    corpus: str
    evaluation: str  # its entry of `evaluation`; "" for a study that needs none
    recipes: tuple[str, ...]
    seeds: tuple[int, ...]
    embedded: bool

    @property
    def family(self) -> str:
        """Which rules make the study."""
        return KINDS[self.kind].family.name

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures beside its table."""
        return KINDS[self.kind].figure_names

    @property
    def texts(self) -> tuple[str, ...]:
        """Texts that get a score: every recipe's, and in some families the real one."""
        return (*self.recipes, REAL) if KINDS[self.kind].family.with_real else self.recipes

    @property
    def instrument_seed(self) -> int:
        """Seed of the one language model that measures forward perplexity of every text."""
        return self.seeds[0]


class Plan:
    """params.yaml, checked and resolved.

    Methods named after a verb return that stage's `--settings` as one canonical JSON text; their
    arguments are the wildcards of the rule.
    """

    def __init__(self, params: Mapping[str, Any], bases: Mapping[str, tuple[str, ...]]) -> None:
        self._params = params
        self._bases = bases

    @classmethod
    def load(cls, path: str | Path = "params.yaml", schema: str | Path | None = None) -> Plan:
        """Read and check a params file.

        Raises:
            SettingsError: a value or a reference is wrong; the message names the key.
        """
        return cls.of(load_yaml(path), str(path), schema)

    @classmethod
    def of(cls, raw: Any, where: str, schema: str | Path | None = None) -> Plan:
        """As `load`, of the content of a params file, which messages call `where`."""
        params = resolve_params(raw, where)
        check_params(params, where, schema)
        sources = {
            name: parse_any_source(corpus["source"], f"{where}: corpora.{name}.source")
            for name, corpus in params["corpora"].items()
        }
        params["corpora"] = {
            name: _with_tokens(corpus, sources[name], f"{where}: corpora.{name}.tokens")
            for name, corpus in params["corpora"].items()
        }
        check_studies(params, sources, where)
        written = expand_params(raw, where)
        bases = {
            f"{section}.{name}": tuple(
                f"{section}.{base}"
                for base in bases_of(name, written[section])
                if base in raw[section]
            )
            for section in ("recipes", "studies")
            for name in params[section]
        }
        return cls(params, bases)

    @property
    def studies(self) -> tuple[str, ...]:
        """Names of all studies, in the order of params.yaml."""
        return tuple(self._params["studies"])

    @property
    def embedded(self) -> tuple[str, ...]:
        """Studies that need no download."""
        return tuple(name for name in self.studies if self.study(name).embedded)

    @property
    def default(self) -> tuple[str, ...]:
        """Studies of the default target: the first embedded one."""
        return self.embedded[:1]

    @property
    def kinds(self) -> dict[str, tuple[str, ...]]:
        """Studies by kind, for the kinds that occur."""
        kinds: dict[str, tuple[str, ...]] = {}
        for name in self.studies:
            kind = self.study(name).kind
            kinds[kind] = (*kinds.get(kind, ()), name)
        return kinds

    def of_family(self, family: str) -> tuple[str, ...]:
        """Studies made by the rules of a family."""
        return tuple(name for name in self.studies if self.study(name).family == family)

    @property
    def labelled(self) -> tuple[str, ...]:
        """Corpora whose sentences have labels."""
        return tuple(name for name in self._text_corpora if self.classes(name))

    @property
    def unlabelled(self) -> tuple[str, ...]:
        """The other corpora of text."""
        return tuple(name for name in self._text_corpora if not self.classes(name))

    @property
    def image_corpora(self) -> tuple[str, ...]:
        """Corpora of images."""
        return tuple(name for name in self._params["corpora"] if self.domain(name) == IMAGES)

    def domain(self, corpus: str) -> str:
        """What a corpus is made of, and its systems are trained on."""
        return domain_of(self._params["corpora"][corpus]["source"])

    @property
    def image_recipes(self) -> tuple[str, ...]:
        """Recipes that are trained on images."""
        images = self.image_corpora
        return tuple(
            n for n, recipe in self._params["recipes"].items() if recipe["corpus"] in images
        )

    @property
    def _text_corpora(self) -> tuple[str, ...]:
        images = self.image_corpora
        return tuple(name for name in self._params["corpora"] if name not in images)

    def classes(self, corpus: str) -> tuple[str, ...]:
        """The labels of a corpus's text; none if it has none, or is of images."""
        found: tuple[str, ...] = getattr(self.source(corpus), "classes", tuple)()
        return found

    def study(self, name: str) -> Study:
        """The study called `name`."""
        values = self._params["studies"][name]
        return Study(
            name=name,
            kind=values["kind"],
            corpus=values["corpus"],
            evaluation=values.get("evaluation", ""),
            recipes=tuple(dict.fromkeys(values["systems"].values())),
            seeds=tuple(values["seeds"]),
            embedded=bool(values.get("embedded", False)),
        )

    @property
    def recipes(self) -> tuple[str, ...]:
        """Names of all recipes."""
        return tuple(self._params["recipes"])

    def recipe(self, name: str) -> dict[str, Any]:
        """The settings of a recipe's system."""
        return {key: v for key, v in self._params["recipes"][name].items() if key != "sampling"}

    def systems(self, study: str) -> dict[str, str]:
        """The recipe behind each label of a study."""
        return dict(self._params["studies"][study]["systems"])

    def source(self, corpus: str) -> Source | ImageSource:
        """Where a corpus comes from."""
        source = self._params["corpora"][corpus]["source"]
        return parse_any_source(source, f"corpora.{corpus}.source")

    def text_source(self, corpus: str) -> Source:
        """Where a corpus of text comes from."""
        source = self._params["corpora"][corpus]["source"]
        return parse_source(source, f"corpora.{corpus}.source")

    def identity(self, study: str) -> str:
        """Changes with all that a study is planned to be, and with the package's code."""
        recipes = [self._params["recipes"][name] for name in self.study(study).recipes]
        source = self.fetch(self.study(study).corpus)
        text = canonical_json([self.tabulate(study), recipes, source, _package_hash()])
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def user_files(self, corpus: str) -> list[str]:
        """Files of the user that a corpus is made from; none for generated or downloaded text."""
        return [str(path) for path in self.text_source(corpus).inputs()]

    def recipe_corpus(self, recipe: str) -> str:
        """Name of the corpus that a recipe is trained on."""
        return str(self._params["recipes"][recipe]["corpus"])

    def fetch(self, corpus: str) -> str:
        """Where the corpus comes from."""
        return canonical_json(self._params["corpora"][corpus]["source"])

    def tokenize(self, corpus: str) -> str:
        """How its sentences become tokens."""
        return canonical_json(self._params["corpora"][corpus]["tokens"])

    def bounds(self, corpus: str) -> str:
        """How much of it may be doubtful."""
        return canonical_json(self._params["corpora"][corpus].get("bounds", {}))

    def vocabulary(self, corpus: str) -> str:
        """How its vocabulary is chosen."""
        return canonical_json(self._params["corpora"][corpus]["vocabulary"])

    def train(self, recipe: str) -> str:
        """The recipe without `sampling`, so that a change of sampling retrains nothing.

        With it how the corpus was tokenised, which a model's users must do alike.
        """
        values = self.recipe(recipe)
        corpus = self._params["corpora"][values["corpus"]]
        values.update({key: corpus[key] for key in ("tokens",) if key in corpus})
        return canonical_json(values)

    def start(self, recipe: str, seed: str) -> list[str]:
        """The directory of the model that a recipe's training starts from, if it does."""
        start = self._params["recipes"][recipe].get("start")
        return [f"results/models/{start['recipe']}/seed-{seed}"] if start else []

    def sample(self, study: str, recipe: str) -> str:
        """How many sentences a study draws from a recipe's model, and how."""
        sampling = self._params["recipes"][recipe].get("sampling", {})
        return canonical_json({**sampling, "count": self.sentences(study)})

    def train_lm(self, study: str, text: str) -> str:
        """The study's evaluation language model, and how many sentences of the text it sees."""
        corpus = self.study(study).corpus
        longest = longest_sentence(self._params, corpus)
        model = {
            **({} if longest is None else {"max_length": longest}),
            **self.evaluation(study)["language_model"],
        }
        whole = text != REAL or self.study(study).family == "transfer"
        limit = None if whole else self.sentences(study)
        return canonical_json({**model, "sentences": limit})

    def evaluate(self, study: str) -> str:
        """What the scores need beside the language models."""
        return canonical_json({"ngram": self.evaluation(study).get("ngram", {})})

    def transfer(self, study: str, recipe: str | None = None) -> str:
        """How many sentences a study has transferred, and how a recipe's model writes them."""
        sampling = self._params["recipes"][recipe].get("sampling", {}) if recipe else {}
        return canonical_json({**sampling, "count": self.sentences(study)})

    @property
    def transferring(self) -> tuple[str, ...]:
        """Recipes that studies of transfer compare."""
        studies = map(self.study, self.of_family("transfer"))
        return tuple(dict.fromkeys(recipe for study in studies for recipe in study.recipes))

    def classifiers(self, study: str) -> tuple[str, ...]:
        """Kinds of classifier that judge a study's transfers."""
        return tuple(sorted(self.evaluation(study).get("classifiers", {})))

    def train_classifier(self, study: str, kind: str) -> str:
        """One classifier of a study."""
        return canonical_json({"kind": kind, **self.evaluation(study)["classifiers"][kind]})

    def tabulate(self, study: str) -> str:
        """The whole study, with its evaluation in full."""
        values = dict(self._params["studies"][study])
        if "evaluation" in values:
            values["evaluation"] = self.evaluation(study)
        return canonical_json(values)

    def probe(self, study: str) -> str:
        """What a study's probe asks of each model."""
        return canonical_json(self._params["studies"][study].get("probe", {}))

    def classifier(self, study: str) -> str:
        """The classifier that judges a study's images."""
        return canonical_json(self._params["studies"][study].get("probe", {}).get("classifier", {}))

    def sentences(self, study: str) -> int:
        """Number of sentences that each system is judged by."""
        return int(self.evaluation(study)["samples"])

    def modules(self, verb: str, recipe: str | None = None, study: str | None = None) -> list[str]:
        """Modules whose import closure is the code of a stage.

        Systems, probes and kinds of study are chosen by name at run time, which no import statement shows.
        """
        modules = ["arae.stages." + verb.replace("-", "_")]
        if verb in USES_LANGUAGE_MODEL:
            modules.append("arae.systems.lm")
        if verb in USES_SYSTEM and recipe not in (None, REAL):
            values = self._params["recipes"][recipe]
            domain = self.domain(values["corpus"])
            modules += modules_of(values["system"], domain, f"recipes.{recipe}")
        if verb == "probe" and study is not None:
            modules.append(f"arae.probes.{self.study(study).kind}")
        if verb == "tabulate" and study is not None:
            modules.append(module_of(self.study(study).kind))
        if verb == "report":
            modules += map(module_of, KINDS)
        return modules

    def code(self, verb: str, recipe: str | None = None, study: str | None = None) -> str:
        """Version of the code of a stage."""
        return code_version(self.modules(verb, recipe, study))

    def code_files(
        self, verb: str, recipe: str | None = None, study: str | None = None
    ) -> list[Path]:
        """Source files behind a stage."""
        return code_files(self.modules(verb, recipe, study))

    def sections(self, wildcards: Mapping[str, str]) -> set[str]:
        """Keys of params.yaml that a job with these wildcards may depend on (for DVC)."""
        keys = set()
        if "corpus" in wildcards:
            keys.add(f"corpora.{wildcards['corpus']}")
        if "recipe" in wildcards:
            keys |= set(self._bases[f"recipes.{wildcards['recipe']}"])
            corpus = self.recipe_corpus(wildcards["recipe"])
            if "tokens" in self._params["corpora"][corpus]:
                keys.add(f"corpora.{corpus}.tokens")
        if "study" in wildcards:
            study = self.study(wildcards["study"])
            keys |= set(self._bases[f"studies.{study.name}"])
            if study.evaluation:
                keys.add(f"evaluation.{study.evaluation}")
        return keys

    def evaluation(self, study: str) -> dict[str, Any]:
        """How a study's texts are judged."""
        name = self._params["studies"][study]["evaluation"]
        return dict(self._params["evaluation"][name])


@functools.cache
def _package_hash() -> str:
    digest = hashlib.sha256()
    for file in sorted(PACKAGE_ROOT.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _with_tokens(
    corpus: Mapping[str, Any], source: Source | ImageSource, where: str
) -> dict[str, Any]:
    """A corpus with the settings of tokenisation that follow from its source."""
    given = corpus.get("tokens")
    if not isinstance(given, dict):
        return dict(corpus)
    following = source.tokens() if hasattr(source, "tokens") else {}
    group = following.get("group", 1)
    stated = given.get("group", group)
    if isinstance(stated, int) and stated % group:
        raise SettingsError(
            f"{where}.group: {stated}, but the source gives {group} lines that belong together; leave "
            "it out"
        )
    return {**corpus, "tokens": {**following, **given}}
