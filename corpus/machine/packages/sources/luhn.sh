# Whether the last digit of a number is right, as for payment cards.
rest=${1-}
sum=0
double=0
while [ -n "$rest" ]; do
  digit=${rest#"${rest%?}"}
  rest=${rest%?}
  digit=$((digit << double))
  [ "$digit" -le 9 ] || digit=$((digit - 9))
  sum=$((sum + digit))
  double=$((1 - double))
done
[ $((sum % 10)) -eq 0 ]
