# Runs a service and starts it again when it ends, as its restart policy says.
#
#   supervise NAME POLICY LIMIT COMMAND…
#
# POLICY is always, on-failure or never. After LIMIT starts it gives up.
[ $# -ge 4 ] || usage 'supervise NAME POLICY LIMIT COMMAND…'
LOG_NAME=$1
policy=$2
limit=$3
shift 3
starts=0
while [ "$starts" -lt "$limit" ]; do
  starts=$((starts + 1))
  log_info "start $starts of at most $limit"
  "$@"
  status=$?
  case $policy:$status in
    never:* | on-failure:0)
      log_info "ended with status $status"
      exit "$status"
      ;;
  esac
  log_warning "ended with status $status"
done
log_error "gave up"
exit 1
