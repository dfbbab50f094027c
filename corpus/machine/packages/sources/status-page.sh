# A page of HTML about the machine, from a title and lines "name<tab>state".
title=$1
tab='	'
printf '<!doctype html>\n<title>%s</title>\n<h1>%s</h1>\n<ul>\n' "$title" "$title"
while IFS= read -r line; do
  printf '<li>%s: <b>%s</b></li>\n' "${line%%"$tab"*}" "${line#*"$tab"}"
done
printf '</ul>\n'
