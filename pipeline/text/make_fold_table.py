#!/usr/bin/env python3
"""Writes fold_table.inc: how every code point is classed and folded (fold.h).

Run once, by hand: `python3 make_fold_table.py > fold_table.inc`. The result is checked in and pinned:
hashes of tokens, and with them the signatures of articles, must not change with a library's Unicode
version. Raise kSignatureVersion (dedupe/signature.h) when it is made anew.
"""
import html.entities
import unicodedata

LIMIT = 0x20000  # beyond: ideographs (singles), tags (ignored), everything else is a sign
PAGE = 64
CLASSES = ["other", "space", "line_break", "lower", "upper", "no_case", "single", "extend", "digit",
           "ignored", "apostrophe", "hyphen", "en_dash", "em_dash", "stop", "comma", "colon",
           "semicolon", "slash", "quote_both", "quote_open", "quote_close", "single_open",
           "paren_open", "paren_close"]
CLASS = {name: value for value, name in enumerate(CLASSES)}

# Letters that no decomposition reaches; the usual transliteration.
SPECIAL = {"ß": "ss", "ẞ": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe",
           "þ": "th", "ð": "d", "ħ": "h", "ŋ": "n", "ŧ": "t", "ƒ": "f", "ɓ": "b", "ɗ": "d", "ɖ": "d",
           "ɛ": "e", "ə": "e", "ɣ": "g", "ɨ": "i", "ƙ": "k", "ɲ": "n", "ɔ": "o", "ƴ": "y", "ſ": "s",
           "ĸ": "k", "ȷ": "j", "ς": "σ", "ƶ": "z"}
PUNCTUATION = {
    "apostrophe": "'’ʼʻʽ′ꞌ＇՚`´", "hyphen": "-‐‑−﹣－", "en_dash": "–‒", "em_dash": "—―⸺⸻",
    "stop": ".!?…‼‽⁇⁈⁉。｡．！？؟۔।॥։", "comma": ",，、､،﹐", "colon": ":：﹕",
    "semicolon": ";；؛﹔", "slash": "/&／＆", "quote_both": "\"＂", "quote_open": "“„«「『《〈‟",
    "quote_close": "”»」』》〉", "single_open": "‘‚‹‛", "paren_open": "([{（［｛【〔",
    "paren_close": ")]}）］｝】〕", "line_break": "\n\v\f\r\x85\u2028\u2029"}
BY_SIGN = {ord(sign): name for name, signs in PUNCTUATION.items() for sign in signs}
BY_SIGN[ord("›")] = "quote_close"

# Scripts written without spaces: every character is its own token.
SINGLES = [(0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007),
           (0x3021, 0x3029), (0x3031, 0x3035), (0x3038, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
           (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x1B000, 0x1B16F)]


def is_stripped_mark(char):
    """Diacritics, Hebrew points and Arabic vowel marks; not the vowel signs of Indic scripts
    (class 0), the nukta (7), the kana voicing marks (8) and the virama (9)."""
    return unicodedata.category(char) in ("Mn", "Me") and unicodedata.combining(char) not in (0, 7, 8, 9)


def class_of(code):
    char = chr(code)
    category = unicodedata.category(char)
    if code in BY_SIGN:
        return BY_SIGN[code]
    if category in ("Zs",) or char == "\t":
        return "space"
    if 0xFE00 <= code <= 0xFE0F or code == 0x034F or category == "Cf" or is_stripped_mark(char):
        return "ignored"
    if category == "Cc":
        return "space" if code < 0x20 else "other"
    if category == "Me":
        return "ignored"
    if category in ("Mn", "Mc"):
        return "extend"
    if category in ("Lo", "Lm", "Nl", "Nd") and any(a <= code <= b for a, b in SINGLES):
        return "digit" if category == "Nd" else "single"
    if category == "Nd":
        return "digit"
    if category in ("Lu", "Lt"):
        return "upper"
    if category == "Ll":
        return "lower"
    if category in ("Lo", "Lm", "Nl"):
        return "upper" if category == "Nl" and char.lower() != char else "no_case"
    return "other"


def fold_of(char):
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.decimal(char))
    previous = None
    while char != previous:  # to a fixed point: folding twice must not change anything
        previous = char
        char = unicodedata.normalize("NFKD", char)
        char = "".join(c for c in char if not is_stripped_mark(c) and c != "\u0640")
        char = char.casefold()
        char = "".join(SPECIAL.get(c, c) for c in char)
        char = unicodedata.normalize("NFKC", char)
    return char


def pages(values):
    """Pages of PAGE values, each stored once: (page of every block, the pages)."""
    index, stored, seen = [], [], {}
    for start in range(0, LIMIT, PAGE):
        page = tuple(values[start:start + PAGE])
        if page not in seen:
            seen[page] = len(stored)
            stored.append(page)
        index.append(seen[page])
    return index, [value for page in stored for value in page]


def array(kind, name, values):
    print(f"inline constexpr std::array<{kind}, {len(values)}> {name} = {{")
    line = "   "
    for value in values:
        if len(line) + len(str(value)) + 2 > 100:
            print(line)
            line = "   "
        line += f" {value},"
    print(line)
    print("};")


WORD = {"lower", "upper", "no_case", "single", "extend", "digit"}


def main():
    classes, folds, strings, offsets = [], [], bytearray(1), {"": 0}
    for code in range(LIMIT):
        if 0xD800 <= code < 0xE000:
            classes.append(0)
            folds.append(0)
            continue
        name = class_of(code)
        if code == 0x0640:
            name = "ignored"  # Arabic tatweel only stretches a line
        folded = fold_of(chr(code)) if name in WORD else chr(code)
        if name in WORD and not all(class_of(ord(c)) in WORD for c in folded):
            folded = chr(code)  # a compatibility form with spaces or signs in it
        if name in WORD and folded == "":
            name = "ignored"
        classes.append(CLASS[name])
        if folded in (chr(code), ""):
            folds.append(0)
            continue
        if folded not in offsets:
            offsets[folded] = len(strings)
            data = folded.encode()
            strings.append(len(data))
            strings.extend(data)
        folds.append(offsets[folded])
    assert len(strings) < 0x10000
    print(f"// Written by make_fold_table.py from Unicode {unicodedata.unidata_version}; see fold.h.")
    print("// clang-format off")
    print("enum class CharClass : std::uint8_t {")
    for name in CLASSES:
        print(f"  {name},")
    print("};")
    print(f"inline constexpr char32_t kTableLimit = {LIMIT};")
    print(f"inline constexpr std::size_t kTablePage = {PAGE};")
    index, stored = pages(classes)
    array("std::uint16_t", "kClassPages", index)
    array("std::uint8_t", "kClasses", stored)
    index, stored = pages(folds)
    array("std::uint16_t", "kFoldPages", index)
    array("std::uint16_t", "kFolds", stored)
    array("std::uint8_t", "kFoldBytes", list(strings))
    print("struct NamedEntity {")
    print("  std::string_view name;")
    print("  char32_t code;")
    print("};")
    names = sorted({**html.entities.name2codepoint, "apos": 0x27}.items())
    print("// The named characters of HTML 4 and &apos;, sorted by name.")
    print(f"inline constexpr std::array<NamedEntity, {len(names)}> kNamedEntities = {{{{")
    for name, code in names:
        print(f'    {{"{name}", 0x{code:X}}},')
    print("}};")
    print("// clang-format on")


if __name__ == "__main__":
    main()
