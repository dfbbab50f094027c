# The steps from a number down to 1.
need_number collatz "${1-}"
number=$1
steps=0
while [ "$number" -gt 1 ]; do
  if [ $((number & 1)) -eq 0 ]; then number=$((number / 2)); else number=$((3 * number + 1)); fi
  steps=$((steps + 1))
done
printf '%d\n' "$steps"
