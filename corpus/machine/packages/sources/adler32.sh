# The checksum of zlib, of a text of ASCII characters.
low=1 high=0
add() {
  low=$(((low + $(ord "$1")) % 65521))
  high=$(((high + low) % 65521))
}
each_character add "$*"
printf '%08x\n' $((high << 16 | low))
