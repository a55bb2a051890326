"""Writes texts.json: random texts of odd characters, each cleaned and split as OpenAI's tokenizer does it.

  python texts.py VOCABULARY N SEED > texts.json     with ftfy 6.3.1 and OpenAI's clip

Left out are texts in which ftfy guesses at an encoding, which facet does not, and characters that Python's Unicode (14.0 of Python 3.11) does
not know: Go's is 15.0, and the newest letters are letters in one and symbols in the other.
"""
import html, importlib.util, json, pathlib, random, sys, unicodedata

import ftfy

# The tokenizer alone: the whole of clip needs torch and an old setuptools.
FOLDER = pathlib.Path(importlib.util.find_spec("clip").origin).parent
SPEC = importlib.util.spec_from_file_location("simple_tokenizer", FOLDER / "simple_tokenizer.py")
openai = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(openai)

RANGES = [(0x00, 0x20), (0x7F, 0xA1), (0x2B0, 0x2C0), (0x300, 0x340), (0x3A0, 0x3D0), (0x2010, 0x2030), (0x2060, 0x2070), (0x132, 0x134),
          (0x1C4, 0x1CD), (0x1F1, 0x1F4), (0xFB00, 0xFB07), (0xFF00, 0x10000)]
ODD = [chr(c) for r in RANGES for c in range(*r)] + list("ŉ\ufeff\u3000\u1680\u180e\u200bİıſK\u212a")
WORDS = ("a dog it's cat's café naïve UPPER Straße 12 3.5 x² ½ don’t “hi” ΟΔΟΣ Привет 日本 😀 ﬁsh <b> </b> <|endoftext|> <|startoftext|> "
         "& && &; &#; &#x; &amp &lt &copy2 &notit; &NTILDE; &SZLIG; &FFLIG;").split()
NAMES = sorted(html.entities.html5)


def entity(r):
    name = r.choice(NAMES)
    number = r.randrange(r.choice([0x20, 0xA0, 0x100, 0x3000, 0xFFFF, 0x20000, 0x110000, 0x200000, 2**33]))
    return r.choice([
        "&" + name, "&" + name.upper(), "&" + name.rstrip(";") + r.choice(["", "x", " ", "=", ";"]),
        "&amp;" + r.choice(["amp;", "lt;", "#38;", "rsquo;", "quot;", "AMP;"]) * r.randint(0, 3),
        r.choice(["&#%d;", "&#%d", "&#x%x;", "&#X%X", "&#x%x", "&#0%d;"]) % number])


def piece(r):
    kind = r.random()
    if kind < .3:
        return r.choice(WORDS)
    if kind < .55:
        return entity(r)
    if kind < .85:
        return r.choice(ODD)
    if kind < .9:
        return "\x1b[" + r.choice(["0", "1;31", "", "?25", "38:5"]) + r.choice("mKhl ")
    low, high = r.choice([(0x20, 0x250), (0x250, 0x3000), (0x3000, 0xD800), (0xE000, 0x20000)])
    return chr(r.randrange(low, high))


def text(r):
    return "".join(piece(r) + (r.choice([" ", "\n", "  ", "\t", "\r\n"]) if r.random() < .4 else "") for _ in range(r.randint(1, 7)))


def main(vocabulary, n, seed):
    r, tok, out = random.Random(seed), openai.SimpleTokenizer(vocabulary), []
    while len(out) < n:
        t = text(r)
        clean = openai.whitespace_clean(openai.basic_clean(t)).lower()
        if ftfy.fix_text(t) == ftfy.fix_text(t, fix_encoding=False) and not any(unicodedata.category(c) == "Cn" for c in clean):
            out.append({"text": t, "clean": clean, "ids": tok.encode(t)})
    print("[\n" + ",\n".join(json.dumps(c) for c in out) + "\n]")


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
