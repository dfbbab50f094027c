# Builds a package of data: `/bin/sh -eu write-data.sh`.
#
# Such a package has structured attributes: they are in the file .attrs.json
# of the build's folder, on one line, and the environment has none of them.
IFS= read -r json < .attrs.json || [ -n "$json" ]

# The paths of the outputs are in "outputs":{"out":"/nix/store/…"}.
rest=${json#*'"outputs":{"out":"'}
[ "$rest" != "$json" ] || {
  printf 'error: no output path in .attrs.json\n' >&2
  exit 1
}
out=${rest%%'"'*}

# "data" is an array of records, and each one becomes a line. The records are
# flat, and no string in them has a bracket or brace: this is no JSON parser.
rest=${json#*'"data":['}
rest=${rest%%']'*}
while [ -n "$rest" ]; do
  record=${rest%%'}'*}
  printf '%s}\n' "$record"
  rest=${rest#*'}'}
  rest=${rest#,}
done > "$out"
