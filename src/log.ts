/**
 * The program's log: JSON lines on stderr, so that stdout stays for what a command answers. What it keeps true: a line has the
 * members listed here and no others, and no secret, e-mail address, telephone number or profile of a person is in it.
 */
import { type DestinationStream, type Logger, pino } from 'pino'
import type { JsonValue } from './json.ts'
import { scrubbedJson, withoutPersons } from './scrub.ts'

export type Log = Logger

/** What a line may have. A member that is not listed is left out, and named, so that a new one is thought about. */
const members: ReadonlySet<string> = new Set([
  ...['level', 'time', 'msg'],
  ...['err', 'error', 'reason', 'code', 'type', 'rule', 'stderr'],
  ...[
    'resource',
    'action',
    'verb',
    'runId',
    'generation',
    'table',
    'changed',
    'failed',
    'attempted',
    'undone',
    'problems',
  ],
  ...['path', 'folder', 'name', 'files', 'rows', 'method', 'doing'],
])

/** Opens the log at the level of TRUEUP_LOG (default `info`). Values of cells and secrets are never passed to it. */
export function openLog(level: string, stream: DestinationStream = pino.destination({ dest: 2, sync: true })): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: errorOf, error: errorOf },
      hooks: { streamWrite: cleanLine },
    },
    stream,
  )
}

/** An error as it is logged: its kind, code, words and place, and not what else somebody hung on it. */
function errorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack } = error
  return { name, message, ...('code' in error ? { code: error.code } : {}), stack }
}

/** The last thing that happens to a line. */
function cleanLine(line: string): string {
  const parsed: Record<string, JsonValue> = JSON.parse(line)
  const known = Object.entries(parsed).filter(([name]) => members.has(name))
  const left = Object.keys(parsed).filter((name) => !members.has(name))
  const shown = scrubbedJson(Object.fromEntries(known), withoutPersons)
  const note = left.length === 0 ? {} : { leftOut: left }
  return `${JSON.stringify({ ...asObject(shown), ...note })}\n`
}

function asObject(value: JsonValue): object {
  return typeof value === 'object' && value !== null ? value : {}
}
