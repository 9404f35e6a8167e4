# SPDX-License-Identifier: MIT
# Reads what strace -y saw of tests/acknowledge.cpp. A line "done COMMIT SEGMENT END" on standard output is in order
# if the segment was written up to END, with data and not with the zeros it grows by, and nothing below END in it,
# nor anything in an older segment, was written since the last sync of that file that said yes.
#
# It knows fsync, fdatasync, sync_file_range not at all, writes to files opened with O_DSYNC or O_SYNC, and pwritev2
# with RWF_DSYNC or RWF_SYNC.

function fail(why) { print "line " NR ": " why ": " substr($0, 1, 120); failed = 1; exit 1 }

# The name of the file a call is about, without its folder; empty if it is not one.
function file_of(text,    from, name) {
    from = match(text, /<[^>]*>/)
    if (from == 0) return ""
    name = substr(text, RSTART + 1, RLENGTH - 2)
    sub(/.*\//, "", name)
    return name
}

{ sub(/^[0-9]+ +/, "") }

/^(openat|open)\(/ && / = [0-9]/ {
    n = split($0, parts, / = /)
    descriptor = parts[n] + 0
    synchronous[descriptor] = ($0 ~ /O_D?SYNC/)
}

/^(pwrite64|pwritev|pwritev2|write|writev)\([0-9]+<[^>]*\.log>/ {
    result = $0; sub(/.* = /, "", result); result += 0
    if (result <= 0) next
    call = $0; sub(/\) += [^=]*$/, "", call)
    if (call !~ /^p/) fail("a write without a place")
    flags = ""
    if (call ~ /^pwritev2/) { flags = call; sub(/.*, /, "", flags); sub(/, [^,]*$/, "", call) }
    offset = call; sub(/.*, /, "", offset); offset += 0
    name = file_of(call)
    text = ""
    if (match(call, /"[^"]*"/)) text = substr(call, RSTART + 1, RLENGTH - 2)
    gsub(/\\0+/, "", text)
    if (text != "" && offset + result > data_end[name]) data_end[name] = offset + result
    descriptor = substr(call, index(call, "(") + 1) + 0
    if (synchronous[descriptor] || flags ~ /RWF_D?SYNC/) { syncs++; next }
    if (!(name in dirty) || offset < dirty[name]) dirty[name] = offset
}

/^(fdatasync|fsync)\(/ && / = 0$/ { delete dirty[file_of($0)]; syncs++ }

/^write\(1<[^>]*>, "done / {
    split($0, words, /[ \\]/)
    for (i = 1; words[i] !~ /"done/; i++) continue
    commit = words[i + 1] + 0; segment = words[i + 2] + 0; end = words[i + 3] + 0
    name = sprintf("%08d.log", segment)
    if (commit != acknowledged + 1) fail("commit " commit " comes after " acknowledged)
    if (data_end[name] + 0 < end) fail("commit " commit " was not written up to " end ", but to " data_end[name])
    for (other in dirty)
        if (other < name || (other == name && dirty[other] < end))
            fail("commit " commit " is acknowledged, and " other " is not synced from " dirty[other] " on")
    acknowledged = commit
}

END {
    if (failed) exit 1
    if (acknowledged != wanted) { print acknowledged " acknowledgements, not " wanted; exit 1 }
    print acknowledged " acknowledgements, each after a sync that covers it (" syncs " syncs)"
}
