#!/usr/bin/env bash
# Runs recipes in order, goes on where one fails, and ends with how long each took and how many tests passed:
# `ci.sh LOG_FOLDER RECIPE…`.
set -uo pipefail
logs=$1
shift
mkdir -p "$logs"

table=
passed=0
failed=0
began=$SECONDS
# The sum of the numbers that a sed expression finds in the log of a recipe.
count() { sed -nE "s/$1/\1/p" "$log" | awk '{ sum += $1 } END { print sum + 0 }'; }

for recipe; do
    log=$logs/$recipe.log
    start=$SECONDS
    echo "── $recipe"
    "${JUST:-just}" "$recipe" 2>&1 | tee "$log"
    outcome=${PIPESTATUS[0]}
    # Cargo's words, then Node's.
    passing=$(($(count '^test result: .* ([0-9]+) passed;.*') + $(count '^.{1,3} pass ([0-9]+)$')))
    failing=$(($(count '^test result: .*; ([0-9]+) failed;.*') + $(count '^.{1,3} fail ([0-9]+)$')))
    # A recipe without tests of its own counts as one.
    if [ "$((passing + failing))" = 0 ] && [ "$outcome" = 0 ]; then passing=1; fi
    if [ "$failing" = 0 ] && [ "$outcome" != 0 ]; then failing=1; fi
    passed=$((passed + passing))
    failed=$((failed + failing))
    took=$((SECONDS - start))
    verdict=ok
    [ "$outcome" = 0 ] || verdict=FAILED
    table+=$(printf '%-16s %6s  %3d:%02d min' "$recipe" "$verdict" $((took / 60)) $((took % 60)))$'\n'
done

took=$((SECONDS - began))
echo
printf '%s' "$table"
printf '%-16s %6s  %3d:%02d min\n\n' everything "" $((took / 60)) $((took % 60))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
