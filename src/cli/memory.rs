//! How much memory there is.

use std::fs;

/// How many bytes of values an evaluation may make unless told otherwise: three quarters of what this process may use.
pub(super) fn usual_limit() -> Option<u64> {
    let machine = memory_total(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let allowed = control_group_limit().map_or(machine, |limit| limit.min(machine));
    Some(allowed / 4 * 3)
}

/// How many bytes of memory this process has now, as Linux tells it (proc_pid_status(5)).
pub(super) fn resident() -> Option<u64> {
    bytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// How many bytes of memory this process had at most.
pub(super) fn peak() -> Option<u64> {
    bytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The memory of the machine in bytes, from `/proc/meminfo` (proc_meminfo(5)), which counts in KiB.
fn memory_total(meminfo: &str) -> Option<u64> {
    bytes(meminfo, "MemTotal:")
}

/// The number that stands after a name in a file of `/proc`, from KiB.
fn bytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// What the control group of this process, or one around it, limits memory to (cgroups(7), version 2).
fn control_group_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mut limits = Vec::new();
    for ancestor in std::path::Path::new(group).ancestors() {
        let file = std::path::Path::new("/sys/fs/cgroup").join(ancestor).join("memory.max");
        // A group without a limit says "max".
        limits.extend(fs::read_to_string(file).ok().and_then(|limit| limit.trim().parse::<u64>().ok()));
    }
    limits.into_iter().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_kibibytes() {
        assert_eq!(memory_total("MemTotal:       24574432 kB\nMemFree:  1 kB\n"), Some(24_574_432 * 1024));
        assert_eq!(memory_total("MemFree:  1 kB\n"), None);
        assert_eq!(memory_total("MemTotal: many\n"), None);
    }
}
