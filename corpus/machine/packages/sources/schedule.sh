# Whether a schedule is due at a time.
#
#   schedule 'HOUR MINUTE' HOUR MINUTE
#
# A field of the schedule is a number, * or */STEP.
[ $# -eq 3 ] || usage "schedule 'HOUR MINUTE' HOUR MINUTE"
suits() {
  case $1 in
    '*') return 0 ;;
    '*/'*) [ $(($2 % ${1#'*/'})) -eq 0 ] ;;
    *) [ "$1" -eq "$2" ] ;;
  esac
}
suits "${1%% *}" "$2" && suits "${1##* }" "$3"
