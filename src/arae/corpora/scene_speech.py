"""How a scene of `scene_pairs` is put into words; the choices made here do not change its meaning."""

from __future__ import annotations

from collections.abc import Mapping

from arae.corpora.notation import noun_forms, verb_forms
from arae.corpora.taxonomy import GRAFTED, Node, Uniform, choose

BE = {"s": "is", "p": "are"}
SINGLE, PLURAL = "single", "plural"
BARE = "="  # marks a noun said without an article
TRANSITIVE = "+"  # marks a verb that needs an object


def say(scene: Mapping[str, Node], uniform: Uniform) -> list[str]:
    """The scene's words."""
    number = "s" if SINGLE in scene["number"].names else "p"
    subject = [*_who(scene, number, uniform), *_clothes(scene["garment"], number)]
    details = [*_place(scene["place"], uniform), *_time(scene["time"])]
    activity = scene["activity"]
    form = ("ing", number)[choose([6, 4], uniform())] if activity.names else "ing"
    doing = [*_activity(activity, form), *details]
    if form != "ing":
        return [*subject, *doing]
    if choose([9, 1], uniform()):
        return ["there", BE[number], *subject, *doing]
    return [*subject, BE[number], *doing]


def _who(scene: Mapping[str, Node], number: str, uniform: Uniform) -> list[str]:
    mood = [scene["mood"].name] if scene["mood"].names else []
    noun = [*mood, noun_forms(scene["person"].name)[number][0]]
    if number == "p":
        amount = scene["number"].name
        return noun if amount == PLURAL else [amount, *noun]
    determiner = ("a", "the", "one")[choose([70, 15, 15], uniform())]
    return _with_article(noun) if determiner == "a" else [determiner, *noun]


def _clothes(garment: Node, number: str) -> list[str]:
    if not garment.names:
        return []
    kind, *colours = garment.names
    noun = [*colours, noun_forms(kind)[number][0]]
    return ["in", *(_with_article(noun) if number == "s" else noun)]


def _activity(activity: Node, form: str) -> list[str]:
    """`eating a banana`, or nothing."""
    if not activity.names:
        return []
    if not activity.name.startswith(GRAFTED):
        verb, plus, _ = activity.name.partition(TRANSITIVE)
        return [verb_forms(verb)[form][0], *(["something"] if plus else [])]
    verb, thing = activity.names[0].removesuffix(TRANSITIVE), activity.name.removeprefix(GRAFTED)
    bare = thing.removeprefix(BARE)
    return [verb_forms(verb)[form][0], *([bare] if bare != thing else _with_article([thing]))]


def _place(place: Node, uniform: Uniform) -> list[str]:
    """`in a park`, `outside`, or nothing."""
    if not place.names:
        return []
    preposition, dash, noun = place.name.partition("-")
    if not dash:
        return [place.name]
    article = ("a", "the")[choose([1, 1], uniform())]
    return [preposition, article, noun]


def _time(time: Node) -> list[str]:
    return ["at", time.name] if time.names else []


def _with_article(words: list[str]) -> list[str]:
    return ["an" if words[0][0] in "aeiou" else "a", *words]
