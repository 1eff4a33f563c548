"""The embedded corpus `scenes`: image-caption-like English from an exact grammar."""

from __future__ import annotations

import functools

from arae.corpora.grammar import Grammar
from arae.corpora.notation import (
    inflected,
    literals,
    merged,
    noun_forms,
    parse_rules,
    used_by,
    verb_forms,
    weights,
    zipf,
)
from arae.corpora.scenes_lexicon import NOUNS, PLACES, PLAIN, VERBS, WEIGHTED

MAX_LENGTH = 15
ZIPF = (1.0, 2.0)  # (rank + 2)^-1

# n: number of the noun or finite verb; f: form of a verb (finite singular, plural, or -ing).
FEATURES = {"n": ("s", "p"), "f": ("s", "p", "ing")}

RULES = """
sentence
    62  clause[s]
    38  clause[p]

clause[n]
    74  someone[n] person_predicate[n]
    18  animal_phrase[n] animal_predicate[n]
     8  "there" be[n] present[n]

present[n]
    60  person_phrase[n] person_action[ing]
    20  person_phrase[n] place
    20  animal_phrase[n] animal_action[ing]

someone[s]
    93  person_phrase[s] modifier[s]
     7  "a" group[s] "of" person[p]
someone[p]
    86  person_phrase[p] modifier[p]
    14  person_phrase[s] "and" person_phrase[s]

person_phrase[s]
   100  determiner[s] described_person[s]
person_phrase[p]
    80  determiner[p] described_person[p]
    20  described_person[p]

described_person[n]
    60  person[n]
    40  person_quality person[n]

modifier[n]
    62  -
    26  "in" clothing_phrase
    12  "who" person_predicate[n]

animal_phrase[n]
    60  determiner[n] animal[n]
    25  determiner[n] animal_quality animal[n]
    15  determiner[n] colour animal[n]

person_predicate[n]
    58  be[n] person_action[ing]
    36  person_action[n]
     6  be[n] place

animal_predicate[n]
    56  be[n] animal_action[ing]
    40  animal_action[n]
     4  be[n] place

person_action[f]
    21  rest[f] rest_detail
    17  move[f] move_detail
    20  handle[f] object_phrase place_detail
    10  consume[f] food_phrase place_detail
     9  steer[f] vehicle_phrase place_detail
     5  play[f] "the" instrument[s] place_detail
     3  play[f] sport place_detail
     4  wear[f] clothing_phrase
    11  regard[f] regarded place_detail

animal_action[f]
    30  behave[f] place_detail
    40  move[f] move_detail
    30  catch_prey[f] prey

rest_detail
    12  -
    16  manner
    60  place
    12  occasion

move_detail
    10  -
    16  manner
    42  "in" area_phrase
    32  along path_phrase

place_detail
    42  -
    48  place
    10  occasion

place
    50  "in" area_phrase
    30  "on" surface_phrase
    20  near landmark_phrase

occasion
    40  "at" hour
    60  "during" article event[s]

area_phrase
    65  article area[s]
    35  article place_quality area[s]
surface_phrase
    65  article surface[s]
    35  article place_quality surface[s]
landmark_phrase
    65  article landmark[s]
    35  article place_quality landmark[s]
path_phrase
    65  article path[s]
    35  article place_quality path[s]

clothing_phrase
    40  "a" clothing[s]
    60  "a" colour clothing[s]

object_phrase
    46  article object[s]
    16  article object_quality object[s]
    14  article colour object[s]
    24  object[p]

food_phrase
    45  article food[s]
    20  article food_quality food[s]
    20  food[p]
    15  food_quality food[p]

vehicle_phrase
    54  article vehicle[s]
    25  article colour vehicle[s]
    21  vehicle[p]

regarded
    65  article person[s]
    20  article animal[s]
    15  person[p]

prey
    35  article animal[s]
    40  article object[s]
    25  article colour object[s]
"""


@functools.cache
def scenes_grammar() -> Grammar:
    """The grammar of scenes; unambiguous, so that its entropy is exact."""
    rules = parse_rules(RULES, FEATURES)
    lexicon = merged(
        [
            *(inflected(name, noun_forms(text), ZIPF) for name, text in NOUNS.items()),
            *({f"{name}[s]": zipf(text.split(), ZIPF)} for name, text in PLACES.items()),
            *({name: zipf(text.split(), ZIPF)} for name, text in PLAIN.items()),
            *(inflected(name, verb_forms(text), ZIPF) for name, text in VERBS.items()),
            {name: weights(text) for name, text in WEIGHTED.items()},
            literals(rules),
        ]
    )
    return Grammar(rules, used_by(rules, lexicon), max_length=MAX_LENGTH)
