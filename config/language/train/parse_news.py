#!/usr/bin/env python3
"""parse_news.py TEXT OUT.conll.xz: news text, a paragraph a line, parsed by a public model.

Needs spaCy 3.8 and its model en_core_web_sm (pip install spacy; python3 -m spacy download
en_core_web_sm). Writes what clear_to_universal.py reads: `# text =`, then a line a word: number,
form, UPOS, Penn tag, head (0: none), relation of the ClearNLP scheme."""

import lzma
import sys

import spacy


def rows(sentence):
    words = [token for token in sentence if not token.is_space]
    number = {token.i: n for n, token in enumerate(words, 1)}
    for token in words:
        head = token.head
        while head.i not in number and head.head.i != head.i:
            head = head.head
        yield "%d\t%s\t%s\t%s\t%d\t%s" % (
            number[token.i], token.text, token.pos_, token.tag_, number.get(head.i, 0), token.dep_)


def main():
    model = spacy.load("en_core_web_sm", exclude=["ner", "lemmatizer"])
    # The tagger's parts of speech come of the attribute ruler; the lemmatizer only slows.
    with open(sys.argv[1], encoding="utf-8") as text, lzma.open(sys.argv[2], "wt", encoding="utf-8") as out:
        for document in model.pipe((line.strip() for line in text), batch_size=64):
            for sentence in document.sents:
                if sentence.text.strip():
                    out.write("# text = %s\n%s\n\n" % (sentence.text.strip(), "\n".join(rows(sentence))))


if __name__ == "__main__":
    main()
