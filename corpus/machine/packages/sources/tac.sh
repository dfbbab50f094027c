text=
newline='
'
while IFS= read -r line; do
  text=$line$newline$text
done
printf '%s' "$text"
