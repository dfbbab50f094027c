# How many bits of a number are set.
need_number bits "${1-}"
number=$1
count=0
while [ "$number" -ne 0 ]; do
  number=$((number & (number - 1)))
  count=$((count + 1))
done
printf '%d\n' "$count"
