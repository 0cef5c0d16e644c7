"""Plain short sentences cut from long ones by rule: a verb with its subject, its object and a phrase.

Long sentences of the news hardly ever are as short as those, so a model that never saw one takes
"Sweden suspended aid to Uganda" for a headline without its auxiliary.
"""

import collections
import math
import random

from tenses import present_of
from treebank import Sentence, Word, is_tree

SUBJECTS = ("nsubj", "nsubj:pass")
ARGUMENTS = SUBJECTS + ("obj", "iobj", "obl:agent", "obl")
OF_VERBS = ("aux", "aux:pass", "compound:prt")
OF_NOUNS = ("det", "nummod", "amod", "compound", "case", "nmod:poss", "advmod")
CLAUSES = ("ccomp", "xcomp", "csubj", "expl")
NEGATIONS = ("not", "n't", "never")
NAMES_MIN = 3  # times a name must come to be put in another's place
WORDS_MAX = 16
DOUBTFUL_TIMES = 2
OWNED_MAX = 80
TIMES = ("week", "month", "year", "night")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NUMBERS = ("two", "three", "ten", "twenty", "forty", "50")


def names_of(sentences):
    """Phrases that are names and stand where parties do: [words of (form, upos, xpos, head in the
    phrase or -1, relation)], [weights]. The rarer ones weigh more than they come."""
    seen = collections.Counter()
    for sentence in sentences:
        below = sentence.children()
        for index, word in enumerate(sentence.words):
            if word.upos != "PROPN" or word.relation not in ("nsubj", "obj", "obl:agent"):
                continue
            parts = [i for i in below[index] if sentence.words[i].relation != "punct"]
            if any(sentence.words[i].relation not in ("det", "compound", "amod") or below[i] or
                   sentence.words[i].form[:1].islower() and sentence.words[i].upos != "DET"
                   for i in parts):
                continue
            if not any(letter.isalpha() for letter in word.form):
                continue
            place = {i: n for n, i in enumerate(sorted(parts + [index]))}
            if index != max(place) or index - min(place) != len(parts):
                continue
            seen[tuple((sentence.words[i].form, sentence.words[i].upos, sentence.words[i].xpos,
                        -1 if i == index else place[index], sentence.words[i].relation)
                       for i in place)] += 1
    phrases = sorted(phrase for phrase, count in seen.items() if count >= NAMES_MIN)
    return phrases, [math.isqrt(seen[phrase]) for phrase in phrases]


def owned_of(sentences):
    """Nouns that act and are somebody's ("Norway's army"), the commonest."""
    seen = collections.Counter()
    for sentence in sentences:
        owners = {word.head for word in sentence.words if word.relation == "nmod:poss"}
        seen.update(word.form for index, word in enumerate(sentence.words) if index in owners and
                    word.relation == "nsubj" and word.xpos == "NN" and word.form.islower())
    return sorted(seen, key=lambda form: (-seen[form], form))[:OWNED_MAX]


def plurals_of(sentences):
    """Plural nouns that come more than once."""
    seen = collections.Counter(word.form.lower() for sentence in sentences for word in sentence.words
                               if word.xpos == "NNS")
    return {form for form, count in seen.items() if count > 1}


class PlainMaker:
    """make_all(sentence) -> plain sentences, of each verb with a subject of its own one, more where
    the verb may be taken for a noun ("bombs"); draws from its own seeded generator."""

    def __init__(self, tenses, names, sentences, seed):
        self.tenses, (self.names, self.weights) = tenses, names
        self.nouns, self.owned = plurals_of(sentences), owned_of(sentences)
        self.random = random.Random(seed)

    def make_all(self, sentence):
        below = sentence.children()
        made = []
        for index, word in enumerate(sentence.words):
            if word.upos != "VERB" or word.xpos in ("VB", "VBG"):
                continue
            for _ in range(DOUBTFUL_TIMES if self._is_doubtful(word) else 1):
                plain = self._make(sentence, below, index)
                if plain:
                    made.append(plain)
            if word.xpos == "VBN":
                active = self._make_active(sentence, below, index)
                if active:
                    made.append(active)
        for n in range(1, len(made)):
            if self._chance(0.15):
                made[n] = self._joined(made[n - 1], made[n])
        return [self._written(words) for words in made]

    @staticmethod
    def _joined(first, second):
        """"X did this and Y did that"."""
        root = next(i for i, word in enumerate(first) if word.head < 0)
        shift = len(first) + 1
        words = [copy_of(word, 0) for word in first] + [Word("and", "and", "CCONJ", "CC", -1, "cc")]
        for word in second:
            words.append(copy_of(word, shift))
            if word.head < 0:
                words[len(first)].head = len(words) - 1
                words[-1].head, words[-1].relation = root, "conj"
        if second[0].upos != "PROPN":
            words[shift].form = words[shift].form.lower()
        return words

    def _with_time(self, words):
        """Now and then a time before all else."""
        if not self._chance(0.15):
            return words
        kind, number = self.random.randrange(4), self.random.choice(NUMBERS)
        if kind == 0:
            front = [("In", "ADP", "IN", 1, "case"),
                     (str(self.random.randrange(1914, 2030)), "NUM", "CD", -1, "obl")]
        elif kind == 1:
            front = [("On", "ADP", "IN", 1, "case"),
                     (self.random.choice(DAYS), "PROPN", "NNP", -1, "obl")]
        elif kind == 2:
            front = [("Last", "ADJ", "JJ", 1, "amod"),
                     (self.random.choice(TIMES), "NOUN", "NN", -1, "obl:npmod")]
        else:
            front = [(number, "NUM", "CD", 1, "nummod"), ("years", "NOUN", "NNS", 2, "obl:npmod"),
                     ("ago", "ADV", "RB", -1, "advmod")]
        if self._chance(0.4):
            front.append((",", "PUNCT", ",", -1, "punct"))
        shift = len(front)
        root = shift + next(i for i, word in enumerate(words) if word.head < 0)
        made = [Word(form, form.lower(), upos, xpos, root if head < 0 else head, relation)
                for form, upos, xpos, head, relation in front]
        made += [copy_of(word, shift) for word in words]
        if words[0].upos != "PROPN" and words[0].form != "I":
            made[shift].form = made[shift].form.lower()
        return made

    def _make_active(self, sentence, below, verb):
        """"The port was bombed" -> "Norway bombed the port": somebody does it."""
        words = sentence.words
        done_to = next((i for i in below[verb] if words[i].relation == "nsubj:pass"), -1)
        form = self.tenses.active_of(words[verb].form.lower(), self.random)
        kinds = [words[i].relation for i in below[verb]]
        if done_to < 0 or not form or any(kind in CLAUSES for kind in kinds) or \
                words[done_to].xpos in ("WDT", "WP", "PRP"):
            return None
        phrase = set()
        self._keep_phrase(words, below, done_to, phrase, 0)
        if len(phrase) > WORDS_MAX // 2:
            return None
        made = self._name(0, "nsubj")
        at = len(made)
        for word in made:
            word.head = at if word.head < 0 else word.head
        made.append(Word(form[0], words[verb].lemma, "VERB", form[1], -1, "root"))
        number = {i: at + 1 + n for n, i in enumerate(sorted(phrase))}
        for i in sorted(phrase):
            word = words[i]
            first = i == min(phrase) and word.upos != "PROPN"
            made.append(Word(word.form.lower() if first else word.form, word.lemma, word.upos, word.xpos,
                             number.get(word.head, at), "obj" if i == done_to else word.relation))
        return self._with_time(made) if is_tree(made) else None

    def _name(self, first, relation):
        """The words of a name from place `first` on; the head of its last is -1."""
        name = self.random.choices(self.names, self.weights)[0]
        words = [Word(form, form.lower(), upos, xpos, -1 if head < 0 else head + first,
                      relation if head < 0 else own) for form, upos, xpos, head, own in name]
        if self.owned and relation in SUBJECTS and self._chance(0.25):
            owner = words[-1]
            owner.head, owner.relation = first + len(words) + 1, "nmod:poss"
            words.append(Word("'s", "'s", "PART", "POS", first + len(words) - 1, "case"))
            noun = self.random.choice(self.owned)
            words.append(Word(noun, noun, "NOUN", "NN", -1, relation))
        return words

    def _is_doubtful(self, verb):
        base = self.tenses.bases.get(verb.form.lower()) if verb.xpos == "VBD" else None
        return (present_of(base, False) if base else verb.form.lower()) in self.nouns

    def _chance(self, share):
        return self.random.random() < share

    def _make(self, sentence, below, verb):
        words = sentence.words
        kinds = [words[i].relation for i in below[verb]]
        if any(kind in CLAUSES for kind in kinds):
            return None
        subject = next((i for i in below[verb] if words[i].relation in SUBJECTS and i < verb), -1)
        if subject < 0 or words[subject].xpos in ("WDT", "WP", "EX"):
            return None
        if words[verb].xpos == "VBN" and not any(kind in ("aux", "aux:pass") for kind in kinds):
            return None
        if set(kinds) <= {"nsubj", "punct"} and not self._chance(0.1):
            return None
        kept, phrases, keeps_oblique = {verb}, [], self._chance(0.6)
        for i in below[verb]:
            relation = words[i].relation
            if relation in OF_VERBS or words[i].form.lower() in NEGATIONS:
                kept.add(i)
            elif relation == "obl" and i > verb and keeps_oblique and not below_clause(words, below, i):
                keeps_oblique = False
                phrases.append(i)
            elif relation in ARGUMENTS and relation != "obl" and (i == subject or i > verb):
                phrases.append(i)
            elif relation == "obl:npmod" and i > verb and self._chance(0.3):
                phrases.append(i)
        for i in phrases:
            self._keep_phrase(words, below, i, kept, 0)
        if len(kept) > WORDS_MAX or len(kept) < 2:
            return None
        if len(phrases) == 1 and "nsubj" in kinds and len(below[verb]) > 3:
            return None  # what it was about is gone
        return self._join(sentence, below, verb, sorted(kept), phrases)

    def _keep_phrase(self, words, below, node, kept, depth):
        kept.add(node)
        for i in below[node]:
            relation = words[i].relation
            if relation in OF_NOUNS:
                if relation != "amod" or self._chance(0.7) or words[i].xpos == "NNP":
                    self._keep_phrase(words, below, i, kept, depth + 1)
            elif relation == "nmod" and i > node and depth < 2 and self._chance(0.4):
                self._keep_phrase(words, below, i, kept, depth + 1)

    def _replaces(self, words, node, agrees):
        share = 0.45 if words[node].upos == "PROPN" else 0.2
        if words[node].upos == "PRON":
            share = 0.5
        if words[node].relation in SUBJECTS and not agrees:
            share = 0  # a name is singular
        return words[node].relation != "obl:npmod" and words[node].upos != "NUM" and \
            self._chance(share)

    def _join(self, sentence, below, verb, kept, phrases):
        words = sentence.words
        finite = next((words[i] for i in kept if words[i].relation in ("aux", "aux:pass") and
                       words[i].head == verb), words[verb])
        agrees = finite.xpos in ("VBD", "VBZ", "MD") and finite.form.lower() != "were"
        of_phrase = {}
        for node in phrases:
            if self._replaces(words, node, agrees):
                for i in subtree(below, node):
                    of_phrase[i] = node
        made, number, open_heads = [], {}, []
        for i in kept:
            node = of_phrase.get(i)
            if node is not None and i != node and words[i].relation == "case" and words[i].head == node:
                node = None  # the preposition stays
            if node is not None and i != node:
                continue
            if node is None:
                number[i] = len(made)
                made.append(Word(words[i].form, words[i].lemma, words[i].upos, words[i].xpos, 0,
                                 words[i].relation))
                open_heads.append((len(made) - 1, words[i].head))
                continue
            for word in self._name(len(made), words[node].relation):
                if word.head < 0:
                    number[node] = len(made)
                    open_heads.append((len(made), words[node].head))
                made.append(word)
        for at, head in open_heads:
            made[at].head = number.get(head, -2)
        made[number[verb]].head, made[number[verb]].relation = -1, "root"
        if any(word.head == -2 for word in made) or not is_tree(made):
            return None
        finite = next((word for word in made if word.relation in ("aux", "aux:pass") and
                       word.head == number[verb]), made[number[verb]])
        if finite.xpos in ("VBZ", "VBP") and \
                self._chance(0.3 if self._is_doubtful(finite) else 0.6):
            self.tenses.to_past(finite)
        elif finite.xpos == "VBD" and finite.upos == "VERB" and \
                self._chance(0.5 if self._is_doubtful(finite) else 0.2):
            self.tenses.to_present(made, finite)
        return self._with_time(made)

    @staticmethod
    def _written(made):
        text = ""
        for n, word in enumerate(made):
            joined = word.form.startswith("'") or word.form in ("n't", ",")
            if n and not joined:
                text += " "
            if n == 0:
                word.form = word.form[:1].upper() + word.form[1:]
            elif word.form == "The" or (word.form == "A" and word.upos == "DET"):
                word.form = word.form.lower()
            word.begin, word.end = len(text), len(text) + len(word.form)
            text += word.form
        return Sentence(text + ".", made)


def copy_of(word, shift):
    """The word as one of words that stand `shift` places later; the root stays the root."""
    return Word(word.form, word.lemma, word.upos, word.xpos,
                word.head if word.head < 0 else word.head + shift, word.relation)


def subtree(below, node):
    found = [node]
    for i in found:
        found.extend(below[i])
    return found


def below_clause(words, below, node):
    """Does the phrase hang on a clause in place of a noun?"""
    return words[node].upos in ("VERB", "ADJ", "ADV") or any(
        words[i].relation in ("mark", "cop") for i in below[node])
