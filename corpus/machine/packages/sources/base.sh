# Writes a number in another base, from 2 to 36.
[ $# -eq 2 ] || usage 'base NUMBER BASE'
need_number base "$1"
digits=0123456789abcdefghijklmnopqrstuvwxyz
rest=$1
result=
while :; do
  index=$((rest % $2))
  digit=$digits
  while [ "$index" -gt 0 ]; do
    digit=${digit#?}
    index=$((index - 1))
  done
  result=${digit%"${digit#?}"}$result
  rest=$((rest / $2))
  [ "$rest" -gt 0 ] || break
done
printf '%s\n' "$result"
