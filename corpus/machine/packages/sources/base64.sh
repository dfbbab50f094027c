# Encodes a text of ASCII characters.
alphabet=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/
digit() {
  local rest index
  rest=$alphabet
  index=$1
  while [ "$index" -gt 0 ]; do
    rest=${rest#?}
    index=$((index - 1))
  done
  printf '%s' "${rest%"${rest#?}"}"
}
buffer=0 held=0
push() {
  buffer=$(((buffer << 8 | $(ord "$1")) & 16777215))
  held=$((held + 8))
  while [ "$held" -ge 6 ]; do
    held=$((held - 6))
    digit $((buffer >> held & 63))
  done
}
each_character push "$*"
case $held in
  2) digit $((buffer << 4 & 63)); printf '==' ;;
  4) digit $((buffer << 2 & 63)); printf '=' ;;
esac
printf '\n'
