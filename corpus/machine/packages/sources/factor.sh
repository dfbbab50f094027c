for number in "$@"; do
  need_number factor "$number"
  printf '%d:' "$number"
  rest=$number
  divisor=2
  while [ $((divisor * divisor)) -le "$rest" ]; do
    if [ $((rest % divisor)) -eq 0 ]; then
      printf ' %d' "$divisor"
      rest=$((rest / divisor))
    else
      divisor=$((divisor + 1))
    fi
  done
  [ "$rest" -eq 1 ] || printf ' %d' "$rest"
  printf '\n'
done
