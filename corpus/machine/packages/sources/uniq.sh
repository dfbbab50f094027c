started=
previous=
keep_new() {
  if [ -z "$started" ] || [ "$1" != "$previous" ]; then printf '%s\n' "$1"; fi
  started=yes
  previous=$1
}
lines_of keep_new "$@"
