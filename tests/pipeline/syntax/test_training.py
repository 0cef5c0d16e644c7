#!/usr/bin/env python3
"""The training, on a few invented sentences: the scheme that treebanks are brought into, and the
same bytes from the same inputs. TOCSIN_TRAINER: the trainer's binary."""

import lzma
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
TRAIN = HERE.parents[2] / "config/language/train"
sys.path.insert(0, str(TRAIN))
sys.dont_write_bytecode = True

import headlines  # noqa: E402
import plain  # noqa: E402
import tenses  # noqa: E402
import treebank  # noqa: E402
from clear_to_universal import convert  # noqa: E402


def packed(folder, name, times=1):
    path = folder / "packed.xz"
    with lzma.open(path, "wt", encoding="utf-8") as out:
        out.write((HERE / "treebanks" / name).read_text(encoding="utf-8") * times)
    return path


def arcs(sentence):
    """{"word": "relation head"}; a word that comes twice: the last."""
    words = sentence.words
    return {word.form: "%s %s" % (word.relation, words[word.head].form if word.head >= 0 else "-")
            for word in words}


class Scheme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.gold = list(treebank.read_universal(packed(pathlib.Path(folder), "gold.conllu")))
            cls.news = list(treebank.read_clear(packed(pathlib.Path(folder), "news.conll")))
        for sentence in cls.news:
            convert(sentence)
            treebank.normalise(sentence)

    def check(self, sentence, expected):
        found = arcs(sentence)
        self.assertEqual({form: found[form] for form in expected}, expected)
        self.assertTrue(treebank.is_tree(sentence.words))

    def test_names_hang_on_their_last_word(self):
        self.check(self.gold[1], {"Anna": "compound Berg", "Berg": "nsubj said", "Mayor": "compound Berg"})

    def test_an_agent_is_called_one(self):
        self.check(self.gold[2], {"ferry": "obl:agent rescued"})

    def test_what_a_preposition_governs_takes_its_place(self):
        self.check(self.news[0], {"wave": "obl:agent hit", "by": "case wave", "Norway": "nmod wave",
                                  "off": "case Norway", "ferry": "nsubj:pass hit"})

    def test_the_predicate_takes_the_place_of_be(self):
        self.check(self.news[0], {"port": "conj hit", "is": "cop port", "and": "cc port"})

    def test_who_is_asked_is_an_object(self):
        self.check(self.news[1], {"crew": "obj asked", "leave": "xcomp asked", "to": "mark leave",
                                  "leak": "obl leave", "because": "case leak"})

    def test_a_headline_has_no_articles_and_no_past(self):
        maker = headlines.HeadlineMaker(tenses.Tenses(self.gold), 1, plain=True)
        self.assertEqual(maker.make(self.gold[1]).text, "Mayor Anna Berg says build-up ends")
        self.assertEqual(maker.make(self.gold[2]).text, "Two crews rescued by ferry on Monday")


    def test_the_news_are_told_in_the_past_too(self):
        told = tenses.Tenses(self.gold).past_sentence(self.news[0])
        self.assertIn(" was ", told.text)
        self.assertEqual([told.text[word.begin:word.end] for word in told.words],
                         [word.form for word in told.words])

    def test_plain_sentences_are_trees_of_their_own_words(self):
        names = ([(("Norway", "PROPN", "NNP", -1, "nsubj"),)], [1])
        made = []
        for seed in range(20):
            maker = plain.PlainMaker(tenses.Tenses(self.gold), names, self.gold, seed)
            made += [short for sentence in self.gold + self.news for short in maker.make_all(sentence)]
        self.assertTrue(made)
        for sentence in made:
            self.assertTrue(treebank.is_tree(sentence.words), sentence.text)
            for word in sentence.words:
                self.assertEqual(sentence.text[word.begin:word.end], word.form)
        self.assertTrue(any(s.text.startswith("Norway rescued two crews") for s in made),
                        {s.text for s in made})


class Plain(unittest.TestCase):
    def test_plain_short_sentences_say_who_does_what_to_whom(self):
        model = TRAIN.parent / "en/model.bin"
        said = subprocess.run([os.environ["TOCSIN_TRAINER"], "plain", HERE / "plain.tsv", model],
                              check=True, capture_output=True, text=True).stdout
        shares = re.findall(r"plain sentences as \w+: (\d+) of (\d+) right", said)
        self.assertEqual(len(shares), 2, said)
        for right, all_of_them in shares:
            self.assertGreaterEqual(int(right), 0.97 * int(all_of_them), said)


class Bytes(unittest.TestCase):
    def test_the_same_inputs_give_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "ud-en").mkdir()
            for part in ("ewt-train", "gumfree-train", "ewt-test", "gumfree-test", "pud"):
                packed(folder, "gold.conllu", 20).rename(folder / "ud-en" / (part + ".conllu.xz"))
            packed(folder, "news.conll", 20).rename(folder / "en_silver_portal.conll.xz")
            models = []
            for turn in ("one", "two"):
                corpus, model = folder / turn, folder / (turn + ".bin")
                subprocess.run([TRAIN / "convert.py", folder, corpus], check=True)
                for verb in ("train", "measure"):
                    subprocess.run([os.environ["TOCSIN_TRAINER"], verb, corpus, model], check=True,
                                   stdout=subprocess.DEVNULL)
                models.append(model.read_bytes())
            self.assertEqual(models[0], models[1])


if __name__ == "__main__":
    unittest.main()
