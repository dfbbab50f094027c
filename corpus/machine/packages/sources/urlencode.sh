escape() {
  case $1 in
    [A-Za-z0-9._~-]) printf '%s' "$1" ;;
    *) printf '%%%02X' "$(ord "$1")" ;;
  esac
}
each_character escape "$*"
printf '\n'
