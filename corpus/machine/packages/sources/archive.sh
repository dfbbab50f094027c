# Files as one text, and back.
#
#   archive pack FILE…          writes the archive to the standard output
#   archive list < ARCHIVE      the names in it
#   archive show NAME < ARCHIVE one of its files
#
# Each file is preceded by a line "=== NAME LINES".
pack_one() {
  count=0
  while IFS= read -r line || [ -n "$line" ]; do count=$((count + 1)); done < "$1"
  printf '=== %s %d\n' "$1" "$count"
  while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line"; done < "$1"
}
walk() {
  while read -r mark name count; do
    [ "$mark" = '===' ] || exit 1
    if [ -z "${1-}" ]; then printf '%s\n' "$name"; fi
    while [ "$count" -gt 0 ] && IFS= read -r line; do
      [ "${1-}" != "$name" ] || printf '%s\n' "$line"
      count=$((count - 1))
    done
  done
}
case ${1-} in
  pack)
    shift
    for file in "$@"; do pack_one "$file"; done
    ;;
  list) walk ;;
  show) walk "$2" ;;
  *) usage 'archive pack|list|show' ;;
esac
