"""Writes rouge-score-fixture.json: what Google's rouge_score says of the texts below.

Run with `pip install rouge-score==0.1.2`, then `python make_rouge_score_fixture.py`; it takes a few seconds.
Pairs at exactly 0.7 (7 shared of 10 and 10 tokens, of 9 and 11 …) show on which side of the threshold they fall.
"""

import json
import random
from pathlib import Path

from rouge_score import rouge_scorer, tokenize

WORDS = "the a of to and river stone bread letter window garden clock winter summer teacher road 3 42 co2 it's".split()

PAIRS = [
    ["", ""],
    ["", "one word"],
    ["?!", "..."],
    ["Write a short poem about rain.", "Write a short poem about rain."],
    ["Write a short poem about rain.", "write a SHORT poem; about: rain"],
    ["Don't re-use the 2nd file_name", "dont reuse the 2nd file name"],
    ["Ein Gedicht über Bäche", "Ein Gedicht uber Bache"],
    ["naïve café déjà vu", "naive cafe deja vu"],
    ["写一首关于雨的诗", "写一首关于雨的诗"],
    ["Напиши стихотворение about rain", "Напиши рассказ about rain"],
    ["Temperatur 25 \u212a in \u0130stanbul", "temperatur 25 k in istanbul"],
    ["stra\u00dfe STRASSE \ufb01ne", "strasse strasse fine"],
    ["a b c d e", "e d c b a"],
    ["a a a b", "a b a a"],
    ["tab\tand\nnewline\u00a0space", "tab and newline space"],
    ["emoji 🙂 between words", "emoji between words"],
    ["word " * 100, "word " * 60],
]


def boundary(shared: int, candidate: int, target: int) -> list[str]:
    """Two texts of these lengths that share exactly `shared` tokens in order."""
    common = [f"w{i}" for i in range(shared)]
    left = common + [f"l{i}" for i in range(candidate - shared)]
    right = [f"r{i}" for i in range(target - shared)] + common
    return [" ".join(left), " ".join(right)]


def main() -> None:
    pairs = list(PAIRS)
    for candidate in range(1, 61):
        for target in range(1, 61):
            shared = round(0.35 * (candidate + target))
            # 2 * shared / (candidate + target) == 0.7 exactly, and its neighbours one token away.
            if shared * 20 == 7 * (candidate + target) and shared <= min(candidate, target):
                pairs.append(boundary(shared, candidate, target))
                if shared < min(candidate, target):
                    pairs.append(boundary(shared + 1, candidate, target))
    chance = random.Random(20)
    for _ in range(150):
        left = chance.choices(WORDS, k=chance.randint(1, 70))
        right = [word for word in left if chance.random() < 0.8] + chance.choices(WORDS, k=chance.randint(0, 8))
        pairs.append([" ".join(left), " ".join(right)])

    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    rows = []
    for candidate, target in pairs:
        score = scorer.score(target, candidate)["rougeL"]
        row = {"candidate": candidate, "target": target}
        # JSON keeps every bit of a double in Python and in JavaScript.
        row |= {"precision": score.precision, "recall": score.recall, "fMeasure": score.fmeasure}
        rows.append(row | {"tokens": len(tokenize.tokenize(candidate, None))})
    path = Path(__file__).with_name("rouge-score-fixture.json")
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
