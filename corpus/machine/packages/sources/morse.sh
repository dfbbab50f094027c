signal() {
  case $1 in
    a) printf '.- ' ;; b) printf '%s' '-... ' ;; c) printf '%s' '-.-. ' ;;
    d) printf '%s' '-.. ' ;; e) printf '. ' ;; f) printf '..-. ' ;;
    g) printf '%s' '--. ' ;; h) printf '.... ' ;; i) printf '.. ' ;;
    j) printf '.--- ' ;; k) printf '%s' '-.- ' ;; l) printf '.-.. ' ;;
    m) printf '%s' '-- ' ;; n) printf '%s' '-. ' ;; o) printf '%s' '--- ' ;;
    p) printf '.--. ' ;; q) printf '%s' '--.- ' ;; r) printf '.-. ' ;;
    s) printf '... ' ;; t) printf '%s' '- ' ;; u) printf '..- ' ;;
    v) printf '...- ' ;; w) printf '.-- ' ;; x) printf '%s' '-..- ' ;;
    y) printf '%s' '-.-- ' ;; z) printf '%s' '--.. ' ;;
    ' ') printf '/ ' ;;
  esac
}
each_character signal "$*"
printf '\n'
