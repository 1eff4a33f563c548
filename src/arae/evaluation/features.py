"""Features of a sentence for offset vectors (K17): main verb, subject noun, subject modifiers.

Where the corpus has a grammar they are exact (read off the derivation; what the grammar cannot say is
read by pattern, with the grammar's own word classes). Otherwise a pattern tagger or, where one is
installed, a spaCy model. The reader's `name` goes into the table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from arae.corpora.scenes_roles import scenes_roles
from arae.evaluation import pattern_tagger as pattern
from arae.evaluation.pattern_tagger import PatternTagger
from arae.foundation.errors import SettingsError

VERB, SUBJECT, MODIFIER = KINDS = ("verb", "subject", "modifier")
BARE = "(none)"  # the modifier of a subject without one

# Words by kind; a kind may have none.
Features = dict[str, tuple[str, ...]]


class FeatureReader(Protocol):
    """Reads features off tokens."""

    name: str

    def __call__(self, tokens: Sequence[str]) -> Features:
        """The features of a sentence; {} for an empty one."""


class PatternReader:
    """The pattern tagger's reading."""

    name = "the pattern tagger"

    def __init__(self, tagger: PatternTagger) -> None:
        self._tagger = tagger

    def __call__(self, tokens: Sequence[str]) -> Features:
        """The features of a sentence."""
        reading = self._tagger.read(tokens)
        return _features(tokens, reading.verb, reading.subject, reading.modifiers)


class ScenesReader:
    """Exact for what the scenes grammar can say, by pattern otherwise."""

    name = "the grammar's derivation (ungrammatical sentences: word classes and patterns)"

    def __init__(self) -> None:
        self._fallback = PatternReader(PatternTagger((), scenes_lexicon()))

    def __call__(self, tokens: Sequence[str]) -> Features:
        """The features of a sentence."""
        roles = scenes_roles(tokens)
        if roles is None:
            return self._fallback(tokens)
        return _features(tokens, roles.verb, roles.subject, roles.modifiers)


class SpacyReader:
    """The dependency parse of an installed spaCy model, read as the authors' script does."""

    def __init__(self, model: str) -> None:
        import spacy

        if not spacy.util.is_package(model):
            raise SettingsError(
                f"spacy_model '{model}': not installed; `python -m spacy download {model}`, or set "
                "features: pattern"
            )
        self.name = f"spaCy {model}"
        self._parse = spacy.load(model)

    def __call__(self, tokens: Sequence[str]) -> Features:
        """The features of a sentence."""
        from spacy.tokens import Doc

        return parsed_features(self._parse(Doc(self._parse.vocab, words=list(tokens))))


def parsed_features(doc: Any) -> Features:
    """Features of a parsed spaCy document: its first nominal subject of a verb, the highest verb above.

    Modifiers are the subject's children, or the word before it if it has none.
    """
    for word in doc:
        head = word.head
        if word.dep_ == "nsubj" and head.pos_ in ("VERB", "AUX"):
            verb = head.head if head.head.pos_ == "VERB" else head
            children = [child.i for child in word.children]
            modifiers = children or ([word.i - 1] if word.i else [])
            return _features([token.text for token in doc], verb.i, word.i, modifiers)
    return {}


def scenes_lexicon() -> dict[str, str]:
    """The pattern tagger's tag of every word of the scenes grammar."""
    from arae.corpora.scenes import scenes_grammar
    from arae.corpora.scenes_lexicon import VERBS

    verbs = {
        f"{name}[{form}]": tag
        for name in VERBS
        for form, tag in (("s", pattern.VERB), ("p", pattern.VERB), ("ing", pattern.ING))
    }
    others = {
        **dict.fromkeys(("determiner[s]", "determiner[p]", "article", '"a"'), pattern.DET),
        **dict.fromkeys(("be[s]", "be[p]"), pattern.AUX),
        **dict.fromkeys(
            ("near", "along", '"in"', '"on"', '"at"', '"during"', '"of"'), pattern.PREP
        ),
        "manner": pattern.ADV,
        '"and"': pattern.CONJ,
        '"who"': pattern.REL,
        '"there"': pattern.THERE,
        '"the"': pattern.DET,
    }
    classes = verbs | others
    return {
        word: classes.get(category, pattern.NOUN)
        for category, words in scenes_grammar().lexicon.items()
        for word in words
    }


def feature_reader(
    kind: str, spacy_model: str, source: Mapping[str, Any], types: Collection[str]
) -> FeatureReader:
    """`auto`: exact where the corpus's `source` allows it, by pattern otherwise; `pattern`; `spacy`."""
    if kind == "spacy":
        return SpacyReader(spacy_model)
    exact = EXACT.get(str(source.get("kind"))) if kind == "auto" else None
    return exact() if exact else PatternReader(PatternTagger(types))


# Kind of source: its exact reader.
EXACT: dict[str, Callable[[], FeatureReader]] = {"scenes": ScenesReader}


def _features(
    tokens: Sequence[str], verb: int | None, subject: int | None, modifiers: Sequence[int]
) -> Features:
    found: Features = {}
    if verb is not None:
        found[VERB] = (tokens[verb],)
    if subject is not None:
        found[SUBJECT] = (tokens[subject],)
        found[MODIFIER] = tuple(tokens[place] for place in modifiers) or (BARE,)
    return found
