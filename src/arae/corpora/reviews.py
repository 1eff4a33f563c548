"""The embedded corpus `reviews`: one-sentence reviews, negative or positive, from an exact grammar."""

from __future__ import annotations

import functools

from arae.corpora.notation import inflected, noun_forms, weights, zipf
from arae.corpora.reviews_lexicon import BLAME, CONTENT, NOUNS, PRAISE, QUALITIES, STYLE
from arae.corpora.styled import StyledGrammar

ZIPF = (1.0, 8.0)  # (rank + 8)^-1
CLASSES = ("negative", "positive")

# c: class; k: kind of thing spoken of; o: kind of a thing beside food; n: number of a thing.
FEATURES = {
    "c": CLASSES,
    "k": ("food", "staff", "place"),
    "o": ("staff", "place"),
    "n": ("s", "p"),
}

# Blocks headed by [c] hold what is said, alike for both classes; blocks headed by [negative] or
# [positive] hold how that class says it.
RULES = """
sentence
    1  said[negative]
    1  said[positive]

said[c]
    24  about[c,food,s]
    12  about[c,food,p]
    10  about[c,staff,s]
     4  about[c,staff,p]
    10  about[c,place,s]
     4  about[c,place,p]
     8  felt[c,food,s]
     5  felt[c,food,p]
     4  felt[c,staff,s]
     2  felt[c,staff,p]
     4  felt[c,place,s]
     2  felt[c,place,p]
     5  both[c,staff,s]
     2  both[c,staff,p]
     4  both[c,place,s]
     2  both[c,place,p]

about[c,k,n]
    55  opinion[c,k,n]
    45  opinion[c,k,n] occasion
felt[c,k,n]
    70  feeling[c,k,n]
    30  feeling[c,k,n] occasion
both[c,o,n]
    60  "the" thing[food,s] "was" brief[c,food] "and" "the" noun[o,n] was[n] brief[c,o]
    40  "the" thing[food,p] "were" brief[c,food] "and" "the" noun[o,n] was[n] brief[c,o]

occasion
    45  "on" day
    35  "at" meal
    20  "during" "the" reason
thing[k,n]
    55  noun[k,n]
    45  quality[k] noun[k,n]

opinion[positive,k,n]
    76  "the" thing[k,n] was[n] verdict[positive,k]
    14  "i" warmly "recommend" "the" thing[k,n]
    10  "you" "will" "love" "the" thing[k,n]
opinion[negative,k,n]
    80  "the" thing[k,n] was[n] verdict[negative,k]
     8  "stay" "away" "from" "the" thing[k,n]
     7  "do" "not" "bother" "with" "the" thing[k,n]
     5  "avoid" "the" thing[k,n]

verdict[positive,k]
    38  praise[k]
    27  intensifier praise[k]
    15  superb
     8  "not" "bad" "at" "all"
     6  praise[k] "as" "always"
     6  "better" "than" "expected"
verdict[negative,k]
    30  blame[k]
    24  intensifier blame[k]
    14  awful
    16  "not" praise[k] "at" "all"
    10  "far" "from" praise[k]
     6  "nothing" "special"

brief[positive,k]
    70  praise[k]
    30  superb
brief[negative,k]
    60  blame[k]
    20  awful
    20  "not" praise[k]

feeling[positive,k,n]
    55  "my" holder liked "the" thing[k,n]
    15  "my" holder "fell" "in" "love" "with" "the" thing[k,n]
    30  "the" thing[k,n] pleased "my" holder
feeling[negative,k,n]
    42  "my" holder hated "the" thing[k,n]
    22  "my" holder "could" "not" "stand" "the" thing[k,n]
    36  "the" thing[k,n] upset "my" holder

was[s]
    1  "was"
was[p]
    1  "were"
"""


@functools.cache
def reviews_grammar() -> StyledGrammar:
    """The grammar of reviews: what is said is independent of the class that says it."""
    content = [
        *(inflected_kind("noun", kind, text) for kind, text in NOUNS.items()),
        *({f"quality[{kind}]": zipf(text.split(), ZIPF)} for kind, text in QUALITIES.items()),
        *({name: zipf(text.split(), ZIPF)} for name, text in CONTENT.items()),
    ]
    style = [
        *({f"praise[{kind}]": zipf(text.split(), ZIPF)} for kind, text in PRAISE.items()),
        *({f"blame[{kind}]": zipf(text.split(), ZIPF)} for kind, text in BLAME.items()),
        {name: weights(text) for name, text in STYLE.items()},
    ]
    return StyledGrammar.build(RULES, FEATURES, content=content, style=style)


def inflected_kind(name: str, kind: str, text: str) -> dict[str, dict[str, float]]:
    """Categories `name[kind,number]` of nouns."""
    forms = inflected(name, noun_forms(text), ZIPF)
    return {f"{name}[{kind},{form}]": forms[f"{name}[{form}]"] for form in ("s", "p")}
