# Joins the lines of two files, side by side.
[ $# -eq 2 ] || usage 'paste FILE FILE'
while :; do
  more=
  left= right=
  IFS= read -r left <&3 && more=yes
  IFS= read -r right <&4 && more=yes
  [ -n "$more" ] || break
  printf '%s\t%s\n' "$left" "$right"
done 3< "$1" 4< "$2"
