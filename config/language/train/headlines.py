"""Headlines made from sentences by rule: no articles, no auxiliaries, present tense."""

import random

from treebank import Sentence, Word, is_tree

BE = {"be", "is", "are", "was", "were", "been", "being", "am", "'s", "'re", "'m"}
HAVE = {"have", "has", "had", "'ve"}
SAYS = {"says": 1, "said": 1, "claims": 1, "claimed": 1, "warns": 1, "warned": 1, "announces": 1,
        "announced": 1, "reports": 1, "reported": 1, "states": 1, "stated": 1}
WORDS_MAX = 30
SMALL = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"}


class HeadlineMaker:
    """make(sentence) -> Sentence or None; draws from its own seeded generator."""

    def __init__(self, tenses, seed, plain=False):
        self.tenses, self.random, self.plain = tenses, random.Random(seed), plain

    def make(self, sentence):
        words = [self._copy(word) for word in sentence.words]
        if not 4 <= len(words) <= WORDS_MAX:
            return None
        if not any(word.relation in ("nsubj", "nsubj:pass") for word in words):
            return None
        dropped = self._dropped(words)
        if not self.plain and self.random.random() < 0.3:
            self._speaker_first(sentence, words, dropped)
        for word in words:
            self.tenses.to_present(words, word)
        if not self.plain and self.random.random() < 0.4:
            self._future(words)
        return self._join(sentence, words, dropped)

    @staticmethod
    def _copy(word):
        copy = Word(word.form, word.lemma, word.upos, word.xpos, word.head, word.relation)
        copy.begin, copy.end = word.begin, word.end
        return copy

    def _dropped(self, words):
        heads = {word.head for word in words}
        dropped = set()
        for index, word in enumerate(words):
            form = word.form.lower()
            leaf = index not in heads
            if leaf and word.relation == "det" and form in ("a", "an", "the"):
                dropped.add(index)
            if leaf and word.relation in ("aux", "aux:pass", "cop") and form in BE:
                dropped.add(index)
            if leaf and word.relation == "aux" and form in HAVE:
                dropped.add(index)
        if words[-1].form in (".", "...") and len(words) - 1 not in heads:
            dropped.add(len(words) - 1)
        return dropped

    def _speaker_first(self, sentence, words, dropped):
        """"X said that Y" -> "X: Y" where "said" is the root, X is before it and Y behind."""
        root = next(i for i, word in enumerate(words) if word.head < 0)
        below = sentence.children()[root]
        said = [i for i in below if words[i].relation == "ccomp" and i > root]
        who = [i for i in below if words[i].relation == "nsubj" and i < root]
        if words[root].form.lower() not in SAYS or len(said) != 1 or len(who) != 1:
            return
        for i in below:
            if i not in (said[0], who[0]) and words[i].relation != "punct":
                return
        for i, word in enumerate(words):
            if word.head == said[0] and word.relation == "mark" and word.form.lower() == "that":
                dropped.add(i)
            if word.head == root and word.relation == "punct":
                word.head = said[0]
                if i > root:
                    dropped.add(i)
        words[said[0]].head, words[said[0]].relation = -1, "root"
        words[who[0]].head, words[who[0]].relation = said[0], "parataxis"
        words[root].form, words[root].upos, words[root].xpos = ":", "PUNCT", ":"
        words[root].head, words[root].relation = said[0], "punct"

    def _future(self, words):
        for index, word in enumerate(words):
            if word.form.lower() == "will" and word.relation == "aux" and word.head > index:
                word.form, word.upos, word.xpos, word.relation = "to", "PART", "TO", "mark"

    def _join(self, sentence, words, dropped):
        kept = [i for i in range(len(words)) if i not in dropped]
        if len(kept) < 3:
            return None
        style = 0.9 if self.plain else self.random.random()
        number, text, made = {i: n for n, i in enumerate(kept)}, "", []
        for n, i in enumerate(kept):
            word = words[i]
            previous = sentence.words[i - 1] if i else None
            spaced = previous is not None and previous.end < word.begin
            if n and (spaced or kept[n - 1] != i - 1) and word.form != ":":
                text += " "
            form = self._cased(word.form, style, n == 0)
            word.begin, word.end = len(text), len(text) + len(form)
            text += form
            word.head = -1 if word.head < 0 else number.get(word.head, -2)
            made.append(word)
        headline = Sentence(text, made)
        if any(word.head == -2 for word in made) or not is_tree(made):
            return None
        return headline

    @staticmethod
    def _cased(form, style, first):
        if style < 0.04:
            return form.upper()
        if first or (style < 0.3 and form.lower() not in SMALL):
            return form[:1].upper() + form[1:]
        return form
