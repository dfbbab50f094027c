# The calendar of a month.
[ $# -eq 2 ] || usage 'calendar YEAR MONTH'
printf 'Mo Tu We Th Fr Sa Su\n'
column=$(weekday_of "$(days_of "$1" "$2" 1)")
repeat "$column" '   '
day=1
last=$(month_length "$1" "$2")
while [ "$day" -le "$last" ]; do
  printf '%2d' "$day"
  column=$((column + 1))
  if [ "$column" -eq 7 ] || [ "$day" -eq "$last" ]; then
    printf '\n'
    column=0
  else
    printf ' '
  fi
  day=$((day + 1))
done
