# Prints the lines that match a pattern of the shell: `grep '*error*'`.
[ $# -ge 1 ] || usage 'grep PATTERN [FILE…]'
pattern=$1
found=1
shift
match_line() {
  case $1 in
    $pattern)
      found=0
      printf '%s\n' "$1"
      ;;
  esac
}
lines_of match_line "$@"
exit "$found"
