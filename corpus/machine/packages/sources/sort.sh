# Sorts by insertion: the sorted lines are the positional parameters. `before`
# compares as numbers with -n, else by the rank of characters in the
# environment's order.
numeric=
[ "${1-}" != -n ] || { numeric=yes; shift; }

before() {
  if [ -n "$numeric" ]; then
    [ "$1" -lt "$2" ]
  else
    [ "$1" \< "$2" ]
  fi
}

insert() {
  new=$1
  shift
  remaining=$#
  placed=
  while [ "$remaining" -gt 0 ]; do
    if [ -z "$placed" ] && before "$new" "$1"; then
      set -- "$@" "$new"
      placed=yes
    fi
    first=$1
    shift
    set -- "$@" "$first"
    remaining=$((remaining - 1))
  done
  [ -n "$placed" ] || set -- "$@" "$new"
  # Hand the parameters over to the caller.
  quoted=
  for item in "$@"; do
    rest=$item
    safe=
    while :; do
      case $rest in
        *\'*) safe=$safe${rest%%\'*}"'\\''" rest=${rest#*\'} ;;
        *) break ;;
      esac
    done
    quoted="$quoted '$safe$rest'"
  done
}

set --
while IFS= read -r line; do
  insert "$line" "$@"
  eval "set -- $quoted"
done
[ $# -eq 0 ] || printf '%s\n' "$@"
