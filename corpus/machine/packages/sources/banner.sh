# A text in a frame.
text="$*"
edge=$(repeat $((${#text} + 2)) -)
printf '+%s+\n| %s |\n+%s+\n' "$edge" "$text" "$edge"
