# Numbers that look random but follow from a seed (Lehmer's generator).
[ $# -eq 3 ] || usage 'random SEED COUNT BELOW'
state=$1
count=$2
while [ "$count" -gt 0 ]; do
  state=$((state * 48271 % 2147483647))
  printf '%d\n' $((state % $3))
  count=$((count - 1))
done
