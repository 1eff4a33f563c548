"""A small deterministic tagger of captions: main verb, subject noun, its modifiers, by pattern.

Every word gets one coarse tag: closed classes from lists, verb forms from their endings and from the
corpus's vocabulary ("walks" may be a verb only where "walking" is a word). The subject is the head
of the first noun phrase; the main verb is the first finite verb outside a relative clause, or else
the first -ing form, or else the first participle. No training data, no model; right for most plain
captions, wrong where English is not plain ("the old man the boats").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

# Coarse tags: auxiliary, determiner, relative pronoun, preposition, conjunction, adverb, personal
# pronoun, "there", finite verb, -ing form, participle, other (noun or adjective), punctuation.
AUX, DET, REL, PREP, CONJ, ADV, PRON, THERE = "B", "D", "R", "P", "C", "M", "S", "T"
VERB, ING, PARTICIPLE, NOUN, MARK = "V", "G", "E", "O", "."

CLOSED = {
    AUX: "is are was were be been being am has have had do does did can could will would may might "
    "should must 're",
    DET: "a an the this these those some any several many few another each every no both all other "
    "his her their its my our your one two three four five six seven eight nine ten",
    REL: "who which that whose",
    PREP: "in on at by near with of for from to into onto over under behind beside beneath between "
    "through across along down up around against above below inside outside off out past opposite "
    "during while as next front like toward towards upon without within among after before about",
    CONJ: "and or but",
    ADV: "not n't also just very together",
    PRON: "he she they it we i you someone somebody everyone everybody nobody",
    THERE: "there",
    VERB: "sat stood ran rode held wore ate threw sang swam drove fell caught went took made gave "
    "got slept spoke sold built lay",
    MARK: ". , ! ? ; : ' \" `` '' -",
    NOUN: "building ceiling evening morning wedding clothing something nothing anything everything "
    "sibling railing red bed shed seed speed weed dress family friendly lonely elderly lovely early "
    "curly",
}
PLURALS = frozenset(["men", "women", "people", "children", "police", "they", "we", "you", "i"])
BE = frozenset(["is", "are", "was", "were", "'s", "'re", "am"])


@dataclass(frozen=True)
class Reading:
    """Positions of what was found; None or () for what was not."""

    verb: int | None
    subject: int | None
    modifiers: tuple[int, ...]


class PatternTagger:
    """Reads sentences of a corpus with the vocabulary `types`; `lexicon` gives the tags of words known
    for certain."""

    def __init__(self, types: Collection[str], lexicon: Mapping[str, str] | None = None) -> None:
        closed = {word: tag for tag, words in CLOSED.items() for word in words.split()}
        self._tags = {**closed, **(lexicon or {})}
        self._types = frozenset(types)

    def read(self, tokens: Sequence[str]) -> Reading:
        """The roles of a lower-cased sentence."""
        tags = self.tags(tokens)
        opening = 2 if tags[:1] == [THERE] and tags[1:2] == [AUX] else 0
        begin = _skip(tags, opening, (MARK, ADV))
        end = begin
        while end < len(tags) and _in_phrase(tags, end):
            end += 1
        subject = _head(tags, begin, end)
        verb = _main_verb(tokens, tags, end)
        if verb is None and opening:
            verb = 1
        before = () if subject is None else range(begin, subject)
        modifiers = tuple(place for place in before if tags[place] in (DET, NOUN))
        return Reading(verb, subject, modifiers)

    def tags(self, tokens: Sequence[str]) -> list[str]:
        """One coarse tag a token."""
        tags: list[str] = []
        plural = False  # a plural noun or "and" was seen: only then may a base form be finite
        for word in tokens:
            before = next((tag for tag in reversed(tags) if tag != ADV), "")
            finite = plural and not {AUX, VERB, ING} & set(tags)
            tags.append(self._known(word, before) or self._open_class(word, before, finite))
            plural = plural or tags[-1] == CONJ or _looks_plural(word)
        return tags

    def _known(self, word: str, before: str) -> str | None:
        if word == "'s":
            return AUX if before in (PRON, THERE) else DET
        return self._tags.get(word)

    def _open_class(self, word: str, before: str, finite: bool) -> str:
        if word.endswith("ly"):
            return ADV
        if before == DET or "-" in word:
            return NOUN
        if re.search(r"[aeiouy].*ing$", word):
            return ING
        if word.endswith("ed"):
            return PARTICIPLE if before else NOUN
        if before in (NOUN, PRON, REL):
            bases = _stems(word) if word.endswith("s") else [word] if finite else []
            if self._has_ing(bases):
                return VERB
        return NOUN

    def _has_ing(self, stems: Sequence[str]) -> bool:
        forms = (form for stem in stems for form in _ing_forms(stem))
        return any(form in self._types for form in forms)


def _looks_plural(word: str) -> bool:
    return word in PLURALS or (word.endswith("s") and not word.endswith("ss") and len(word) > 3)


def _stems(verb: str) -> list[str]:
    """Base forms that a third person singular may come from."""
    stems = [verb[:-1]]
    if verb.endswith("es"):
        stems.append(verb[:-2])
    if verb.endswith("ies"):
        stems.append(verb[:-3] + "y")
    return stems


def _ing_forms(stem: str) -> Iterator[str]:
    yield stem + "ing"
    yield stem + stem[-1:] + "ing"
    if stem.endswith("ie"):
        yield stem[:-2] + "ying"
    elif stem.endswith("e"):
        yield stem[:-1] + "ing"


def _skip(tags: Sequence[str], place: int, passed: Collection[str]) -> int:
    while place < len(tags) and tags[place] in passed:
        place += 1
    return place


def _in_phrase(tags: Sequence[str], place: int) -> bool:
    """Whether the word goes on with a noun phrase: commas and adverbs only before more of it."""
    if tags[place] in (ADV, MARK):
        return tags[place + 1 : place + 2] == [NOUN]
    return tags[place] in (DET, NOUN, PRON)


def _head(tags: Sequence[str], begin: int, end: int) -> int | None:
    places = range(begin, end)
    nouns = [place for place in places if tags[place] in (NOUN, PRON)]
    return nouns[-1] if nouns else places[-1] if places else None


def _main_verb(tokens: Sequence[str], tags: Sequence[str], place: int) -> int | None:
    relative = False
    in_relative: int | None = None
    while place < len(tags):
        found = _finite(tokens, tags, place)
        if found is not None and not relative:
            return found
        if found is not None:
            in_relative = found if in_relative is None else in_relative
            relative, place = False, found
        relative = relative or tags[place] == REL
        place += 1
    for tag in (ING, PARTICIPLE):
        if tag in tags:
            return tags.index(tag)
    return in_relative


def _finite(tokens: Sequence[str], tags: Sequence[str], place: int) -> int | None:
    """The content verb of a finite verb group that begins here; the auxiliary itself without one."""
    if tags[place] == VERB:
        return place
    if tags[place] != AUX:
        return None
    content = _skip(tags, place + 1, (AUX, ADV))
    if tags[content : content + 1] in ([ING], [PARTICIPLE], [VERB]):
        return content
    modal = tokens[place] not in BE and tokens[place] not in ("has", "have", "had")
    return content if modal and tags[content : content + 1] == [NOUN] else place
