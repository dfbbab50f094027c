# Characters and their codes. ASCII only.

# ord CHARACTER: its code
ord() {
  printf '%d\n' "'$1"
}

# chr CODE: the character
chr() {
  printf "\\$(printf '%03o' "$1")"
}

# each_character FUNCTION TEXT: calls the function with each character
each_character() {
  local rest=$2 first
  while [ -n "$rest" ]; do
    first=${rest%"${rest#?}"}
    "$1" "$first"
    rest=${rest#?}
  done
}
