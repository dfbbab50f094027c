# A reading of a station, in tenths of a degree. There is no sensor in this
# example; the reading follows from the station's number and the hour.
[ $# -eq 2 ] || usage 'read-sensor NUMBER HOUR'
base=$(random $(($1 * 7919 + 1)) 1 120)
daily=$(($2 < 14 ? $2 * 4 : (28 - $2) * 4))
printf '%d\n' $((base + daily - 90))
