# The mean of the numbers on the standard input, with two decimals.
count=0 sum=0
while read -r number; do
  need_number mean "$number"
  count=$((count + 1))
  sum=$((sum + number))
done
[ "$count" -gt 0 ] || exit 1
sign=
[ "$sum" -ge 0 ] || { sign=-; sum=$((-sum)); }
printf '%s%d.%02d\n' "$sign" $((sum / count)) $((sum % count * 100 / count))
