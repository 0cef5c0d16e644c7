#!/usr/bin/env python3
"""Holds the tree to the rules that no compiler checks. Standard library only.

tidy.py               lengths, names, words, layering, embedded data
tidy.py --format      clang-format on every C++ file
tidy.py --shell       shellcheck on every shell script
tidy.py --clang BUILD clang-tidy on the sources in BUILD/compile_commands.json
Prints `file:line: what is wrong` for each fault; exit 0 or 1.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
# What only GCC knows, and what librdkafka's macros use.
CLANG_ARGUMENTS = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-gnu-statement-expression"]
# Longer ones that stand: a table of metrics is data; what else grows must be split.
FUNCTION_LINES_MAX_OF = {"daemon/metrics.cpp": 160}
# English belongs in config/language and config/lexicon. What stands in code all the same: how many words
# (literals that those files know as words), and why. The numbers may shrink, never grow.
ENGLISH_FOLDERS = ("pipeline/text/", "pipeline/language/", "pipeline/dedupe/", "pipeline/entities/",
                   "pipeline/syntax/", "pipeline/tension/", "pipeline/alerts/genre")
ENGLISH_MAX = 60
ENGLISH_OF = {
    "pipeline/text/tokens.cpp": (14, "what \"'s\" and \"'t\" join: tokens come before the language is known"),
    "pipeline/dedupe/boilerplate.cpp": (1, "the article that outlets may leave out of their names"),
    "pipeline/entities/gazetteer.cpp": (25, "particles of names in any language: rows are of none"),
    "pipeline/tension/lexicon.cpp": (8, "forms in patterns, three conjunctions"),
    "pipeline/tension/match.cpp": (3, "prefixes that undo an act"),
}
# Keys and codes that are spelled like words: not counted.
KEYS_OF = {
    "pipeline/text/language.cpp": (9, "codes of languages"),
    "pipeline/text/clean.cpp": (16, "tags of HTML"),
    "pipeline/entities/gazetteer_lint.cpp": (6, "offices of the gazetteer"),
    "pipeline/syntax/tree.cpp": (3, "names of relations"),
    "pipeline/tension/lexicon_state.h": (1, "name of a class"),
    "pipeline/tension/score.cpp": (2, "names of modalities"),
}
SKIPPED_FOLDERS = {".git", ".cache", "build", "__pycache__"}
CPP = {".h", ".cpp"}

# What pipeline/ may include beside the standard library, and where.
PIPELINE_INCLUDES = [
    (r'"pipeline/', ""),
    (r"<boost/system/", ""),
    (r"<xxhash\.h>", ""),
    (r"<simdjson\.h>", "pipeline/decode/"),
    (r"<cld2/", "pipeline/text/"),
    (r"<immintrin\.h>", "pipeline/syntax/layers.cpp"),
    (r"<immintrin\.h>", "pipeline/dedupe/sketch.cpp"),
    (r"<sys/mman\.h>", "pipeline/dedupe/huge_pages.h"),
]
STANDARD_HEADER = re.compile(r"<[a-z_0-9]+>")
# Split, so that this file does not trip over itself.
WORDS = re.compile(r"\b(FIX" r"ME|X" r"XX|TO" r"DO)\b")
INITIALISER_LIST = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:)(?![^()]*;)")
CLASS_NAME = re.compile(r"\b(?:class|struct)\s+(\w*(?:Manager|Handler|Helper|Utils?|Context))\b")
LIBRDKAFKA = re.compile(r"\b(?:rd_kafka_|RD_KAFKA_)|[<\"]librdkafka/")
MACHINE = re.compile(
    r"(?<![\w.])/(?:wo" r"rk|ro" r"ot|ho" r"me)/\w"
    r"|repo1?\.maven|py" r"pi\.org|deb\.deb" r"ian\.org|registry\.npm" r"js|crates" r"\.io")


def files(suffixes=None):
    for folder, names, found in os.walk(ROOT):
        names[:] = sorted(set(names) - SKIPPED_FOLDERS)
        for name in sorted(set(found) - SKIPPED_FOLDERS):  # .git is a file in a worktree
            path = pathlib.Path(folder, name)
            if name == ".git":
                continue  # of a worktree: a file that names its repository
            if suffixes is None or path.suffix in suffixes:
                yield path


def at(path, line):
    return "%s:%d" % (path.relative_to(ROOT), line)


def blank_out(source):
    """The source with comments and literals as spaces; every offset stays where it was."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), re.sub(r"(?<=\w)'(?=\w)", "_", source))


def functions(source):
    """(first line, lines) of each function body that stands in a namespace or class."""
    text = re.sub(r"(?m)^[ \t]*#.*(?:\\\n.*)*", lambda m: re.sub(r"[^\n]", " ", m.group()), blank_out(source))
    stack, head_start = [], 0
    for match in re.finditer(r"[{};]", text):
        mark, offset = match.group(), match.start()
        if mark == "{":
            head = text[head_start:offset]
            # Braces that initialise a member, before a constructor's body: they belong to its head.
            is_member = INITIALISER_LIST.search(head) and re.search(r"[\w>]\s*$", head)
            if is_member or head.count("(") > head.count(")") or (stack and stack[-1][0] == "member"):
                stack.append(("member", offset))
                continue
            scope = re.search(r"\b(namespace|class|struct|union|enum|extern)\b", head)
            outside = all(kind == "scope" for kind, _ in stack)
            if "(" in head and outside:
                stack.append(("function", head_start + len(head) - len(head.lstrip())))
            else:
                stack.append(("scope" if scope and outside else "block", offset))
        elif mark == "}" and stack:
            kind, start = stack.pop()
            if kind == "member":
                continue  # the head goes on
            if kind == "function":
                first = text.count("\n", 0, start) + 1
                yield first, text.count("\n", 0, offset) + 2 - first
        head_start = offset + 1


def check_cpp(path, source):
    relative = str(path.relative_to(ROOT))
    for number, line in enumerate(source.split("\n"), 1):
        if len(line) > COLUMNS_MAX:
            yield "%s: %d columns; the limit is %d" % (at(path, number), len(line), COLUMNS_MAX)
        name = CLASS_NAME.search(line)
        if name:
            yield "%s: '%s' says nothing; use a noun of the field" % (at(path, number), name.group(1))
        include = re.match(r'\s*#\s*include\s*(["<][^">]*[">])', line)
        if include and relative.startswith("pipeline/") and not pipeline_may(relative, include.group(1)):
            yield "%s: pipeline/ may not include %s here" % (at(path, number), include.group(1))
        if LIBRDKAFKA.search(line) and relative.startswith("daemon/") and not relative.startswith("daemon/kafka/"):
            yield "%s: librdkafka stands in daemon/kafka/ alone" % at(path, number)
    for bare in re.finditer(r"[;{}]\s*(rc::check\()", source):  # it returns whether the property holds
        yield "%s: a property that cannot fail: EXPECT_TRUE(rc::check(...))" % (
            at(path, source.count("\n", 0, bare.start(1)) + 1))
    for first, length in functions(source):
        limit = FUNCTION_LINES_MAX_OF.get(relative, FUNCTION_LINES_MAX)
        if length > limit:
            yield "%s: a function of %d lines; the limit is %d" % (at(path, first), length, limit)


LOG_CALL = re.compile(r'spdlog::(?:trace|debug|info|warn|error|critical|log)\((?:[^";]*?,)?\s*((?:"(?:\\.|[^"\\])*"\s*)+)')


def check_log_calls(path, source):
    """Before the second ": " a value is `key={}`: what others wrote stands behind it (daemon/log.h)."""
    for call in LOG_CALL.finditer(source):
        text = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', call.group(1)))
        fields = re.sub(r"^[a-z_{}]+: ", "", text).split(": ")[0]
        if re.search(r"(?<!=)\{[^{}]*\}", fields):
            yield "%s: '%s': a value without a key belongs behind ': '" % (
                at(path, source.count("\n", 0, call.start()) + 1), fields)


def pipeline_may(path, include):
    if STANDARD_HEADER.fullmatch(include):
        return True
    return any(re.match(pattern, include) and path.startswith(folder)
               for pattern, folder in PIPELINE_INCLUDES)


def check_text(path, source):
    for number, line in enumerate(source.split("\n"), 1):
        for pattern, what in ((WORDS, "unfinished work belongs in an issue"),
                              (MACHINE, "a path or host of one machine")):
            found = pattern.search(line)
            if found:
                yield "%s: '%s': %s" % (at(path, number), found.group(), what)


def english_words():
    """The words of the classes and groups of config/language/en."""
    words, section = set(), ""
    for path in sorted((ROOT / "config/language/en").glob("*.yaml")):
        for line in path.read_text().split("\n"):
            section = line if re.match(r"\w+:", line) else section
            if section in ("groups:", "classes:") and not line.lstrip().startswith("#"):
                words.update(re.findall(r"[a-z][a-z']*(?![a-z'_>])", line.split(": ")[-1]))
    return words


def check_english():
    known = english_words()
    count = sum(words for words, _ in ENGLISH_OF.values())
    if count > ENGLISH_MAX:
        yield "tests/tidy.py: %d English words are explained, %d may" % (count, ENGLISH_MAX)
    for path in files(CPP):
        relative = str(path.relative_to(ROOT))
        if not relative.startswith(ENGLISH_FOLDERS):
            continue
        source = re.sub(r"(?m)^\s*#\s*include.*$", "", path.read_text())
        names = set(re.findall(r"\w+", blank_out(source)))  # a literal that is an enumerator's name is a key
        found = [w for w in re.findall(r'"([a-z][a-z\']*)"', re.sub(r"//[^\n]*", "", source))
                 if w in known and w not in names]
        allowed = (ENGLISH_OF | KEYS_OF).get(relative, (0, ""))[0]
        if len(found) > allowed:
            yield "%s: %d English words (%s ...), %d may; they belong in config/language" % (
                at(path, 1), len(found), ", ".join(found[:5]), allowed)


def check_embedded():
    """The binary carries its lexicon, gazetteer and models: each file must stand in a CMake list."""
    lists = "".join(p.read_text() for p in files() if p.name == "CMakeLists.txt")
    for folder in ("config/lexicon", "config/gazetteer", "config/language"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in {".yaml", ".yml", ".tsv", ".bin"} and path.name not in lists:
                yield "%s: stands in no CMakeLists.txt, so the binary does not carry it" % at(path, 1)


def check_links(path, source):
    """A link in a page to a file of the tree leads there."""
    for number, line in enumerate(source.split("\n"), 1):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line):
            if not (path.parent / target).exists():
                yield "%s: '%s' is not there" % (at(path, number), target)


def check_names():
    """One type a name in one program: of two, the linker keeps one's members for both, without a word."""
    homes = {}
    for path in files({".h"}):
        if path.relative_to(ROOT).parts[0] not in {"pipeline", "config", "daemon"}:
            continue
        for number, line in enumerate(path.read_text().split("\n"), 1):
            defined = re.match(r"(?:struct|class|enum class) (\w+)(?: final)?(?: :[^:].*)? \{", line)
            if defined:
                other = homes.setdefault(defined.group(1), at(path, number))
                if other != at(path, number):
                    yield "%s: '%s' is also at %s" % (at(path, number), defined.group(1), other)


# Who may include another folder's internal header, and why.
INTERNAL_TO = {"daemon/commands/check.cpp": "says how many names there are",
               "config/gazetteer_examples.cpp": "dates of examples", "config/sense_reader.cpp": "dates of examples"}


def check_internal():
    """A header that says in its head that it is internal is included in its own folder and in tests."""
    internal = {}
    for path in files({".h"}):
        head = " ".join(path.read_text().split("\n")[:6])
        if re.search(r"\b[Ii]nternal to\b|[;,] internal\b|for the files of this folder only", head):
            internal[str(path.relative_to(ROOT))] = str(path.relative_to(ROOT).parent)
    for path in files(CPP):
        relative = str(path.relative_to(ROOT))
        if relative.startswith("tests/") or relative in INTERNAL_TO:
            continue
        for number, line in enumerate(path.read_text().split("\n"), 1):
            included = re.match(r'#include "([^"]*)"', line)
            folder = internal.get(included.group(1)) if included else None
            if folder and str(path.relative_to(ROOT).parent) != folder:
                yield "%s: %s is internal to %s" % (at(path, number), included.group(1), folder)


def check_tree():
    for path in files():
        try:
            source = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # test data on purpose
        if path.suffix not in {".jsonl", ".tsv"}:
            yield from check_text(path, source)
        if path.suffix in CPP:
            yield from check_cpp(path, source)
            yield from check_log_calls(path, source)
        if path.suffix == ".md":
            yield from check_links(path, source)
    yield from check_english()
    yield from check_embedded()
    yield from check_names()
    yield from check_internal()


def run(command):
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.strip() or "%s failed" % command[0] if done.returncode else ""


def check_format():
    sources = [str(p.relative_to(ROOT)) for p in files(CPP)]
    return [f for f in [run(["clang-format", "--dry-run", "-Werror", *sources])] if f]


def check_shell():
    scripts = [str(p.relative_to(ROOT)) for p in files()
               if p.name == "packages" or p.read_bytes()[:40].split(b"\n")[0].endswith(b"bash")]
    return [f for f in [run(["shellcheck", "-x", *scripts])] if f]


def check_clang(build):
    with open(build / "compile_commands.json", encoding="utf-8") as database:
        sources = sorted({e["file"] for e in json.load(database)})
    ours = [s for s in sources if re.match(r"(pipeline|daemon|config)/", os.path.relpath(s, ROOT))]
    os.nice(19)  # it takes every core for minutes, beside tests that wait for brokers
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda s: run(["clang-tidy", "--quiet", *CLANG_ARGUMENTS, "-p", str(build), s]), ours)
        return [f for f in found if f]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", action="store_true")
    parser.add_argument("--shell", action="store_true")
    parser.add_argument("--clang", type=pathlib.Path, metavar="BUILD")
    arguments = parser.parse_args()
    if arguments.format:
        faults = check_format()
    elif arguments.shell:
        faults = check_shell()
    elif arguments.clang:
        faults = check_clang(arguments.clang)
    else:
        faults = list(check_tree())
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
