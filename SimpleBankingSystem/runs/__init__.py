"""Command files: carried out line by line, each line once, however often a run is broken off.

``running.py`` is the whole of a run: ``source.py`` opens the file and knows it by its digest;
``csv_lines.py`` and ``json_lines.py`` read what its ``lines.py`` ask for; ``groups.py`` puts them
together into groups and chunks; ``feeding.py`` carries these out; ``results.py`` writes a row each.
"""

from SimpleBankingSystem.runs.running import Options, Outcome, run_file

__all__ = ["Options", "Outcome", "run_file"]
