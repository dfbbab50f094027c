# The last lines are kept in the positional parameters.
count=${1-10}
shift $#
while IFS= read -r line; do
  set -- "$@" "$line"
  [ $# -le "$count" ] || shift
done
[ $# -eq 0 ] || printf '%s\n' "$@"
