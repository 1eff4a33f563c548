"""Words of the topics grammar by category, the most frequent first.

`CONTENT` says who asks what; `TOPICAL` and `NOUNS` hold the words of one topic each. No word is in
two categories. Whatever can follow "a" starts with a consonant.
"""

CONTENT = {
    "quantity": "many most some all few",
    "asker": """
        people students kids parents teenagers women men teachers girls boys adults americans
        canadians europeans texans families strangers children grandparents nurses farmers
        bloggers""",
    "attitude": """
        hate love like understand ignore fear trust misunderstand enjoy forget discuss avoid
        distrust admire doubt dislike criticize mention prefer""",
    "moment": "today nowadays lately anyway suddenly",
    "judgement": """
        hard legal possible dangerous easy wrong safe normal rude illegal weird useful smart
        stupid necessary expensive healthy risky pointless""",
    "superlative": """
        best easiest fastest cheapest worst safest quickest smartest simplest hardest craziest
        weirdest funniest""",
    "spot": """
        canada america texas china england france germany mexico india japan california australia
        florida russia iraq europe africa brazil spain italy ohio boston chicago london paris""",
    "speaker": """
        teacher friend brother mom dad sister boyfriend girlfriend cousin boss uncle neighbor
        grandpa roommate aunt husband wife grandma coworker dentist""",
    "reports": "says thinks claims believes insists swears denies hopes argues dreams",
    "grade": "good free cheap short decent simple famous reliable recent popular boring serious",
}

TOPICAL = {
    "matter[science]": """
        physics gravity chemistry biology evolution math algebra calculus geometry electricity
        energy light genetics astronomy magnetism relativity photosynthesis radiation friction
        geology""",
    "matter[entertainment]": """
        music jazz rap anime rock karaoke opera disco reggae bollywood gossip comedy television
        romance hip-hop horror techno poker fashion wrestling""",
    "matter[politics]": """
        congress immigration taxes democracy welfare communism socialism terrorism abortion
        capitalism healthcare politics unemployment inflation corruption freedom censorship
        poverty deportation diplomacy""",
    "trait[science]": """
        chemical magnetic solar nuclear tiny human distant frozen gaseous radioactive
        microscopic""",
    "trait[entertainment]": """
        funny scary romantic musical live classic japanese violent catchy trashy""",
    "trait[politics]": """
        liberal conservative republican democratic corrupt federal foreign local moderate
        dishonest""",
    "law": "theory laws history basics discovery",
    "quantum": "mass speed weight temperature volume age density size",
    "measure": "measure calculate compute estimate determine",
    "examine": "study learn explain teach prove",
    "watch": "watch record download see review",
    "star": "shrek batman godzilla superman dracula spiderman zorro tarzan pikachu elvis",
    "elect": "elect impeach bribe arrest support defeat",
    "oppose": "ban stop fight legalize oppose",
    "dispute": "war debate vote position crackdown",
    "device": "telescope textbook microscope calculator formula website",
    "pastime": "soundtrack songbook dvd magazine playlist lyric",
    "platform": "lawyer petition newspaper campaign lobbyist candidate",
    "scientific": "expanding shrinking evolving freezing melting",
    "thrilling": "overrated hilarious touring canceled underrated",
    "electoral": "lying resigning winning campaigning retiring",
}

NOUNS = {
    "thing[science]": """
        planet cell molecule comet particle galaxy virus metal crystal magnet neutron glacier
        fossil""",
    "thing[entertainment]": """
        movie song show band singer film video concert comedian sitcom album drummer""",
    "thing[politics]": """
        president senator governor mayor politician judge minister voter congressman:congressmen
        dictator diplomat""",
}
