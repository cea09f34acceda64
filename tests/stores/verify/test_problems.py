"""What is wrong is said once, and not without end."""

from __future__ import annotations

from SimpleBankingSystem.stores.csv_files.problems import (
    AT_MOST,
    Problems,
    missing_rows,
    shortened,
)


def test_the_same_in_the_next_line_is_one_problem() -> None:
    problems = Problems()
    assert not problems
    for line in (2, 3, 5):
        problems.add("a.csv", ": it is wrong.", line, line - 1)
    assert problems
    assert problems.texts() == [
        "a.csv, lines 2 to 3, seq 1 to 2: it is wrong.",
        "a.csv, line 5, seq 4: it is wrong.",
    ]


def test_what_is_scattered_over_a_file_is_one_problem() -> None:
    problems = Problems()
    for line in (1, 3, 9):
        problems.add("a.csv", ": it looks odd.", line, line - 1, scattered=True)
    assert problems.texts() == ["a.csv, lines 1 to 9, seq 2 to 8, 3 of these lines: it looks odd."]


def test_no_more_than_a_hundred_are_listed_and_the_rest_is_counted() -> None:
    problems = Problems()
    for line in range(0, 2 * AT_MOST + 4, 2):
        problems.add("a.csv", ": it is wrong.", line + 1)
    assert problems.full
    *listed, last = problems.texts()
    assert (len(listed), last) == (AT_MOST, "2 more problems are not listed.")


def test_a_refusal_names_the_first_few_and_counts_the_rest() -> None:
    assert shortened(["A.", "B.", "C."]) == "A. B. C."
    assert shortened(["A.", "B.", "C.", "D.", "E."]) == "A. B. C. (2 more.)"


def test_missing_rows_are_named() -> None:
    assert missing_rows(3, 3) == "row 3 is missing"
    assert missing_rows(3, 5) == "rows 3 to 5 are missing"
