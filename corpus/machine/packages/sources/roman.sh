need_number roman "${1-}"
rest=$1
for pair in 1000:M 900:CM 500:D 400:CD 100:C 90:XC 50:L 40:XL 10:X 9:IX 5:V 4:IV 1:I; do
  while [ "$rest" -ge "${pair%:*}" ]; do
    printf '%s' "${pair#*:}"
    rest=$((rest - ${pair%:*}))
  done
done
printf '\n'
