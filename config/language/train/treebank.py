"""Reads treebanks and writes them in one scheme: Universal Dependencies, names on their last word.

A sentence is its text and its words; a word says which code points of the text it covers.
"""

import lzma

RELATIONS = {
    "acl", "acl:relcl", "advcl", "advmod", "amod", "appos", "aux", "aux:pass", "case", "cc", "ccomp",
    "compound", "compound:prt", "conj", "cop", "csubj", "dep", "det", "discourse", "expl", "fixed",
    "iobj", "list", "mark", "nmod", "nmod:poss", "nsubj", "nsubj:pass", "nummod", "obj", "obl",
    "obl:agent", "obl:npmod", "parataxis", "punct", "root", "vocative", "xcomp"}
# Subtypes of other treebanks and versions.
RENAMED = {
    "obl:unmarked": "obl:npmod", "obl:tmod": "obl:npmod", "advcl:relcl": "advcl",
    "nsubj:outer": "nsubj", "csubj:outer": "csubj", "csubj:pass": "csubj", "cc:preconj": "cc",
    "det:predet": "det", "goeswith": "compound", "flat": "compound"}


class Word:
    """One word of a treebank. `head` is an index into the sentence's words, -1 for its root."""

    __slots__ = ("form", "lemma", "upos", "xpos", "head", "relation", "begin", "end")

    def __init__(self, form, lemma, upos, xpos, head, relation):
        self.form, self.lemma, self.upos, self.xpos = form, lemma, upos, xpos
        self.head, self.relation, self.begin, self.end = head, relation, 0, 0


class Sentence:
    """`is_title`: to be read as the title of an article, else as part of its body."""

    def __init__(self, text, words):
        self.text, self.words, self.is_title = text, words, False

    def children(self):
        below = [[] for _ in self.words]
        for index, word in enumerate(self.words):
            if word.head >= 0:
                below[word.head].append(index)
        return below


def is_tree(words):
    """One root, no cycle."""
    if sum(word.head < 0 for word in words) != 1:
        return False
    for start in range(len(words)):
        at, steps = start, 0
        while at >= 0:
            at, steps = words[at].head, steps + 1
            if steps > len(words):
                return False
    return True


def _blocks(path):
    text, rows = "", []
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("# text = "):
                text = line[9:]
            elif line and not line.startswith("#"):
                rows.append(line.split("\t"))
            elif not line and rows:
                yield text, rows
                text, rows = "", []
    if rows:
        yield text, rows


def _place(text, words, wholes):
    """Fills begin and end; `wholes`: {first word: (last word, form)} of words written as one."""
    at, index = 0, 0
    while index < len(words):
        last, form = wholes.get(index, (index, words[index].form))
        begin = text.find(form, at)
        if begin < 0 or text[at:begin].strip():
            return False
        at = begin + len(form)
        parts = [words[i].form for i in range(index, last + 1)]
        exact, offset = "".join(parts) == form, begin
        for i in range(index, last + 1):
            words[i].begin, words[i].end = begin, at
            if exact:
                words[i].begin, words[i].end = offset, offset + len(words[i].form)
                offset += len(words[i].form)
        index = last + 1
    return True


def read_universal(path):
    """Sentences of a CoNLL-U file, in our scheme."""
    for text, rows in _blocks(path):
        words, wholes = [], {}
        for row in rows:
            if "-" in row[0]:
                first, last = row[0].split("-")
                wholes[int(first) - 1] = (int(last) - 1, row[1])
            elif "." not in row[0]:
                words.append(Word(row[1], row[2], row[3], row[4], int(row[6]) - 1, row[7]))
        sentence = Sentence(text, words)
        if is_tree(words) and _place(text, words, wholes):
            names_on_last_word(sentence)
            normalise(sentence)
            if is_tree(words):
                yield sentence


def read_clear(path):
    """Sentences of the news parses: number, form, UPOS, Penn tag, head, ClearNLP relation."""
    for text, rows in _blocks(path):
        words = []
        for row in rows:
            head = -1 if row[5] == "ROOT" else int(row[4]) - 1
            words.append(Word(row[1], row[1].lower(), row[2], row[3], head, row[5]))
        sentence = Sentence(text, words)
        if is_tree(words) and _place(text, words, {}):
            yield sentence


def names_on_last_word(sentence):
    """`flat` hangs a name on its first word; here it hangs on its last by `compound`."""
    words = sentence.words
    for first, below in enumerate(sentence.children()):
        parts = [i for i in below if words[i].relation in ("flat", "flat:name", "goeswith") and i > first]
        if not parts:
            continue
        last = parts[-1]
        words[last].head, words[last].relation = words[first].head, words[first].relation
        for i in below:
            if i == last:
                continue
            words[i].head = last
            if i in parts:
                words[i].relation = "compound"
        words[first].head, words[first].relation = last, "compound"


def _is_agent(sentence, index):
    """"by X" of a passive: older treebanks have no name for it."""
    words = sentence.words
    by = any(w.head == index and w.relation == "case" and w.form.lower() == "by" for w in words)
    head = words[index].head
    return by and any(
        w.head == head and w.relation in ("nsubj:pass", "aux:pass") for w in words)


def normalise(sentence):
    for index, word in enumerate(sentence.words):
        relation = word.relation
        head = sentence.words[word.head] if word.head >= 0 else None
        if relation in ("nmod:desc", "nmod:npmod", "nmod:unmarked", "nmod:tmod"):
            if head.upos in ("VERB", "AUX"):
                relation = "obl:npmod"
            else:
                relation = "compound" if index < word.head else "nmod"
        relation = RENAMED.get(relation, relation)
        if relation not in RELATIONS:
            relation = relation.split(":")[0]
        if relation == "obl" and _is_agent(sentence, index):
            relation = "obl:agent"
        word.relation = relation if relation in RELATIONS else "dep"
        if word.upos == "VERB" and word.xpos in ("NNP", "NNPS"):
            word.upos = "ADJ"  # the "United" of "United States"


def write(path, sentences):
    """Text ("#t" before a title, else "#"), then a line a word: code points, tags, head (0: none, else number), relation."""
    with open(path, "w", encoding="utf-8") as out:
        for sentence in sentences:
            mark = "#t" if sentence.is_title else "#"
            out.write("%s\t%s\n" % (mark, sentence.text.replace("\t", " ")))
            for word in sentence.words:
                out.write("%d\t%d\t%s\t%s\t%d\t%s\n" % (
                    word.begin, word.end, word.upos, word.xpos, word.head + 1, word.relation))
            out.write("\n")
