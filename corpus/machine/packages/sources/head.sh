count=${1-10}
while [ "$count" -gt 0 ] && IFS= read -r line; do
  printf '%s\n' "$line"
  count=$((count - 1))
done
