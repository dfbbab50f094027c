# Prints a value of an INI file.
[ $# -eq 3 ] || usage 'ini-get FILE SECTION NAME'
section=
while IFS= read -r line || [ -n "$line" ]; do
  case $line in
    '['*']')
      section=${line#'['}
      section=${section%']'}
      ;;
    "$3="*)
      if [ "$section" = "$2" ]; then
        printf '%s\n' "${line#*=}"
        exit 0
      fi
      ;;
  esac
done < "$1"
exit 1
