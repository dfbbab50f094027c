#!/bin/sh
# @title@
#
# This is a whole machine: what it consists of, and how to install it. Words
# between @ signs were replaced when this file was built.
#
# Unlike the builds, this program runs on the machine and uses its mkdir, ln,
# cp, chmod, mv and rm.
set -eu

usage() {
  cat >&2 << 'END'
usage: /bin/sh SYSTEM COMMAND

  title            what this is
  manifest         the parts and their paths
  units            the services in the order in which they start
  activate [ROOT]  make the machine (or the directory ROOT) be this system
END
  exit 2
}

# Replaces a file in one step, so that nobody ever sees half of it.
put() {
  mv -f -T "$1.new" "$1"
}

# Links and copies what belongs under /etc. The list has lines
# "target mode path".
install_etc() {
  while read -r target mode source; do
    mkdir -p "$root/etc/$(parent "$target")"
    if [ "$mode" = symlink ]; then
      ln -sfn "$source" "$root/etc/$target.new"
    else
      cp "$source" "$root/etc/$target.new"
      chmod "$mode" "$root/etc/$target.new"
    fi
    put "$root/etc/$target"
  done < @etc@
}

# Deletes what the system before had under /etc and this one has not.
remove_stale_etc() {
  [ -e "$root/run/system/etc" ] || return 0
  while read -r target mode source; do
    wanted=
    while read -r kept rest; do
      [ "$kept" != "$target" ] || wanted=yes
    done < @etc@
    [ -n "$wanted" ] || rm -f "$root/etc/$target"
  done < "$root/run/system/etc"
}

# Files in the store are not executable, so each program gets a launcher.
install_programs() {
  mkdir -p "$root/run/system/bin"
  while read -r command program; do
    [ -n "$command" ] || continue
    printf '#!/bin/sh\nexec /bin/sh %s "$@"\n' "$program" > "$root/run/system/bin/$command.new"
    chmod 0755 "$root/run/system/bin/$command.new"
    put "$root/run/system/bin/$command"
  done < @programs@
}

# The previous launchers go away as a whole.
remove_stale_programs() {
  rm -rf "$root/run/system/bin"
}

parent() {
  case $1 in
    */*) printf '%s' "${1%/*}" ;;
  esac
}

activate() {
  root=${1-}
  mkdir -p "$root/etc" "$root/run/system" "$root/var/log" "$root/boot"
  remove_stale_etc
  remove_stale_programs
  install_etc
  install_programs
  for part in manifest=@manifest@ etc=@etc@ packages=@packages@ units=@units@ init=@init@; do
    ln -sfn "${part#*=}" "$root/run/system/${part%%=*}"
  done
  ln -sfn @loaderEntry@ "$root/boot/entry"
  root=$root /bin/sh @activationEnd@
  printf 'this is now %s\n' '@title@'
}

case ${1-} in
  title) printf '%s\n' '@title@' ;;
  manifest) cat @manifest@ ;;
  units) cat @units@ ;;
  activate) activate "${2-}" ;;
  *) usage ;;
esac
