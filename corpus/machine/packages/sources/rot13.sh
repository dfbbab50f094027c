turn() {
  code=$(ord "$1")
  case $1 in
    [a-m] | [A-M]) chr $((code + 13)) ;;
    [n-z] | [N-Z]) chr $((code - 13)) ;;
    *) printf '%s' "$1" ;;
  esac
}
each_character turn "$*"
printf '\n'
