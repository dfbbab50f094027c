# Whole numbers. Results are printed; questions answer by their status.

is_number() {
  case ${1#-} in
    '' | *[!0-9]*) return 1 ;;
  esac
}

# need_number NAME VALUE: ends the program if the value is none
need_number() {
  is_number "$2" || {
    printf '%s: %s is not a number\n' "$1" "$2" >&2
    exit 2
  }
}

gcd() {
  local a=$1 b=$2 rest
  while [ "$b" -ne 0 ]; do
    rest=$((a % b))
    a=$b
    b=$rest
  done
  printf '%d\n' "$a"
}

# power BASE EXPONENT, by squaring
power() {
  local base=$1 exponent=$2 result=1
  while [ "$exponent" -gt 0 ]; do
    [ $((exponent & 1)) -eq 0 ] || result=$((result * base))
    base=$((base * base))
    exponent=$((exponent >> 1))
  done
  printf '%d\n' "$result"
}

# square_root N: the largest whole number whose square is not above N
square_root() {
  local n=$1 guess=$1 next
  [ "$n" -gt 1 ] || {
    printf '%d\n' "$n"
    return
  }
  while next=$(((guess + n / guess) / 2)) && [ "$next" -lt "$guess" ]; do
    guess=$next
  done
  printf '%d\n' "$guess"
}

is_prime() {
  local divisor=2
  [ "$1" -gt 1 ] || return 1
  while [ $((divisor * divisor)) -le "$1" ]; do
    [ $(($1 % divisor)) -ne 0 ] || return 1
    divisor=$((divisor + 1))
  done
}
