# SPDX-License-Identifier: MIT
# C++ without comments, strings, characters and preprocessor lines; lines stay where they are.
{
    out = ""
    line = $0
    if (!in_comment && (line ~ /^[ \t]*#/ || continued)) {
        continued = line ~ /\\$/
        print ""
        next
    }
    continued = 0
    while (line != "") {
        if (in_raw) {
            at = index(line, ")" mark "\"")
            if (at == 0) break
            line = substr(line, at + length(mark) + 2)
            in_raw = 0
        } else if (in_comment) {
            at = index(line, "*/")
            if (at == 0) break
            line = substr(line, at + 2)
            in_comment = 0
        } else if (match(line, /^R"[^(]*\(/)) {
            mark = substr(line, 3, RLENGTH - 3)
            line = substr(line, RLENGTH + 1)
            in_raw = 1
            out = out "\"\""
        } else if (match(line, /^"([^"\\]|\\.)*"/)) {
            out = out "\"\""
            line = substr(line, RLENGTH + 1)
        } else if (out !~ /[0-9a-fA-F]$/ && match(line, /^'([^'\\]|\\.)+'/)) {
            out = out "' '"
            line = substr(line, RLENGTH + 1)
        } else if (substr(line, 1, 2) == "//") {
            break
        } else if (substr(line, 1, 2) == "/*") {
            in_comment = 1
            line = substr(line, 3)
        } else if (match(line, /^[^"'\/R]+/)) {
            out = out substr(line, 1, RLENGTH)
            line = substr(line, RLENGTH + 1)
        } else {
            out = out substr(line, 1, 1)
            line = substr(line, 2)
        }
    }
    print out
}
