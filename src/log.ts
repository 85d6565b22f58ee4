import { type Logger, pino } from 'pino'

/** The program's log: JSON lines on stderr, so that stdout stays for what a command answers. */
export type Log = Logger

/** Opens the log at the level of TRUEUP_LOG (default `info`). Values of cells and secrets are never passed to it. */
export function openLog(level: string): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  )
}
