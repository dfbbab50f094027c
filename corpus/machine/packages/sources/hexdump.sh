dump() { printf '%02x' "$(ord "$1")"; }
each_character dump "$*"
printf '\n'
