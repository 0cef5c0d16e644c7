"""ClearNLP relations (those of common English parsers) into Universal Dependencies."""

BE = {"be", "is", "are", "was", "were", "been", "being", "am", "'s", "'re", "'m"}
RELABELLED = {
    "ROOT": "root", "dobj": "obj", "nsubjpass": "nsubj:pass", "auxpass": "aux:pass",
    "csubjpass": "csubj", "poss": "nmod:poss", "relcl": "acl:relcl", "prt": "compound:prt",
    "npadvmod": "obl:npmod", "quantmod": "advmod", "neg": "advmod", "preconj": "cc",
    "predet": "det", "intj": "discourse", "meta": "dep", "pcomp": "advcl", "oprd": "xcomp",
    "attr": "xcomp", "acomp": "xcomp", "dative": "iobj", "agent": "obl:agent", "prep": "advmod",
    "pobj": "obl"}
# Two words that gold treebanks read as one preposition.
FIXED = {
    ("because", "of"), ("due", "to"), ("such", "as"), ("according", "to"), ("instead", "of"),
    ("rather", "than"), ("prior", "to"), ("as", "to"), ("as", "of"), ("as", "for")}
PREPOSITIONS = ("prep", "agent", "dative", "conj")


def convert(sentence):
    """Changes the words of the sentence in place. Order matters: what a preposition governs takes
    its place first, deepest first; then the predicate takes the place of "be"."""
    words = sentence.words
    depth = _depths(words)
    for index in sorted(range(len(words)), key=lambda i: -depth[i]):
        _lift_object(words, index)
    for index in sorted(range(len(words)), key=lambda i: -depth[i]):
        _lift_predicate(words, index)
    _objects_that_act(words)
    _calls(words)
    _coordinate(words)
    for index, word in enumerate(words):
        _relabel(words, index, word)
    _fix(words)


def _depths(words):
    depth = [0] * len(words)
    for index in range(len(words)):
        at = index
        while words[at].head >= 0:
            at, depth[index] = words[at].head, depth[index] + 1
    return depth


def _children(words, index):
    return [i for i, word in enumerate(words) if word.head == index]


def _is_clause(words, head):
    if head < 0:
        return True
    word = words[head]
    return word.xpos.startswith("V") or word.upos in ("VERB", "AUX", "ADJ", "ADV")


def _lift_object(words, index):
    """The noun takes the place of its preposition: prep + pobj -> obl or nmod with case."""
    word = words[index]
    if word.relation not in PREPOSITIONS:
        return
    below = _children(words, index)
    target = next((i for i in below if words[i].relation == "pobj"), -1)
    if target < 0:
        target = next((i for i in below if words[i].relation in ("obl", "nmod") and i > index), -1)
    clause = target < 0
    if clause:
        target = next((i for i in below if words[i].relation == "pcomp"), -1)
    if target < 0 or (word.relation == "conj" and word.upos not in ("ADP", "SCONJ")):
        return
    verbal = _is_clause(words, word.head)
    if word.relation == "conj":
        relation = "conj"
    elif clause:
        relation = "advcl" if verbal else "acl"
    elif word.relation == "agent":
        relation = "obl:agent"
    else:
        relation = "obl" if verbal else "nmod"
    words[target].head, words[target].relation = word.head, relation
    for i in below:
        if i != target:
            words[i].head = target
    word.head, word.relation = target, "mark" if clause else "case"


def _lift_predicate(words, index):
    """"is a friend", "is ready", "is in Paris": the predicate is the head, "be" its cop."""
    word = words[index]
    if word.form.lower() not in BE or not word.xpos.startswith("V"):
        return
    if word.relation in ("aux", "auxpass"):
        return
    below = _children(words, index)
    there = any(words[i].relation == "expl" for i in below)
    target = next((i for i in below if words[i].relation in ("attr", "acomp")), -1)
    if there:
        word.upos = "VERB"
        if target >= 0:
            words[target].relation = "nsubj"
        return
    if target < 0:
        target = next((i for i in below if words[i].relation == "obl" and i > index), -1)
    if target < 0:
        word.upos = "VERB"
        return
    for i in below:
        if i != target:
            words[i].head = target
    words[target].head, words[target].relation = word.head, word.relation
    word.head, word.relation, word.upos = target, "cop", "AUX"


def _objects_that_act(words):
    """"asked him to leave": "him" is the object of "asked", not the subject of "leave"."""
    for index, word in enumerate(words):
        if word.relation not in ("ccomp", "xcomp") or word.xpos != "VB":
            continue
        below = _children(words, index)
        subject = next((i for i in below if words[i].relation in ("nsubj", "nsubjpass")), -1)
        to = any(words[i].xpos == "TO" for i in below)
        if subject < 0 or not to or any(words[i].relation == "mark" for i in below):
            continue
        words[subject].head, words[subject].relation = word.head, "dobj"
        word.relation = "xcomp"


def _calls(words):
    """"called a strike": without an object what is called is the object."""
    for index, word in enumerate(words):
        if word.relation != "oprd" or word.upos not in ("NOUN", "PROPN", "PRON"):
            continue
        beside = {words[i].relation for i in _children(words, word.head)}
        if index > word.head and not beside & {"dobj", "nsubjpass", "auxpass"}:
            word.relation = "dobj"


def _coordinate(words):
    """Conjuncts hang on the first; "and" hangs on what follows it."""
    for index, word in enumerate(words):
        if word.relation == "conj":
            while word.head >= 0 and words[word.head].relation == "conj":
                word.head = words[word.head].head
    for index, word in enumerate(words):
        if word.relation == "cc" and word.head >= 0:
            later = [i for i, other in enumerate(words)
                     if other.relation == "conj" and other.head == word.head and i > index]
            if later:
                word.head = later[0]


def _relabel(words, index, word):
    relation = RELABELLED.get(word.relation, word.relation)
    if relation == "aux" and word.xpos == "TO":
        relation = "mark"
    if relation == "nmod" and word.relation == "nmod" and index < word.head:
        below = [i for i in _children(words, index) if words[i].relation == "case"]
        if not below:
            relation = "compound"
    word.relation = relation
    if relation == "mark" and word.upos == "ADP":
        word.upos = "SCONJ"
    if relation == "case" and word.upos == "SCONJ":
        word.upos = "ADP"


def _fix(words):
    for index in range(1, len(words)):
        first, second = words[index - 1], words[index]
        if (first.form.lower(), second.form.lower()) not in FIXED:
            continue
        if second.relation == first.relation == "case" and second.head == first.head:
            second.head, second.relation = index - 1, "fixed"
            if first.upos == "VERB":
                first.relation = "case"
