import { readFileSync } from 'node:fs'

/**
 * Names this process so that another one can tell whether it still runs: boot id, pid and start time (field 22 of
 * /proc/PID/stat) together are never given twice. Without /proc only the pid is compared.
 */
export function holderOf(pid: number): string {
  return `${bootId()}:${pid}:${startTimeOf(pid) ?? '?'}`
}

/** False when the process that `holderOf` named has surely ended. A holder of another machine or boot has not surely ended here. */
export function isHolderAlive(holder: string): boolean {
  const [boot, pidText, started] = holder.split(':')
  if (boot !== bootId()) return true
  const pid = Number(pidText)
  return started === '?' ? isRunning(pid) : startTimeOf(pid) === started
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown-boot'
  }
}

/** Clock ticks since boot at which the process started; undefined when there is no such process or it is a zombie. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in parentheses, which may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
