# Prints the address of a host from a file in the form of /etc/hosts.
[ $# -eq 2 ] || usage 'lookup-host FILE NAME'
while read -r address names; do
  case $address in
    '' | '#'*) continue ;;
  esac
  case " $names " in
    *" $2 "*)
      printf '%s\n' "$address"
      exit 0
      ;;
  esac
done < "$1"
exit 1
