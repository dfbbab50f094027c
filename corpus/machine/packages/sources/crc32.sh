# The cyclic redundancy check that gzip and PNG use, of a text of ASCII
# characters.
crc=4294967295
add() {
  crc=$((crc ^ $(ord "$1")))
  for bit in 1 2 3 4 5 6 7 8; do
    crc=$((crc & 1 ? crc >> 1 ^ 3988292384 : crc >> 1))
  done
}
each_character add "$*"
printf '%08x\n' $((crc ^ 4294967295))
