#!/usr/bin/env python3
"""convert.py DATA OUT: the treebanks of the folder DATA in one scheme, for `trainer` (README.md).

Standard library only; the same input gives the same bytes."""

import collections
import pathlib
import random
import sys

import treebank
from clear_to_universal import convert
from headlines import HeadlineMaker
from plain import PlainMaker, names_of
from tenses import Tenses
from treebank import is_tree, read_clear, read_universal, write

HEADLINES_EVERY = 4  # one sentence of so many also becomes a headline
PLAIN_EVERY = 2      # of so many a plain sentence is cut from each of its verbs
PAST_SHARE = 0.35    # of the news are told in the past
# What stands in a title: headlines mostly, now and then a sentence; and headlines stand in bodies.
TITLE_SHARE = {"headline": 0.75, "plain": 0.4, "short": 0.25}
SHORT_WORDS_MAX = 14
TIMES = set("""january february march april may june july august september october november december
monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday eastern gmt utc
est edt pm am""".split())


def tag_habits(sentences):
    """{(form, Penn tag): UPOS} where gold treebanks agree."""
    seen = collections.defaultdict(collections.Counter)
    for sentence in sentences:
        for word in sentence.words:
            seen[word.form.lower(), word.xpos][word.upos] += 1
    habits = {}
    for key, counts in seen.items():
        (upos, count), = counts.most_common(1)
        if count >= 3 and count >= 0.8 * sum(counts.values()):
            habits[key] = upos
    return habits


def silver(path, habits):
    sentences = []
    for sentence in read_clear(path):
        convert(sentence)
        treebank.normalise(sentence)
        for word in sentence.words:
            # "be" and "have" were decided by their use.
            if word.upos not in ("AUX", "VERB"):
                habit = habits.get((word.form.lower(), word.xpos), word.upos)
                if word.xpos != "IN":  # ADP or SCONJ: decided by what it governs
                    word.upos = habit
            if word.xpos == "NNP" and word.upos == "ADJ" and word.relation == "compound":
                word.relation = "amod"  # the "United" of "United States"
        names_are_objects(sentence.words)
        if is_tree(sentence.words):
            sentences.append(sentence)
    return sentences


def names_are_objects(words):
    """A name right behind a verb without an object is its object; the other parser takes some for
    times ("attacked Monday")."""
    below = collections.defaultdict(set)
    for word in words:
        if word.head >= 0:
            below[word.head].add(word.relation)
    for index, word in enumerate(words):
        verb = word.head
        if word.relation != "obl:npmod" or word.upos != "PROPN" or not 0 <= verb < index:
            continue
        inside = all(between.head == index for between in words[verb + 1:index])
        if inside and word.form.lower() not in TIMES and words[verb].upos == "VERB" and \
                not below[verb] & {"obj", "ccomp", "xcomp", "aux:pass", "nsubj:pass"}:
            word.relation = "obj"


def headlines(sentences, tenses, seed, every, plain):
    maker = HeadlineMaker(tenses, seed, plain)
    made = (maker.make(sentence) for sentence in sentences[::every])
    return [headline for headline in made if headline]


def told_in_the_past(sentences, tenses, drawn):
    """Some of them in the past."""
    return [(drawn.random() < PAST_SHARE and tenses.past_sentence(sentence)) or sentence
            for sentence in sentences]


def plain_sentences(sentences, tenses, seed):
    maker = PlainMaker(tenses, names_of(sentences), sentences, seed)
    return [plain for sentence in sentences[::PLAIN_EVERY] for plain in maker.make_all(sentence)]


def put_in_titles(sentences, share, drawn, words_max=1000):
    for sentence in sentences:
        sentence.is_title = len(sentence.words) <= words_max and drawn.random() < share


def main():
    data, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    gold = {name: list(read_universal(data / "ud-en" / (name + ".conllu.xz")))
            for name in ("ewt-train", "gumfree-train", "ewt-test", "gumfree-test", "pud")}
    train = gold["ewt-train"] + gold["gumfree-train"]
    news = silver(data / "en_silver_portal.conll.xz", tag_habits(train))
    cut = len(news) * 9 // 10
    tenses, drawn = Tenses(train), random.Random(3)
    write_train(out, train, news[:cut], tenses, drawn)
    for name, sentences in (("news", news[cut:]), ("pud", gold["pud"]), ("ewt", gold["ewt-test"]),
                            ("gum", gold["gumfree-test"])):
        write(out / (name + "-test"), sentences)
        as_headlines = headlines(sentences, tenses, 2, 1, True)
        put_in_titles(as_headlines, 1, drawn)
        write(out / (name + "-headlines-test"), as_headlines)


def write_train(out, gold, news, tenses, drawn):
    plain = plain_sentences(news + gold, tenses, 4)
    made = headlines(gold + news, tenses, 1, HEADLINES_EVERY, False)
    made += headlines(plain, tenses, 5, 2 * HEADLINES_EVERY, False)
    put_in_titles(made, TITLE_SHARE["headline"], drawn)
    write(out / "headlines-train", made)
    put_in_titles(plain, TITLE_SHARE["plain"], drawn)
    write(out / "plain-train", plain)
    past = told_in_the_past(news, tenses, drawn)
    put_in_titles(past, TITLE_SHARE["short"], drawn, SHORT_WORDS_MAX)
    write(out / "news-train", past)
    write(out / "gold-train", gold)


if __name__ == "__main__":
    main()
