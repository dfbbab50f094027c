# A table of readings for all stations of a file with JSON records.
[ $# -eq 2 ] || usage 'weather-report STATIONS HOUR'
field() {
  value=${2#*\""$1"\":}
  value=${value%%[,\}]*}
  value=${value#\"}
  printf '%s' "${value%\"}"
}
while IFS= read -r record; do
  tenths=$(read_sensor "$(field number "$record")" "$2")
  sign=
  [ "$tenths" -ge 0 ] || { sign=-; tenths=$((-tenths)); }
  printf '%s\t%s%d.%d\n' "$(field name "$record")" "$sign" $((tenths / 10)) $((tenths % 10))
done < "$1" | columns
