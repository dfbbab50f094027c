# Replaces each occurrence of a text by another one.
[ $# -ge 2 ] || usage 'replace FROM TO [FILE…]'
from=$1
to=$2
shift 2
replace_line() {
  rest=$1
  result=
  while :; do
    case $rest in
      *"$from"*)
        result=$result${rest%%"$from"*}$to
        rest=${rest#*"$from"}
        ;;
      *) break ;;
    esac
  done
  printf '%s\n' "$result$rest"
}
lines_of replace_line "$@"
