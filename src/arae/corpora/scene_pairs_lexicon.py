"""Words of the scene pairs as trees of meaning: what is indented falls under the line above it.

Words under the same line, the most frequent first, exclude each other: a scene has one kind of
person, one activity, one place. A line may hold several words when none of them has others below.
Nouns are `singular` or `singular:irregular-plural`, verbs `base` or `base:odd-ing-form`; `@name` puts
the tree `name` below a verb, as its objects. `=` before a noun: said without an article; `+` after a
verb: never said without an object.
"""

NUMBERS = """
single
plural
    two three four five
"""

PEOPLE = """
person:people
    adult
        man:men woman:women
    child:children
        boy girl
"""

MOODS = """
happy
    cheerful playful
tired
    sleepy
lonely
nervous
proud
"""

GARMENTS = "shirt jacket dress coat sweater hat"
COLOURS = "red blue white black green yellow brown pink"

ACTIVITIES = """
move
    walk
        stroll wander march
    run:running
        sprint jog:jogging
    jump
        hop:hopping skip:skipping
    climb swim:swimming crawl
rest
    sit:sitting
    sleep
        nap:napping
    stand kneel lie:lying
eat @food
play @instrument @sport
hold+ @tool @toy @container
ride @vehicle
watch+ @animal
cook @food
carry+ @tool @toy @container
repair+ @vehicle
feed+ @animal
wash+ @vehicle @animal
"""

OBJECTS = {
    "food": """
=food
    =fruit
        banana peach pear apple melon strawberry pineapple
    vegetable
        carrot potato tomato onion pepper
    dessert
        cake cookie pie donut pancake cupcake
    sandwich pizza burger salad taco
""",
    "instrument": """
instrument
    guitar piano drum violin trumpet flute saxophone cello harp banjo
""",
    "sport": """
sport
    =soccer =baseball =basketball =football =tennis =hockey =volleyball =golf =rugby =cricket
""",
    "tool": """
tool
    hammer shovel broom rake wrench paintbrush mop
""",
    "toy": """
toy
    ball doll kite frisbee puppet puzzle balloon
""",
    "container": """
container
    box bag bottle bucket basket cup bowl
""",
    "vehicle": """
vehicle
    bike car motorcycle scooter truck bus boat tractor wagon
""",
    "animal": """
animal
    dog cat horse
    bird
        duck goose parrot pigeon
    rabbit cow goat pig monkey
""",
}

PLACES = """
outside
    in-park on-street on-beach in-field on-mountain in-forest on-sidewalk in-garden on-road in-desert
inside
    in-kitchen in-restaurant in-gym in-store in-library in-classroom in-museum in-church in-hospital
"""

TIMES = "night noon sunset dawn"
