# Prints one field of each line.
[ $# -ge 2 ] || usage 'cut SEPARATOR NUMBER [FILE…]'
separator=$1
wanted=$2
shift 2
cut_line() {
  set -f
  IFS=$separator
  set -- $1
  unset IFS
  eval "printf '%s\\n' \"\${$wanted-}\""
}
lines_of cut_line "$@"
