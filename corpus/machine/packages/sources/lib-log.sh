# Messages with a level. LOG_LEVEL (0 to 3) says which ones are written.

log_level_name() {
  case $1 in
    0) printf error ;;
    1) printf warning ;;
    2) printf info ;;
    *) printf debug ;;
  esac
}

# log LEVEL MESSAGE…
log() {
  local level=$1
  shift
  [ "$level" -gt "${LOG_LEVEL-2}" ] ||
    printf '%s[%s]: %s\n' "${LOG_NAME-shell}" "$(log_level_name "$level")" "$*" >&2
}
log_error() { log 0 "$@"; }
log_warning() { log 1 "$@"; }
log_info() { log 2 "$@"; }
log_debug() { log 3 "$@"; }
