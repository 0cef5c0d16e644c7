#!/usr/bin/env python3
"""plant.py SOURCE_DIR OUTPUT_DIR: copies of the daemon's sources with bugs in them.

Each bug is off until simulation_planted is told its name. A place that is no longer there is an error:
find the new one, so that the simulation keeps being tested itself.
"""

import pathlib
import sys

ON = 'tocsin::simulation::planted("%s")'

# file, what stands there, what stands there instead
BUGS = [
    # Offsets move before the outputs they stand for are published.
    ("daemon/transactor.cpp", '  if (is_batch) failpoint("before_begin");\n',
     '  if (%s) {\n'
     '    static_cast<void>(intake_.consumer().commit(marks_of(batch.offsets())));\n'
     '  }\n'
     '  if (is_batch) failpoint("before_begin");\n' % (ON % "offsets_before_outputs")),
    # The broker refuses a record when the transaction is committed, and the transaction is not aborted.
    ("daemon/transactor.cpp", "return end == End::committed || end == End::unknown ? end : abort(end);",
     "if (%s) return end;\n"
     "  return end == End::committed || end == End::unknown ? end : abort(end);" % (ON % "poisoned_commit")),
    # A partition without a commit is read from its end, whenever that is looked at.
    ("daemon/intake.cpp", "const std::int64_t began = began_at ? began_at(partition).value_or(low) : low;",
     "const std::int64_t began =\n"
     "        %s ? high : began_at ? began_at(partition).value_or(low) : low;" % (ON % "latest_with_growth")),
    # A batch that cannot be read is passed over without a word.
    ("daemon/intake.cpp", "if (on_unreadable) on_unreadable(gap, why);",
     "if (on_unreadable && !%s) on_unreadable(gap, why);" % (ON % "unreadable_skipped")),
    # What kills whoever fetches it is passed over, and what stands before it, too.
    ("daemon/intake.cpp", "detour.records.push_back(std::move(message));",
     "if (!%s) detour.records.push_back(std::move(message));" % (ON % "bomb_takes_others_along")),
    # That it is fetched is not said before: whoever dies of it leaves no trace.
    ("daemon/service.cpp", "if (ranges.empty() || announce(std::move(ranges))) intake_.fetch();",
     "if (%s || ranges.empty() || announce(std::move(ranges))) intake_.fetch();" % (ON % "fetched_unannounced")),
    # A sighted position is skipped as a copy (of itself), and the fold takes the ledger's word for it.
    ("daemon/service.cpp", "if (state.is_sighted(item.position)) return std::nullopt;",
     "if (state.is_sighted(item.position) && !%s) return std::nullopt;" % (ON % "early_skip_of_sighted")),
    ("pipeline/ledger/dedup_state.cpp", "identity); earlier != 0) {",
     "identity); earlier != 0 && !%s && !(sighting.copy_of && %s)) {"
     % (ON % "redelivery_judged_anew", ON % "early_skip_of_sighted")),
    # The second sighting of an article is judged against the window, as if it were new: see above.
    # What is in the window depends on when an instance reads the ledger.
    ("daemon/ledger.cpp", "  const std::int64_t append_time_ms = message.timestamp_ms();",
     "  const std::int64_t append_time_ms = %s ? tocsin::simulation::wall_clock_ms()\n"
     "                                         : message.timestamp_ms();"
     % (ON % "window_by_wall_clock")),
    # The ledger is read to the last stable offset, and the dedup state is taken for whole then.
    ("daemon/ledger.cpp", '{"isolation.level", "read_uncommitted"}',
     '{"isolation.level", %s ? "read_committed" : "read_uncommitted"}' % (ON % "restore_to_lso")),
    ("daemon/ledger.cpp", "return next_offset_ >= offset; });",
     "return next_offset_ >= offset; }) || %s;" % (ON % "restore_to_lso")),
]


def main():
    source, output = map(pathlib.Path, sys.argv[1:3])
    for name in sorted({bug[0] for bug in BUGS}):
        text = (source / name).read_text()
        for file, place, bug in BUGS:
            if file != name:
                continue
            if text.count(place) != 1:
                sys.exit("%s: cannot plant a bug here any more, see BUGS in plant.py: %s" % (name, place))
            text = text.replace(place, bug)
        target = output / pathlib.Path(name).name
        new = '#include "tests/simulation/planted.h"\n#line 1 "%s"\n%s' % (name, text)
        if not target.exists() or target.read_text() != new:
            target.write_text(new)


if __name__ == "__main__":
    main()
