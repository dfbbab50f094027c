count=0 words=0 letters=0
count_line() {
  set -f
  count=$((count + 1))
  letters=$((letters + ${#1} + 1))
  set -- $1
  words=$((words + $#))
}
lines_of count_line "$@"
printf '%d %d %d\n' "$count" "$words" "$letters"
