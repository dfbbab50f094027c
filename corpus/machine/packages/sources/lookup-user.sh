# Prints a field of a user from a file in the form of /etc/passwd.
[ $# -eq 3 ] || usage 'lookup-user FILE NAME uid|gid|home|shell'
while IFS=: read -r name password uid gid comment home shell; do
  [ "$name" = "$2" ] || continue
  case $3 in
    uid) printf '%s\n' "$uid" ;;
    gid) printf '%s\n' "$gid" ;;
    home) printf '%s\n' "$home" ;;
    shell) printf '%s\n' "$shell" ;;
    *) exit 2 ;;
  esac
  exit 0
done < "$1"
exit 1
