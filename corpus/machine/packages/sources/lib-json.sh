# Writing JSON.

# json_quote TEXT: as a JSON string. Control characters but for tabs and
# newlines do not occur in what these programs write.
json_quote() {
  local rest=$1 first result= newline='
' tab='	'
  while [ -n "$rest" ]; do
    first=${rest%"${rest#?}"}
    rest=${rest#?}
    case $first in
      '"' | '\') result=$result\\$first ;;
      "$newline") result=$result\\n ;;
      "$tab") result=$result\\t ;;
      *) result=$result$first ;;
    esac
  done
  printf '"%s"' "$result"
}

# json_object NAME VALUE…: an object of strings
json_object() {
  local comma=
  printf '{'
  while [ $# -gt 1 ]; do
    printf '%s' "$comma"
    json_quote "$1"
    printf ':'
    json_quote "$2"
    comma=,
    shift 2
  done
  printf '}\n'
}
