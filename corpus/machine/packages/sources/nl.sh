number=0
number_line() {
  number=$((number + 1))
  printf '%6d  %s\n' "$number" "$1"
}
lines_of number_line "$@"
