"""Bugs that a programmer might make, each with the tests that must notice it.

A bug is one exact text of one file of the package and what stands there instead.
"""

from __future__ import annotations

from dataclasses import dataclass

CRASHES = "tests/proofs/test_crash_images.py"
ANY_IMAGE = f"{CRASHES}::test_every_image_that_a_crash_can_leave_is_recovered"
KILLED_FIRST = f"{CRASHES}::test_what_a_restart_showed_survives_a_loss_of_power"
COMMITS = "tests/proofs/test_commits.py::test_nothing_is_told_or_shown_before_it_is_durable"
FAULTS = "tests/proofs/test_disk_faults.py"
DECIDING = "tests/engine/test_deciding.py"
AGAIN = "test_what_touches_a_name_it_does_not_hold_goes_again_and_who_comes_after_it_too"
SCHEDULES = "tests/proofs/test_schedules.py"
ANY_SCHEDULE = f"{SCHEDULES}::test_whatever_is_drawn_the_books_are_right"
QUEUE = "tests/engine/test_work_queue.py"
CSV = "stores/csv_files"


@dataclass(frozen=True)
class Bug:
    """``before`` stands once in the file; ``killed_by`` are the tests that fail without it."""

    name: str
    file: str
    before: str
    after: str
    killed_by: tuple[str, ...]
    quick: bool = False


BUGS = (
    Bug(
        "the journal is not synced",
        f"{CSV}/journal.py",
        "            self.file.sync_data()\n            self._check_undisturbed(",
        "            self._check_undisturbed(",
        (ANY_IMAGE,),
    ),
    Bug(
        "answers come before the commit",
        "engine/processor.py",
        "            self.commit(decided, book.accounts)\n",
        "            self._queue.answer(decided)\n"
        "            self.commit(decided, book.accounts)\n",
        (COMMITS,),
        quick=True,
    ),
    Bug(
        "balances are published before the sync",
        f"{CSV}/store.py",
        "            self._journal.append(data)\n",
        "            state.accounts.update(accounts)\n            self._journal.append(data)\n",
        (
            COMMITS,
            f"{FAULTS}::test_after_a_failed_sync_nothing_more_is_acknowledged",
            ANY_SCHEDULE,
        ),
    ),
    Bug(
        "a failed sync is not final",
        f"{CSV}/journal.py",
        "        self.broken = broken = OutcomeUnknown(message)",
        "        broken = OutcomeUnknown(message)",
        (f"{FAULTS}::test_after_a_failed_sync_nothing_more_is_acknowledged",),
    ),
    Bug(
        "what a full disk took is not given back",
        f"{CSV}/journal.py",
        "            self.file.cut(self.length)\n",
        "",
        (f"{FAULTS}::test_a_full_disk_is_refused_and_the_bank_lives_on",),
    ),
    Bug(
        "nobody looks whether the journal was replaced",
        f"{CSV}/journal.py",
        "if self.file.is_named() and self.file.size() == length:",
        "if length:",
        ("tests/stores/test_recovery.py::test_a_file_that_is_saved_while_the_bank_runs_stops_it",),
    ),
    Bug(
        "a replaced file's folder is not synced",
        f"{CSV}/disk.py",
        "        self.rename(temporary, path)\n        self.sync_folder(path.parent)\n",
        "        self.rename(temporary, path)\n",
        (ANY_IMAGE,),
    ),
    Bug(
        "a new file gets its name before it is synced",
        f"{CSV}/disk.py",
        "                file.append(part)\n            file.sync()\n",
        "                file.append(part)\n",
        (ANY_IMAGE,),
    ),
    Bug(
        "two renames follow each other without a sync",
        f"{CSV}/archiver.py",
        "    disk.sync_folder(files.folder)\n",
        "",
        (ANY_IMAGE,),
    ),
    Bug(
        "the head stays clean while the bank is open",
        f"{CSV}/recovery.py",
        "                clean=0,\n",
        "",
        (ANY_IMAGE,),
    ),
    Bug(
        "the head lags behind the journal",
        f"{CSV}/store.py",
        "                    last_seq=last_seq,\n",
        "                    last_seq=before.seq,\n",
        (COMMITS,),
    ),
    Bug(
        "the copy in the archive is not synced",
        f"{CSV}/archiver.py",
        "cut.offset, archive)\n            archive.sync()\n",
        "cut.offset, archive)\n",
        (ANY_IMAGE,),
    ),
    Bug(
        "the archive goes past what is pending",
        f"{CSV}/store.py",
        "cut = min(self._pending_at.values(), key=lambda each: each.seq, default=end)",
        "cut = end",
        ("tests/stores/test_port.py::test_what_is_pending_is_known_until_its_outcome[csv]",),
    ),
    Bug(
        "the head does not know a snapshot that is coming",
        f"{CSV}/archiver.py",
        "next_as_of=as_of, next_digests=digests",
        "next_as_of=as_of",
        (ANY_IMAGE,),
    ),
    Bug(
        "recovery drops everything from the first bad row on",
        f"{CSV}/recovery.py",
        "if anchor.clean or acknowledged or later_commit_follows(lines_of(blocks), broken.seq):",
        "if anchor.clean:",
        ("tests/stores/test_recovery.py::test_after_a_crash_damage_is_told_from_a_tear",),
    ),
    Bug(
        "recovery trusts rows that were never synced",
        f"{CSV}/recovery.py",
        "self._rewrite = start > START or not anchor.clean",
        "self._rewrite = start > START",
        (KILLED_FIRST,),
    ),
    Bug(
        "a torn commit is thrown away",
        f"{CSV}/recovery.py",
        "                self._set_aside(path, start, what)\n",
        "                pass\n",
        ("tests/stores/test_recovery.py::test_a_torn_commit_is_set_aside_whole",),
    ),
    Bug(
        "recovery drops rows before the head that tells it to is durable",
        f"{CSV}/recovery.py",
        "        self.head.sync()\n        self._settle_archive()\n",
        "        self._settle_archive()\n",
        (f"{SCHEDULES}::test_a_machine_may_lose_its_power_just_after_the_bank_was_killed",),
    ),
    Bug(
        "a snapshot forgets one that ended half way",
        f"{CSV}/archiver.py",
        "**self._put_already(), ",
        "",
        (
            f"{FAULTS}::test_a_snapshot_that_is_refused_half_way_accuses_nobody[False]",
            f"{FAULTS}::test_a_snapshot_that_is_refused_half_way_accuses_nobody[True]",
        ),
    ),
    Bug(
        "recovery passes over the first row behind the snapshot",
        f"{CSV}/fold.py",
        "int(row[SEQ]) > self._from\n",
        "int(row[SEQ]) > self._from + 1\n",
        (ANY_IMAGE,),
    ),
    Bug(
        "a key is forgotten by a restart",
        f"{CSV}/fold.py",
        "state.names[unguard(row[KEY])] = row[TRANSACTION]",
        "pass",
        (ANY_IMAGE, ANY_SCHEDULE),
    ),
    Bug(
        "a new index answers before it knows the archive's keys",
        f"{CSV}/index.py",
        "while self.last_seq < self._least:",
        "while False:",
        ("tests/stores/test_index.py::test_keys_that_the_index_took_over_are_never_forgotten",),
    ),
    Bug(
        "the index is believed without a look at the row",
        f"{CSV}/index.py",
        "if not rows or name not in names_of(rows[0]):",
        "if not rows:",
        ("tests/stores/test_index.py::test_a_key_of_the_archive_is_what_its_row_says",),
    ),
    Bug(
        "a command overtakes in the queue",
        "engine/work_queue.py",
        "                reserved.update(names)\n",
        "",
        (f"{QUEUE}::test_who_waits_reserves_its_names_and_nothing_overtakes",),
        quick=True,
    ),
    Bug(
        "a command overtakes one that finds no room",
        "engine/work_queue.py",
        "taken = [*self._owed, *taken]",
        "taken = [*taken, *self._owed]",
        (f"{QUEUE}::test_what_is_owed_goes_along_with_the_next_batch_and_nothing_overtakes_it",),
        quick=True,
    ),
    Bug(
        "a command overtakes one that goes again",
        "engine/processor.py",
        "            again.append(ticket)\n            waiting.update(ticket.names)\n    return",
        "            again.append(ticket)\n    return",
        (f"{DECIDING}::{AGAIN}",),
    ),
    Bug(
        "two clients may use a key at the same time",
        "engine/under_way.py",
        "leader = self._keys.get(ticket.key)",
        "leader = None",
        ("tests/engine/test_keys.py::test_a_key_under_way_elsewhere_is_waited_for",),
    ),
    Bug(
        "two may retry the same transaction at the same time",
        "engine/under_way.py",
        "if transaction_id in self._retries:",
        "if not transaction_id:",
        ("tests/engine/test_retrying.py::test_retry_all_passes_over_what_somebody_else_retries",),
    ),
    Bug(
        "a retry is no new attempt",
        "engine/retry.py",
        "        ticket.attempt += 1\n",
        "        pass\n",
        ("tests/engine/test_retrying.py::test_there_are_three_retries",),
    ),
    Bug(
        "the others of a refused group are carried out",
        "engine/processor.py",
        "                    fail(other, book, GroupFailed(message))\n",
        "                    book.keep()\n",
        ("tests/engine/test_groups.py::test_or_none",),
    ),
    Bug(
        "only the lock file keeps a second writer out",
        f"{CSV}/lock.py",
        "            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "",
        ("tests/proofs/test_locks.py::test_a_second_writer_is_refused[True]",),
    ),
)
