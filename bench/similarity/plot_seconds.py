"""Draws seconds over the number of texts from what `npm run bench -- similarity --json` printed: JSON SVG.

seedmill is measured. rapidfuzz is measured where it filtered everything; elsewhere, and always for rouge_score, the
pairs that brute force scores are divided by the speed measured in the same go, which is drawn dashed.
"""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot

# The same file for the same figures.
mpl.rcParams["svg.hashsalt"] = "seedmill"
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["font.family"] = "sans-serif"


def main() -> None:
    """Reads and draws."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    thresholds = sorted({result["threshold"] for result in report["results"]})
    figure, panels = pyplot.subplots(
        1, len(thresholds), figsize=(4.6 * len(thresholds), 3.6), sharey=True, squeeze=False
    )
    for panel, threshold in zip(panels[0], thresholds, strict=True):
        results = [result for result in report["results"] if result["threshold"] == threshold]
        results.sort(key=lambda result: result["n"])
        n = [result["n"] for result in results]
        others = {
            "rouge_score": [result["pairs"] / result["rougeScore"]["pairsPerSecond"] for result in results],
            "rapidfuzz": [result["pairs"] / result["rapidfuzz"]["pairsPerSecond"] for result in results],
        }
        for name, colour in (("rouge_score", "#c2571a"), ("rapidfuzz", "#7a6a00")):
            panel.plot(n, others[name], "--", color=colour, linewidth=1.2, label=f"{name}, one core, extrapolated")
        whole = [result for result in results if result["rapidfuzz"]["filterSeconds"] is not None]
        panel.plot(
            [result["n"] for result in whole],
            [result["rapidfuzz"]["filterSeconds"] for result in whole],
            "s",
            color="#7a6a00",
            label="rapidfuzz, one core, measured",
        )
        panel.plot(n, [result["seconds"] for result in results], "o-", color="#00629b", label="seedmill, measured")
        for result in results:
            threads = f"{result['threads']} thread{'s' if result['threads'] > 1 else ''}"
            panel.annotate(threads, (result["n"], result["seconds"]), (0, -12), textcoords="offset points", fontsize=7)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(f"threshold {threshold}", fontsize=10)
        panel.set_xlabel("texts")
        panel.grid(visible=True, which="major", linewidth=0.4, alpha=0.6)
        for seconds, words in ((60, "a minute"), (3_600, "an hour"), (86_400, "a day"), (31_557_600, "a year")):
            panel.axhline(seconds, color="grey", linewidth=0.4, linestyle=":")
            panel.annotate(words, (n[0], seconds), (0, 2), textcoords="offset points", fontsize=7, color="grey")
    panels[0][0].set_ylabel("seconds of greedy filtering")
    panels[0][0].set_ylim(bottom=0.005)
    figure.legend(*panels[0][0].get_legend_handles_labels(), fontsize=7, loc="lower center", ncol=4, frameon=False)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(sys.argv[2], metadata={"Date": None})


main()
