case $# in
  1) first=1 step=1 last=$1 ;;
  2) first=$1 step=1 last=$2 ;;
  3) first=$1 step=$2 last=$3 ;;
  *) usage 'seq [FIRST [STEP]] LAST' ;;
esac
for argument in "$@"; do need_number seq "$argument"; done
[ "$step" -gt 0 ] || usage 'seq counts upwards'
while [ "$first" -le "$last" ]; do
  printf '%d\n' "$first"
  first=$((first + step))
done
