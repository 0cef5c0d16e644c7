#!/usr/bin/env python3
"""convert.py DATA OUT: the treebanks of the folder DATA in one scheme, for `trainer` (README.md).

Standard library only; the same input gives the same bytes."""

import collections
import pathlib
import sys

import treebank
from clear_to_universal import convert
from headlines import HeadlineMaker, bases_of_past
from treebank import is_tree, read_clear, read_universal, write

HEADLINES_EVERY = 3  # one sentence of so many also becomes a headline


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
        if is_tree(sentence.words):
            sentences.append(sentence)
    return sentences


def headlines(sentences, bases, seed, every, plain):
    maker = HeadlineMaker(bases, seed, plain)
    made = (maker.make(sentence) for sentence in sentences[::every])
    return [headline for headline in made if headline]


def main():
    data, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    gold = {name: list(read_universal(data / "ud-en" / (name + ".conllu.xz")))
            for name in ("ewt-train", "gumfree-train", "ewt-test", "gumfree-test", "pud")}
    train = gold["ewt-train"] + gold["gumfree-train"]
    news = silver(data / "en_silver_portal.conll.xz", tag_habits(train))
    cut = len(news) * 9 // 10
    bases = bases_of_past(train)
    write(out / "news-train", news[:cut])
    write(out / "gold-train", train)
    write(out / "headlines-train", headlines(train + news[:cut], bases, 1, HEADLINES_EVERY, False))
    for name, sentences in (("news", news[cut:]), ("pud", gold["pud"]), ("ewt", gold["ewt-test"]),
                            ("gum", gold["gumfree-test"])):
        write(out / (name + "-test"), sentences)
        write(out / (name + "-headlines-test"), headlines(sentences, bases, 2, 1, True))


if __name__ == "__main__":
    main()
