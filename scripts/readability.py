"""How hard the pages are to read: python scripts/readability.py [COMMIT]

Prints for each page the Flesch-Kincaid grade, the words in a sentence (mean), and the share of sentences with more than 25 words. Only prose counts: no
code, no tables, no headings. With a commit the pages are those of that commit. Syllables are counted as groups of vowels, which is near enough to
compare pages.
"""

import re
import subprocess
import sys


def prose(page: str) -> str:
    page = re.sub(r"(?ms)^```.*?^```", "", page)
    page = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", page)
    keep, out = [], []
    for line in page.splitlines() + [""]:
        if line.startswith(("    ", "|", "#", "!")):
            line = ""
        if line.strip():
            item = re.match(r"\s*(?:[-*]|\d+\.) ", line)
            if item and keep:
                out.append(" ".join(keep))
                keep = []
            keep.append(line[item.end() :] if item else line.strip())
        elif keep:
            out.append(" ".join(keep))
            keep = []
    text = "\n".join(p if p.endswith((".", ":", "!", "?")) else p + "." for p in out)
    return re.sub(r"[`*]", "", text).replace(":\n", ".\n")


def sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.!?])\s+", text) if len(re.findall(r"[A-Za-z]{2,}", s)) > 2]


def syllables(word: str) -> int:
    word = word.lower()
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


def grade(all_of: list[str]) -> float:
    """The Flesch-Kincaid grade: years of school that a reader needs."""
    words = [w for s in all_of for w in re.findall(r"[A-Za-z'’]+", s)]
    return 0.39 * len(words) / len(all_of) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def main() -> None:
    at = sys.argv[1] if len(sys.argv) > 1 else None
    command = ["git", "ls-tree", "-r", "--name-only", at] if at else ["git", "ls-files"]
    files = [f for f in subprocess.check_output(command, text=True).split() if f == "README.md" or re.match(r"docs/.*\.md$", f)]
    print(f"{'page':34} {'grade':>6} {'words':>6} {'>25':>6}")
    for file in files:
        if file.endswith(("json.md", "cli.md")):
            continue
        page = subprocess.check_output(["git", "show", f"{at}:{file}"], text=True) if at else open(file, encoding="utf-8").read()
        text = prose(page)
        all_of = sentences(text)
        if len(all_of) < 3:
            continue
        lengths = [len(s.split()) for s in all_of]
        long = sum(n > 25 for n in lengths) / len(lengths)
        print(f"{file:34} {grade(all_of):6.1f} {sum(lengths) / len(lengths):6.1f} {100 * long:5.0f}%")


main()
