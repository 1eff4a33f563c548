"""Words of the scenes grammar by category, the most frequent first.

Nouns are `singular` or `singular:irregular-plural`; verbs are `base` or `base:odd-ing-form`.
Whatever can follow "a" starts with a consonant. No word is in two categories.
"""

NOUNS = {
    "person": """
        man:men woman:women boy girl child:children lady player worker kid guy dancer cyclist
        singer musician toddler runner teenager surfer skater swimmer chef soldier biker student
        tourist teacher farmer drummer hiker climber fireman:firemen policeman:policemen painter
        photographer vendor clown mother father brother sister nurse doctor baker cowboy sailor
        gardener magician juggler boxer wrestler gymnast golfer lifeguard waiter waitress barber
        mechanic plumber carpenter scientist""",
    "group": "group crowd team pair bunch",
    "animal": """
        dog cat puppy bird cow goat duck kitten pony rabbit squirrel monkey bear lion tiger zebra
        giraffe fox wolf:wolves turtle lizard frog pig chicken goose:geese pigeon parrot
        donkey llama penguin""",
    "clothing": """
        shirt hat jacket dress coat helmet sweater suit t-shirt skirt cap vest hoodie scarf:scarves
        costume swimsuit jersey tie robe blouse gown tuxedo wetsuit raincoat poncho cape kilt
        bandana beret sombrero wig mask necklace bracelet backpack belt turban veil kimono
        sweatshirt""",
    "food": """
        sandwich pizza cookie cake burger hotdog pie banana salad pancake taco muffin bagel donut
        waffle burrito pretzel sausage peach pear strawberry cherry carrot potato:potatoes
        tomato:tomatoes cupcake croissant lollipop popsicle snack meal dumpling noodle pickle
        mushroom melon pineapple coconut cracker meatball""",
    "object": """
        ball book camera phone bag box stick sign flag rope bucket basket bottle cup bowl ladder
        toy balloon newspaper magazine map plate knife:knives spoon fork hammer shovel broom mop
        rake paintbrush kite frisbee doll puppet puzzle letter suitcase purse lamp candle lantern
        flashlight microphone laptop racket pole net hose wrench torch trophy flower bouquet pillow
        blanket towel tray crate log brick""",
    "vehicle": """
        bike bicycle motorcycle car horse skateboard truck scooter boat bus tractor wagon canoe
        kayak raft sailboat tricycle van taxi jeep snowmobile go-kart carriage sled surfboard""",
    "instrument": """
        guitar piano drum violin trumpet flute saxophone cello harp banjo keyboard trombone
        clarinet tuba harmonica tambourine fiddle mandolin cymbal xylophone""",
}

PLACES = {
    "area": """
        park field pool street city kitchen restaurant forest garden gym river lake store market
        yard room backyard garage library classroom museum stadium bedroom cafe church studio
        warehouse factory village desert valley meadow barn tent cave hospital theater lobby
        courtyard plaza playground basement bakery diner zoo""",
    "surface": """
        bench beach stage sidewalk couch chair table floor roof dock pier platform bridge balcony
        porch deck trampoline rock cliff hill mountain mat rug carpet lawn hillside dune ledge
        stool bed hammock ramp boardwalk curb court""",
    "landmark": """
        building tree fountain statue wall fence window door waterfall pond tower castle lighthouse
        cottage bonfire campfire fireplace billboard monument mural bush gate mailbox streetlight
        bookshelf hedge haystack windmill cabin temple palace school bank flagpole sculpture""",
    "path": """
        road trail path hallway driveway stream creek lane highway track boulevard passage walkway
        slope crosswalk""",
    "event": """
        party parade concert festival game wedding race storm match picnic carnival ceremony
        protest rally show""",
}

PLAIN = {
    "sport": """
        soccer baseball basketball football tennis hockey volleyball golf rugby cricket lacrosse
        badminton softball chess poker""",
    "hour": "night sunset dawn noon dusk midnight sunrise",
    "person_quality": """
        young little tall bald blond short happy tired shirtless barefoot bearded
        middle-aged muscular curly-haired dark-haired gray-haired well-dressed tattooed masked
        sleepy cheerful shy brave handsome pretty slim sweaty lonely friendly""",
    "animal_quality": """
        fluffy furry spotted shaggy hairy wild tame hungry playful stray muddy skinny fat lazy
        curious""",
    "colour": """
        red blue white black green yellow brown pink purple gray tan silver golden beige""",
    "object_quality": """
        large big small wooden metal plastic heavy shiny broken colorful round huge tiny rusty dirty
        striped giant strange leather dusty homemade wet paper square fancy""",
    "food_quality": """
        fresh hot delicious sweet cold juicy frozen spicy tasty greasy ripe crunchy sticky moldy
        burnt""",
    "place_quality": """
        crowded busy sunny quiet dark snowy sandy grassy rocky public local narrow wide steep rural
        deserted peaceful modern foggy noisy bright paved concrete stone beautiful""",
    "manner": """
        together quickly slowly happily outside quietly carefully alone loudly gracefully calmly
        peacefully eagerly playfully proudly nervously gently patiently lazily casually silently
        joyfully clumsily inside""",
}

VERBS = {
    "move": """
        walk run:running jump skate climb hike swim:swimming crawl jog:jogging march sprint stroll
        wander skip:skipping hop:hopping tumble roll sneak limp dash leap scramble glide stumble
        slide""",
    "rest": """
        sit:sitting stand smile sleep laugh talk wait dance sing work relax pose cry kneel lie:lying
        read cheer chat:chatting argue nap:napping squat:squatting yawn meditate pray stretch
        exercise whistle gossip giggle shout""",
    "handle": """
        hold carry throw catch lift push pull drop:dropping move clean fix grab:grabbing toss
        examine inspect hide shake buy sell kick touch open wrap:wrapping measure collect""",
    "consume": "eat make cook serve prepare share bake taste chew slice enjoy devour",
    "steer": "ride drive wash repair load steer polish rent decorate tow",
    "regard": """
        watch help follow photograph greet hug:hugging teach film feed visit tease comfort interview
        call thank meet admire kiss draw guide""",
    "play": "play",
    "wear": "wear",
    "behave": "bark growl howl sniff drool graze splash dig:digging pant hunt",
    "catch_prey": "chase lick bite fetch bury",
}

WEIGHTED = {
    "determiner[s]": "a 60 the 30 another 4 one 3 this 3",
    "determiner[p]": "two 40 the 22 three 12 some 9 several 6 four 5 many 4 five 2",
    "be[s]": "is 95 was 5",
    "be[p]": "are 95 were 5",
    "article": "a 65 the 35",
    "near": "near 45 by 25 behind 12 beside 10 opposite 4 past 4",
    "along": "down 35 along 20 across 18 through 15 up 12",
}
