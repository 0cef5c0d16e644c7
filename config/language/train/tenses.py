"""Past and present of finite verbs, by what gold treebanks hold, else by rule.

The news that we have tell the day's events in the present tense; most newspapers do not.
"""

import collections

from treebank import Sentence, Word

BE_PAST = {"is": "was", "are": "were", "am": "was", "'s": "was", "'re": "were", "has": "had",
           "have": "had", "'ve": "had", "does": "did", "do": "did"}


def present_of(base, plural):
    if plural:
        return base
    if base == "have":
        return "has"
    if base.endswith(("s", "sh", "ch", "x", "z", "o")):
        return base + "es"
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        return base[:-1] + "ies"
    return base + "s"


def bases_of_past(sentences):
    """{"went": "go"} from the lemmas of gold treebanks."""
    bases = {}
    for sentence in sentences:
        for word in sentence.words:
            if word.xpos == "VBD" and word.upos == "VERB":
                bases[word.form.lower()] = word.lemma
    return bases


class Tenses:
    """Changes finite verbs in place; who makes the text anew is the caller."""

    def __init__(self, gold):
        self.bases = bases_of_past(gold)
        pasts, presents, participles = collections.defaultdict(collections.Counter), {}, {}
        for sentence in gold:
            for word in sentence.words:
                if word.upos == "VERB" and word.xpos == "VBD":
                    pasts[word.lemma][word.form.lower()] += 1
                if word.upos == "VERB" and word.xpos in ("VBZ", "VBP"):
                    presents[word.form.lower()] = word.lemma
                if word.upos == "VERB" and word.xpos == "VBN":
                    participles[word.form.lower()] = word.lemma
        self.presents, self.participles = presents, participles
        self.pasts = {base: min(forms, key=lambda form: (-forms[form], form))
                      for base, forms in pasts.items()}

    def _base(self, form, xpos):
        if form in self.presents or xpos != "VBZ" or not form.endswith("s"):
            return self.presents.get(form, form)
        if form.endswith("ies"):
            return form[:-3] + "y"
        if form.endswith(("sses", "shes", "ches", "xes", "zes", "oes")):
            return form[:-2]
        return form[:-1]

    def past_of(self, form, xpos):
        base = self._base(form, xpos)
        if base in self.pasts:
            return self.pasts[base]
        if base.endswith("e"):
            return base + "d"
        if base.endswith("y") and base[-2:-1] not in "aeiou":
            return base[:-1] + "ied"
        return base + "ed"

    def active_of(self, participle, drawn):
        """(form, Penn tag) of a finite verb, now and then in the present; None: not known."""
        base = self.participles.get(participle)
        if base and drawn.random() < 0.5:
            return present_of(base, False), "VBZ"
        if base in self.pasts:
            return self.pasts[base], "VBD"
        return (participle, "VBD") if participle.endswith("ed") else None

    def to_past(self, word):
        """"opens" -> "opened", "has" -> "had"."""
        form = word.form.lower()
        word.form = BE_PAST[form] if form in BE_PAST else self.past_of(form, word.xpos)
        word.xpos = "VBD"

    def to_present(self, words, verb):
        """"opened" -> "opens", where the verb has a subject."""
        if verb.xpos != "VBD" or verb.upos != "VERB":
            return
        base = self.bases.get(verb.form.lower())
        subject = next((w for w in words if w.head >= 0 and words[w.head] is verb and
                        w.relation == "nsubj"), None)
        if subject is None or not base:
            return
        joined = any(w.relation == "conj" and words[w.head] is subject for w in words if w.head >= 0)
        plural = subject.xpos in ("NNS", "NNPS") or joined or \
            subject.form.lower() in ("they", "we", "i", "you")
        verb.form = present_of(base, plural)
        verb.xpos = "VBP" if plural else "VBZ"

    def past_sentence(self, sentence):
        """The same sentence with every finite verb in the past."""
        text, made, end = "", [], 0
        for word in sentence.words:
            copy = Word(word.form, word.lemma, word.upos, word.xpos, word.head, word.relation)
            if word.upos in ("VERB", "AUX") and word.xpos in ("VBZ", "VBP"):
                self.to_past(copy)
                if text.endswith("'") or word.form.startswith("'"):
                    return None  # "it's": no past of one word
            if word.begin >= end:
                text += sentence.text[end:word.begin]
                copy.begin = len(text)
                text += copy.form
                end = word.end
            else:
                return None  # words that are written as one
            copy.end = len(text)
            made.append(copy)
        return Sentence(text + sentence.text[end:], made)
