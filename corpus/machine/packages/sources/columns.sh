# Aligns the fields of lines that are separated by tabs.
tab='	'
text=
newline='
'
width=0
while IFS= read -r line; do
  first=${line%%"$tab"*}
  [ ${#first} -le "$width" ] || width=${#first}
  text=$text$line$newline
done
printf '%s' "$text" | while IFS= read -r line; do
  pad_right "$width" "${line%%"$tab"*}"
  printf '  %s\n' "${line#*"$tab"}"
done
