# Arguments of programs.

# usage TEXT: ends the program with a message
usage() {
  printf 'usage: %s\n' "$1" >&2
  exit 2
}

# lines_of FUNCTION [FILE…]: calls the function with each line of the files,
# or of the standard input
lines_of() {
  local function=$1 line file
  shift
  if [ $# -eq 0 ]; then
    while IFS= read -r line || [ -n "$line" ]; do "$function" "$line"; done
    return
  fi
  for file in "$@"; do
    lines_of "$function" < "$file"
  done
}
