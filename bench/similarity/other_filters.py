"""What rouge_score and rapidfuzz say of a filter's verdicts, and how fast they are, for filter.ts.

Usage: other_filters.py TEXTS VERDICTS THRESHOLD WHOLE_UP_TO. TEXTS: a JSON string on each line. VERDICTS: for each of
them `null` (kept) or `[row of the nearest neighbour, similarity]`. Prints one JSON object. One thread.
"""

import json
import random
import sys
import time
from pathlib import Path

import numpy
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist
from rouge_score import rouge_scorer, tokenize

Verdict = tuple[int, float] | None

# Rows that rapidfuzz compares with everything at a time.
BLOCK = 200
# The same for a sample of rows, which are compared with a far larger pool.
SAMPLED_BLOCK = 16
# About so many pairs are compared where the whole filter would take too long.
SAMPLED_PAIRS = 200_000_000
# Pairs for rouge_score: neighbours above the threshold, the nearest below it, and any two rows.
PAIRS_OF_A_KIND = 500


def as_integers(texts: list[str]) -> list[str]:
    """rouge_score's tokens as numbers; a string with one code point for each is rapidfuzz's fastest form of them."""
    numbers: dict[str, str] = {}

    def number(token: str) -> str:
        count = len(numbers)
        # Surrogates are no characters.
        return numbers.setdefault(token, chr(count if count < 0xD800 else count + 0x800))

    return ["".join(number(token) for token in tokenize.tokenize(text, None)) for text in texts]


class Rapidfuzz:
    """Similarities by `cdist`; counts its pairs and seconds."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.lengths = numpy.array([len(own) for own in tokens], dtype=numpy.float64)
        self.pairs = 0
        self.seconds = 0.0

    def similarities(self, rows: list[int], others: numpy.ndarray, strings: list[str]) -> numpy.ndarray:
        """One row for each of `rows`, a column for each of `others`, whose tokens are `strings`."""
        start = time.perf_counter()
        asked = [self.tokens[row] for row in rows]
        lcs = cdist(asked, strings, scorer=LCSseq.similarity, dtype=numpy.int32, workers=1)
        # rouge_score's formula in its order, so that every bit is the same.
        precision = lcs / self.lengths[others][None, :]
        recall = lcs / self.lengths[rows][:, None]
        total = precision + recall
        measure = numpy.divide(2 * precision * recall, total, out=numpy.zeros_like(total), where=total > 0)
        self.seconds += time.perf_counter() - start
        self.pairs += lcs.size
        return measure


def nearest(row: numpy.ndarray, others: numpy.ndarray) -> tuple[int, float] | None:
    """The first among equals."""
    if row.size == 0:
        return None
    best = int(row.argmax())
    return int(others[best]), float(row[best])


def whole_filter(fuzz: Rapidfuzz, threshold: float) -> dict[int, tuple[Verdict, Verdict]]:
    """Greedy filtering without looking at any verdict: for each row its verdict and its nearest neighbour."""
    found: dict[int, tuple[Verdict, Verdict]] = {}
    kept: list[int] = []
    strings: list[str] = []
    for first in range(0, len(fuzz.tokens), BLOCK):
        rows = list(range(first, min(first + BLOCK, len(fuzz.tokens))))
        before = numpy.array(kept, dtype=numpy.int64)
        to_kept = fuzz.similarities(rows, before, strings) if kept else None
        inside = fuzz.similarities(rows, numpy.array(rows), [fuzz.tokens[row] for row in rows])
        added: list[int] = []
        for place, row in enumerate(rows):
            best = None if to_kept is None else nearest(to_kept[place], before)
            own = nearest(inside[place, added], numpy.array(added) + first)
            if own is not None and (best is None or own[1] > best[1]):
                best = own
            is_dropped = best is not None and best[1] > threshold
            found[row] = (best if is_dropped else None, best)
            if not is_dropped:
                added.append(place)
        kept += [first + place for place in added]
        strings += [fuzz.tokens[first + place] for place in added]
    return found


def sampled_rows(
    fuzz: Rapidfuzz, verdicts: list[Verdict], threshold: float, chosen: list[int]
) -> dict[int, tuple[Verdict, Verdict]]:
    """The same for some rows, against what the filter under test has kept before each."""
    kept = numpy.array([row for row, verdict in enumerate(verdicts) if verdict is None], dtype=numpy.int64)
    strings = [fuzz.tokens[row] for row in kept]
    found: dict[int, tuple[Verdict, Verdict]] = {}
    for first in range(0, len(chosen), SAMPLED_BLOCK):
        rows = chosen[first : first + SAMPLED_BLOCK]
        counts = [int(numpy.searchsorted(kept, row)) for row in rows]
        most = max(counts)
        measures = fuzz.similarities(rows, kept[:most], strings[:most]) if most else numpy.empty((len(rows), 0))
        for place, (row, count) in enumerate(zip(rows, counts, strict=True)):
            best = nearest(measures[place, :count], kept)
            found[row] = (best if best is not None and best[1] > threshold else None, best)
    return found


def some_rows(verdicts: list[Verdict], chance: random.Random) -> list[int]:
    """Half kept, half dropped; half of the dropped ones are those nearest to the threshold."""
    kept = [row for row, verdict in enumerate(verdicts) if verdict is None]
    dropped = [row for row, verdict in enumerate(verdicts) if verdict is not None]
    dropped.sort(key=lambda row: (verdicts[row] or (0, 0.0))[1])
    count = max(40, SAMPLED_PAIRS // max(1, len(kept)) * 2)
    quarter = min(len(dropped) // 2, count // 4)
    rest = chance.sample(dropped[quarter:], quarter)
    return sorted(dropped[:quarter] + rest + chance.sample(kept, min(len(kept), count // 2)))


def pairs_for_rouge_score(
    verdicts: list[Verdict], found: dict[int, tuple[Verdict, Verdict]], chance: random.Random
) -> list[tuple[int, int]]:
    """Rows with one that was kept before each: recorded neighbours, nearest ones of kept rows, random ones."""
    dropped = [(row, verdict) for row, verdict in enumerate(verdicts) if verdict is not None]
    dropped.sort(key=lambda one: one[1][1])
    half = PAIRS_OF_A_KIND // 2
    above = dropped[:half] + chance.sample(dropped[half:], min(half, len(dropped[half:])))
    below = [(row, best) for row, (verdict, best) in found.items() if verdict is None and best is not None]
    below.sort(key=lambda one: -one[1][1])
    pairs = [(row, best[0]) for row, best in above + below[:PAIRS_OF_A_KIND]]
    kept = [row for row, verdict in enumerate(verdicts) if verdict is None]
    while len(kept) > 1 and len(pairs) < len(above) + min(len(below), PAIRS_OF_A_KIND) + PAIRS_OF_A_KIND:
        row, other = chance.randrange(1, len(verdicts)), chance.choice(kept)
        if other < row:
            pairs.append((row, other))
    return pairs


def ask_rouge_score(
    texts: list[str], verdicts: list[Verdict], pairs: list[tuple[int, int]], threshold: float
) -> dict[str, float | int]:
    """A kept row must have nothing above the threshold; a dropped one nothing above its recorded neighbour."""
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    start = time.perf_counter()
    measures = [scorer.score(texts[other], texts[row])["rougeL"].fmeasure for row, other in pairs]
    seconds = time.perf_counter() - start
    different = 0
    for (row, other), measure in zip(pairs, measures, strict=True):
        verdict = verdicts[row]
        if verdict is None:
            agrees = measure <= threshold
        elif verdict[0] == other:
            agrees = measure == verdict[1] and measure > threshold
        else:
            agrees = measure <= verdict[1]
        different += not agrees
    return {
        "pairsPerSecond": len(pairs) / seconds if pairs else 0,
        "verdictsCompared": len(pairs),
        "verdictsDifferent": different,
    }


def main() -> None:
    """Compares and prints."""
    texts_file, verdicts_file, threshold, whole_up_to = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    with Path(texts_file).open(encoding="utf-8") as lines:
        texts: list[str] = [json.loads(line) for line in lines]
    with Path(verdicts_file).open(encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    if len(read) != len(texts):
        sys.exit(f"{len(texts)} texts have {len(read)} verdicts")
    verdicts: list[Verdict] = [None if verdict is None else (verdict[0], verdict[1]) for verdict in read]
    chance = random.Random(1)
    fuzz = Rapidfuzz(as_integers(texts))
    is_whole = len(texts) <= whole_up_to
    if is_whole:
        found = whole_filter(fuzz, threshold)
    else:
        found = sampled_rows(fuzz, verdicts, threshold, some_rows(verdicts, chance))
    different = sum(verdicts[row] != verdict for row, (verdict, _) in found.items())
    rapidfuzz = {
        "pairsPerSecond": fuzz.pairs / fuzz.seconds if fuzz.pairs else 0,
        "verdictsCompared": len(found),
        "verdictsDifferent": different,
        "filterSeconds": fuzz.seconds if is_whole else None,
    }
    pairs = pairs_for_rouge_score(verdicts, found, chance)
    rouge_score = ask_rouge_score(texts, verdicts, pairs, threshold)
    print(json.dumps({"rougeScore": rouge_score, "rapidfuzz": rapidfuzz}))


main()
