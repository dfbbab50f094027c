# Files with lines NAME=VALUE. Empty lines and those that begin with # do not
# count.

# record_get FILE NAME: prints the value; fails if there is none
record_get() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      "$2="*)
        printf '%s\n' "${line#*=}"
        return 0
        ;;
    esac
  done < "$1"
  return 1
}

# record_each FILE FUNCTION: calls the function with each name and value
record_each() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      '' | '#'*) ;;
      *=*) "$2" "${line%%=*}" "${line#*=}" ;;
    esac
  done < "$1"
}
