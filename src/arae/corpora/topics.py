"""The embedded corpus `topics`: questions about science, entertainment or politics, from an exact
grammar. What is asked, by whom and where stays; what it is asked about changes with the topic."""

from __future__ import annotations

import functools

from arae.corpora.notation import inflected, noun_forms, zipf
from arae.corpora.styled import StyledGrammar
from arae.corpora.topics_lexicon import CONTENT, NOUNS, TOPICAL

ZIPF = (1.0, 10.0)  # (rank + 10)^-1
CLASSES = ("entertainment", "politics", "science")

# c: class.
FEATURES = {"c": CLASSES}

# Blocks headed by [c] hold what is asked, alike for all classes; blocks headed by the name of a
# class hold what it is asked about.
RULES = """
sentence
    1  said[entertainment]
    1  said[politics]
    1  said[science]

said[c]
    14  "why" "do" quantity asker attitude topic[c]
    10  "why" "do" quantity asker attitude topic[c] moment
     7  "is" "it" judgement "to" act[c]
     6  "is" "it" judgement "to" act[c] "in" spot
     7  "is" "it" judgement "for" asker "to" act[c]
     4  "is" "it" judgement "for" asker "to" act[c] "in" spot
    12  "what" "is" "the" superlative "way" "to" act[c]
     8  "what" "is" "the" superlative "way" "to" act[c] "in" spot
    10  "my" speaker reports "that" statement[c]
     6  "my" speaker reports "that" statement[c] moment
     8  "can" "anyone" "recommend" "a" grade source[c]
     8  "can" "anyone" "in" spot "recommend" "a" grade source[c]

topic[science]
    50  matter[science]
    28  trait[science] thing[science,p]
    22  "the" law "of" matter[science]
topic[entertainment]
    45  matter[entertainment]
    38  trait[entertainment] thing[entertainment,p]
    17  star
topic[politics]
    45  matter[politics]
    33  trait[politics] thing[politics,p]
    22  "the" dispute "on" matter[politics]

act[science]
    45  measure "the" quantum "of" "a" thing[science,s]
    35  examine matter[science]
    20  examine "the" law "of" matter[science]
act[entertainment]
    45  watch "a" trait[entertainment] thing[entertainment,s]
    30  "listen" "to" matter[entertainment]
    25  "dress" "up" "as" star
act[politics]
    45  elect "a" trait[politics] thing[politics,s]
    35  oppose matter[politics]
    20  "run" "for" thing[politics,s]

statement[science]
    55  "the" thing[science,s] "is" scientific
    45  matter[science] "is" "proven"
statement[entertainment]
    65  "the" thing[entertainment,s] "is" thrilling
    35  star "has" "a" "new" thing[entertainment,s]
statement[politics]
    55  "the" thing[politics,s] "is" electoral
    45  "we" "need" "more" matter[politics]

source[science]
    60  device
    40  device "about" matter[science]
source[entertainment]
    60  thing[entertainment,s]
    40  pastime "with" matter[entertainment]
source[politics]
    55  platform
    45  platform "against" matter[politics]
"""


@functools.cache
def topics_grammar() -> StyledGrammar:
    """The grammar of topics: what is asked is independent of the topic."""
    nouns = {
        f"{name[:-1]},{form}]": words
        for name, text in NOUNS.items()
        for form, words in _forms(text).items()
    }
    content = [{name: zipf(text.split(), ZIPF)} for name, text in CONTENT.items()]
    style = [nouns, {name: zipf(text.split(), ZIPF) for name, text in TOPICAL.items()}]
    return StyledGrammar.build(RULES, FEATURES, content=content, style=style)


def _forms(text: str) -> dict[str, dict[str, float]]:
    forms = inflected("noun", noun_forms(text), ZIPF)
    return {form: forms[f"noun[{form}]"] for form in ("s", "p")}
