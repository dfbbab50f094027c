# The network that an address belongs to.
[ $# -eq 2 ] || usage 'subnet ADDRESS PREFIX'
IFS=.
set -- $1 "$2"
unset IFS
value=$(($1 << 24 | $2 << 16 | $3 << 8 | $4))
mask=$((4294967295 << (32 - $5) & 4294967295))
net=$((value & mask))
printf '%d.%d.%d.%d/%d\n' $((net >> 24)) $((net >> 16 & 255)) $((net >> 8 & 255)) $((net & 255)) "$5"
