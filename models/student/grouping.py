"""Which rows go through the model together."""

from collections.abc import Iterator, Sequence


def by_length(lengths: Sequence[int], *, together: int, tokens: int | None = None) -> Iterator[list[int]]:
    """Groups of indices, shortest rows first, so that little of the work is padding.

    At most `together` rows each, and at most `tokens` with padding (a longer row goes alone). The grouping depends on
    the lengths alone: the same rows are always read the same way.
    """
    group: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        full = len(group) == together or (tokens is not None and (len(group) + 1) * lengths[index] > tokens)
        if group and full:
            yield group
            group = []
        group.append(index)
    if group:
        yield group
