# Padding, trimming and turning strings. Results are printed.

# repeat COUNT TEXT
repeat() {
  local count=$1
  while [ "$count" -gt 0 ]; do
    printf '%s' "$2"
    count=$((count - 1))
  done
}

# pad_left WIDTH TEXT, pad_right WIDTH TEXT
pad_left() {
  repeat $(($1 - ${#2})) ' '
  printf '%s' "$2"
}
pad_right() {
  printf '%s' "$2"
  repeat $(($1 - ${#2})) ' '
}

# trim TEXT: without the blanks at both ends
trim() {
  local text=$1
  text=${text#"${text%%[! ]*}"}
  text=${text%"${text##*[! ]}"}
  printf '%s' "$text"
}

# reverse TEXT
reverse() {
  local rest=$1 last
  while [ -n "$rest" ]; do
    last=${rest#"${rest%?}"}
    printf '%s' "$last"
    rest=${rest%?}
  done
}

# characters TEXT: each on a line
characters() {
  local rest=$1
  while [ -n "$rest" ]; do
    printf '%s\n' "${rest%"${rest#?}"}"
    rest=${rest#?}
  done
}
