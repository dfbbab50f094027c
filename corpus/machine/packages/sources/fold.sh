# Breaks lines at blanks.
width=${1-72}
set -f
while IFS= read -r line; do
  current=
  for word in $line; do
    if [ -z "$current" ]; then
      current=$word
    elif [ $((${#current} + 1 + ${#word})) -le "$width" ]; then
      current="$current $word"
    else
      printf '%s\n' "$current"
      current=$word
    fi
  done
  printf '%s\n' "$current"
done
