# The program that builds every package: `/bin/sh -eu setup.sh`.
#
# It knows only what the shell itself can do. There is no cp, no cat and no
# mkdir in a build; files are read line by line and written by redirection, so
# each output of a package is one file.
#
# The shell is dash, or any other POSIX shell that knows `local`.
#
# In the environment: `build` and `check`, two scripts, the paths of the
# outputs (`out`, …), and whatever else the package defines.

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Writes its arguments, each as a line.
emit() {
  printf '%s\n' "$@"
}

# Copies files, or the standard input, to the standard output. A last line
# without a newline gets one.
copy() {
  local line input
  if [ $# -eq 0 ]; then
    while IFS= read -r line || [ -n "$line" ]; do emit "$line"; done
    return
  fi
  for input in "$@"; do
    copy < "$input"
  done
}

# Copies a template and replaces each @name@ by the variable of that name.
# An @ that does not begin such a word stays what it is.
substitute() {
  local line result before rest word value
  while IFS= read -r line || [ -n "$line" ]; do
    result=
    while :; do
      case $line in
        *@[a-z]*@*) ;;
        *) break ;;
      esac
      before=${line%%@*}
      rest=${line#*@}
      word=${rest%%@*}
      case $word in
        '' | *[!A-Za-z0-9_]*)
          result=$result$before@
          line=$rest
          continue
          ;;
      esac
      eval "[ -n \"\${$word+set}\" ]" || fail "the template uses @$word@, which is not set"
      eval "value=\$$word"
      result=$result$before$value
      line=${rest#*@}
    done
    emit "$result$line"
  done < "$1"
}

# Runs the program in the first output.
run() {
  /bin/sh "$out" "$@"
}

# For checks: compares what came out with what should.
expect() {
  [ "$1" = "$2" ] || fail "check of $name: expected '$2' but got '$1'"
}

# For checks: a command that should not succeed. (`! command` would not do: the
# shell's -e takes no notice of it.)
refuse() {
  if "$@" > /dev/null; then fail "check of $name: '$*' should have failed"; fi
}

# Fails if a script is not even grammatical.
parse_check() {
  /bin/sh -n "$1" || fail "$1 is not a correct script"
}

eval "$build"

for output in $outputs; do
  eval "file=\$$output"
  [ -s "$file" ] || fail "$name did not write its output '$output', or left it empty"
done

eval "${check:-}"
