#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: what the README says works. Method: each C++ program in it is compiled with the strict warnings, linked, run,
# and its output compared with the text block after it; each command of its console blocks is run in one folder
# and its output compared; and each test that a promise names must exist.
. tests/gates/common.sh

top=$PWD
case "$BUILD" in /*) build=$BUILD ;; *) build=$top/$BUILD ;; esac
work="$build/gate-readme"
rm -rf "$work" && mkdir -p "$work/room"
$MAKE -j"$J" all > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

# block LANGUAGE N: the Nth fenced block of that language.
block() {
    awk -v fence="\`\`\`$1" -v wanted="$2" '
        $0 == fence { on = ++count == wanted; next }
        /^```$/ { on = 0 }
        on' README.md
}

programs=$(grep -c '^```cpp$' README.md)
for number in $(seq "$programs"); do
    block cpp "$number" > "$work/main.cpp"
    block text "$number" > "$work/expected"
    "$CXX" -std=c++20 -Wall -Wextra -Wpedantic -Werror -Iinclude "$work/main.cpp" "$build/libfreshet.a" -pthread -o "$work/program"
    (cd "$work/room" && ../program > ../actual)
    diff "$work/expected" "$work/actual" || fail "program $number does not print what the README says"
done

# The console blocks, as `$ command` lines with what they print, in one session.
awk '$0 == "```console" { on = 1; next } /^```$/ { on = 0 } on' README.md > "$work/session"
rm -rf "$work/room" && mkdir "$work/room"
ln -s "$build/freshet" "$work/freshet"
: > "$work/replayed"
while IFS= read -r line; do
    case "$line" in
        '$ '*)
            echo "$line" >> "$work/replayed"
            (cd "$work/room" && PATH="$work:$PATH" bash -c "${line#\$ }" >> "$work/replayed" 2>&1 < /dev/null) || true
            ;;
    esac
done < "$work/session"
diff "$work/session" "$work/replayed" || fail 'a command in the README does not print what it says'

# Promises name tests as `Suite.Name`.
missing=0
for name in $(grep -oE '`[A-Z][A-Za-z]+\.[A-Z][A-Za-z]+`' README.md | tr -d '`' | sort -u); do
    suite=${name%%.*} test=${name#*.}
    if ! grep -qE "TEST(_F|_P)?\($suite, $test\)" tests/*_test.cpp; then
        echo "README names a test that does not exist: $name" >&2
        missing=1
    fi
done
[ "$missing" = 0 ]
echo "$programs programs, $(grep -c '^\$ ' "$work/session") commands, promises"
