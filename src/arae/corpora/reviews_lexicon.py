"""Words of the reviews grammar by category, the most frequent first.

`CONTENT` says what is spoken of, `STYLE` how it is judged. No word is in two categories, and no
word of `CONTENT` tells the class.
"""

# kind: nouns, `singular` or `singular:irregular-plural`.
NOUNS = {
    "food": """
        burger steak salad soup sandwich taco cake pie omelet pancake burrito curry pasta:pastas
        noodle cookie muffin bagel waffle dumpling sausage meatball shrimp:shrimps salmon:salmons
        lobster oyster chicken:chickens risotto lasagna stew roast kebab falafel wrap quesadilla
        enchilada cocktail smoothie milkshake espresso cappuccino latte lemonade dessert appetizer
        entree croissant donut brownie pretzel""",
    "staff": """
        waiter waitress:waitresses server manager bartender cook hostess:hostesses owner cashier
        chef barista busboy receptionist greeter bouncer supervisor clerk sommelier""",
    "place": """
        room table patio bar terrace booth bathroom kitchen lounge lobby:lobbies garden balcony
        window counter hallway stage parlor cellar courtyard entrance menu playlist chair carpet
        lamp""",
}

# Neutral descriptions of a noun, by kind.
QUALITIES = {
    "food": """
        grilled spicy fried vegan baked smoked house breakfast lunch roasted mexican italian thai
        french indian small large garlic lemon cheese chocolate mushroom pepper coconut""",
    "staff": "new young tall older day head blond bearded weekend",
    "place": "main back front upstairs outdoor private corner second downstairs wooden side hotel",
}

CONTENT = {
    "holder": """
        wife husband mother father brother sister friend daughter son boss neighbor cousin aunt
        uncle roommate girlfriend boyfriend colleague parents kids friends coworkers grandmother
        grandfather partner""",
    "day": "friday saturday sunday monday thursday tuesday wednesday christmas easter halloween",
    "meal": "dinner brunch supper noon midnight night teatime",
    "reason": "birthday anniversary reunion graduation wedding visit",
}

# The verbs and adjectives of praise and blame, by kind of thing where they depend on it.
PRAISE = {
    "food": """
        delicious tasty fresh excellent flavorful yummy crispy juicy scrumptious delightful
        mouthwatering heavenly""",
    "staff": """
        friendly attentive helpful polite kind courteous professional welcoming knowledgeable
        patient charming""",
    "place": """
        clean cozy beautiful lovely comfortable spotless inviting elegant spacious gorgeous
        relaxing""",
}
BLAME = {
    "food": """
        bland cold overcooked greasy stale soggy tasteless disgusting burnt inedible rubbery
        mushy""",
    "staff": """
        rude slow unfriendly lazy clueless careless impatient arrogant hostile incompetent
        grumpy""",
    "place": "dirty filthy noisy cramped shabby smelly sticky gloomy dingy stuffy moldy",
}

STYLE = {
    "intensifier": "very 35 really 25 so 15 truly 8 extremely 7 incredibly 5 absolutely 5",
    "superb": "amazing 30 fantastic 20 wonderful 20 perfect 15 outstanding 10 superb 5",
    "awful": "terrible 30 horrible 25 awful 20 disappointing 15 pathetic 5 dreadful 5",
    "liked": "loved 40 enjoyed 30 adored 12 praised 10 appreciated 8",
    "hated": "hated 40 disliked 25 regretted 15 despised 10 resented 10",
    "pleased": "impressed 40 delighted 25 amazed 20 thrilled 15",
    "upset": "disappointed 45 annoyed 25 upset 15 disgusted 15",
    "warmly": "highly 45 definitely 35 gladly 20",
}
