# Counts how often each word occurs. A count is in the variable count_WORD.
seen=
set -f
tally_line() {
  for word in $1; do
    case $word in
      *[!A-Za-z0-9_]*) continue ;;
    esac
    case " $seen " in
      *" $word "*) eval "count_$word=\$((count_$word + 1))" ;;
      *)
        seen="$seen $word"
        eval "count_$word=1"
        ;;
    esac
  done
}
lines_of tally_line "$@"
for word in $seen; do
  eval "printf '%d %s\\n' \"\$count_$word\" \"$word\""
done
