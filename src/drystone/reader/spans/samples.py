"""A few passages with questions, to calibrate int8 and to measure speed where the caller brings no text of their own.

The text is plain English prose of several kinds; it knows nothing of models.
"""

from __future__ import annotations

PASSAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "A dry-stone wall is built without mortar. Each stone is chosen for its place, laid with its length running "
        "into the wall, and held by the weight of those above it. Every metre or so a "
        "through-stone spans the whole width "
        "and ties the two faces together, and small stones called hearting fill the space between "
        "them. A good waller lays "
        "about three metres in a day. Walls like these have marked fields in the Yorkshire Dales since the enclosures "
        "of the eighteenth century, and some on the island of Skara Brae are five thousand years old.",
        (
            "How much does a good waller lay in a day?",
            "What fills the space between the two faces?",
            "What is a through-stone for?",
        ),
    ),
    (
        "The library keeps an index of every file it has seen. When a file changes, its hash changes with it, so the "
        "old entry stays where it was and a new one is written beside it. Nothing is ever deleted by an update. A "
        "separate command, prune, removes entries that no release refers to, and prints how many bytes it freed. "
        "Versions before 2.4 wrote the index as JSON; since 2.4 it is a SQLite database, which opens in 3 ms "
        "where the old file took 900.",
        (
            "Which command removes entries?",
            "What format has the index had since 2.4?",
            "What happens when a file changes?",
        ),
    ),
    (
        "On 14 October 1913 an explosion at the Universal Colliery in Senghenydd, Glamorgan, killed 439 miners and one "
        "rescuer. It remains the worst mining accident in the United Kingdom. The inquiry could not say for certain "
        "what lit the gas; a spark from the electric signalling gear was thought the most likely "
        "cause. The manager was "
        "fined twenty-four pounds.",
        ("Where did the explosion happen?", "How many miners were killed?", "What was the manager fined?"),
    ),
    (
        "Permission is granted to use the service for any lawful purpose. You may not resell access to it, and you may "
        "not use it to store other people's personal data without their consent. We may suspend an account that breaks "
        "these terms after giving fourteen days' notice by e-mail, or at once where the law requires it. Either side "
        "may end this agreement at the end of any month. Fees already paid are returned for the "
        "part of the term not used. "
        "Disputes go to the courts of Rotterdam.",
        ("How much notice is given before an account is suspended?", "Which courts decide disputes?"),
    ),
    (
        "I bought this kettle in March to replace one that leaked. It boils a litre in two and a half minutes, which "
        "is quick, and the lid opens far enough to clean inside. The handle, though, gets too hot to hold after the "
        "second boil, and the switch broke in week six. The shop sent a new one without a fuss. "
        "Three stars: good when it "
        "works.",
        ("How long does it take to boil a litre?", "What broke in week six?", "Why did the reviewer buy the kettle?"),
    ),
    (
        "def parse(line): the function splits a line at the first colon. What stands before it is the key, stripped of "
        "white space and lower-cased; what follows is the value, kept as it is. Lines without a colon raise ValueError "
        "with the line's number. A line that begins with a hash sign is a comment and yields None. The parser reads "
        "UTF-8 and refuses a byte order mark. It handles about 2 million lines a second on one core.",
        ("What does a line without a colon raise?", "How many lines a second does it handle?"),
    ),
    (
        "Photosynthesis in most plants fixes carbon by the enzyme rubisco, which is slow and now and then takes up "
        "oxygen in place of carbon dioxide. Maize, sugar cane and some other grasses avoid the "
        "loss: they first bind carbon "
        "in the outer cells of the leaf as a molecule of four carbon atoms, carry it inward, and "
        "release it where rubisco "
        "works, so that little oxygen can compete. These C4 plants are three per cent of species and about a quarter "
        "of the growth on land.",
        ("Which enzyme fixes carbon in most plants?", "What share of species are C4 plants?"),
    ),
    (
        "Amina Diallo was elected mayor on Sunday with 52.3 per cent of the vote, ahead of Jean-Luc Moreau (41.8) and "
        "four others. Turnout was 61 per cent, nine points more than in 2019. She told supporters at the Salle Pleyel "
        "that work on the northern tram line would begin before the end of the year, and that rents in the old port "
        "would be capped. Moreau conceded shortly after ten o'clock.",
        ("Who was elected mayor?", "What was the turnout?", "When did Moreau concede?"),
    ),
)


def pairs() -> list[tuple[str, str]]:
    """Return (question, context) pairs of several lengths: each passage alone, and joined with those that follow."""
    found = []
    for i, (passage, questions) in enumerate(PASSAGES):
        for j, question in enumerate(questions):
            joined = [PASSAGES[(i + k) % len(PASSAGES)][0] for k in range(1, j + 1)]
            found.append((question, "\n".join([passage, *joined])))
    return found
