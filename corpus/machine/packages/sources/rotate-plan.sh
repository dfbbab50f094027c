# Which old files to delete: of the names on the standard input, newest first,
# all but the first COUNT.
[ $# -eq 1 ] || usage 'rotate-plan COUNT'
kept=0
while IFS= read -r name; do
  kept=$((kept + 1))
  [ "$kept" -le "$1" ] || printf '%s\n' "$name"
done
