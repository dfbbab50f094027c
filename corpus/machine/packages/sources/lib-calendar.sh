# The Gregorian calendar, by counting days from 1970-01-01. A year is thought
# to begin in March, so that the leap day is its last.

# days_of YEAR MONTH DAY
days_of() {
  local year=$1 month=$2 day=$3 era of_era of_year
  [ "$month" -gt 2 ] || year=$((year - 1))
  era=$((year / 400))
  of_era=$((year - era * 400))
  of_year=$(((153 * ((month + 9) % 12) + 2) / 5 + day - 1))
  printf '%d\n' $((era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468))
}

# weekday_of DAYS: 0 for Monday
weekday_of() {
  printf '%d\n' $((($1 + 3) % 7))
}

is_leap_year() {
  [ $(($1 % 4)) -eq 0 ] && { [ $(($1 % 100)) -ne 0 ] || [ $(($1 % 400)) -eq 0 ]; }
}

# month_length YEAR MONTH
month_length() {
  case $2 in
    4 | 6 | 9 | 11) printf '30\n' ;;
    2) if is_leap_year "$1"; then printf '29\n'; else printf '28\n'; fi ;;
    *) printf '31\n' ;;
  esac
}
