/** How programs ended, in words. */

const signalNames: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
}

/** `exit 1`, `SIGKILL`, `exit 127 (the program was not found)`. */
export function exitText(code: number | undefined): string {
  if (code === undefined) return 'ended unseen'
  const signal = code > 128 ? signalNames[code - 128] : undefined
  if (signal !== undefined) return signal
  const meaning: Readonly<Record<number, string>> = {
    71: 'its folder is not there, or a limit could not be set',
    78: 'its configuration is wrong',
    126: 'the program may not be run',
    127: 'the program was not found',
  }
  return meaning[code] === undefined ? `exit ${code}` : `exit ${code} (${meaning[code]})`
}

/** `40 ms`, `3 s`, `5 min`, `3 h`, `2 d`. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}
