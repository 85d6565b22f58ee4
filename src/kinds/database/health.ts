/** The checks of a health report about one database, and its short description. Pure. */
import { isoOf } from '../../clock.ts'
import type { Drift } from '../../engine/drift.ts'
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import { lastWriteAtMs } from './diff.ts'
import { bytesText, durationText } from './phrases.ts'
import { summaryOf } from './recovery-plan.ts'
import type { DatabaseDeclaration } from './spec.ts'
import { type CheckRecord, type DatabaseState, problemsOf, violationsOf } from './state.ts'

/** From which share of empty pages a VACUUM is worth a mention. */
const freeShareMax = 0.5

/** What stands well and what does not. */
export function databaseHealth(
  spec: DatabaseDeclaration,
  observation: Observation<DatabaseState>,
  drift: readonly Drift[],
): readonly HealthCheck[] {
  if (observation.is === 'unreadable') {
    return [{ name: 'readable', status: 'failed', message: `${observation.error.message} ${observation.error.hint}` }]
  }
  if (observation.is === 'absent') {
    return [{ name: 'exists', status: 'failed', message: `There is no file at ${spec.path}.` }]
  }
  const { state } = observation
  return [
    { name: 'exists', status: 'ok', message: `${spec.path} is a regular file of ${bytesText(state.facts.file.size)}.` },
    fromDrift(
      'permissions',
      'mode.',
      drift,
      spec.keepsPrivate ? 'Only its owner can read and write it.' : 'Its mode is left alone, as declared.',
    ),
    integrity(state),
    foreignKeys(state),
    fromDrift(
      'journal',
      'journal',
      drift,
      spec.keepsWal ? 'It is in WAL mode.' : 'Its journal is left alone, as declared.',
    ),
    size(state, drift),
    fromDrift('freshness', 'freshness', drift, `Last written ${isoOf(lastWriteAtMs(state))}.`),
    programs(state),
  ]
}

function fromDrift(name: string, path: string, drift: readonly Drift[], well: string): HealthCheck {
  const own = drift.filter((one) => one.path.startsWith(path))
  const severe = own.some(({ severity }) => severity === 'high' || severity === 'critical')
  const [first] = own
  if (first === undefined) return { name, status: 'ok', message: well }
  return { name, status: severe ? 'failed' : 'warning', message: first.message }
}

function integrity(state: DatabaseState): HealthCheck {
  const name = 'integrity'
  const problems = problemsOf(state)
  if (problems.length > 0) return { name, status: 'failed', message: [...problems, ...standing(state)].join('; ') }
  const ran = [state.full, state.quick].filter((check) => check?.reply !== undefined)
  if (ran.length === 0) return { name, status: 'unknown', message: 'No check has ended yet.' }
  return {
    name,
    status: 'ok',
    message: `Full check ${whenOf(state.full)}, quick check ${whenOf(state.quick ?? state.full)}${comparedText(state)}.`,
  }
}

function comparedText({ compared }: DatabaseState): string {
  return compared === undefined ? '' : `; its rows were those of the backup ${isoOf(compared.atMs)}`
}

/** Where its repair stands. */
function standing({ recovery }: DatabaseState): readonly string[] {
  if (recovery === undefined) return []
  const { report } = recovery
  if (report === undefined) return ['nothing is written to it; it is yet to be quarantined']
  return [`nothing is written to it; salvaged are ${summaryOf(report)}`]
}

function whenOf(check: CheckRecord | undefined): string {
  if (check === undefined) return 'not yet run'
  return check.reply === undefined ? `did not end at ${isoOf(check.atMs)}` : `passed ${isoOf(check.atMs)}`
}

function foreignKeys(state: DatabaseState): HealthCheck {
  const name = 'foreign keys'
  const found = violationsOf(state)
  if (found === undefined) return { name, status: 'unknown', message: 'Not checked yet.' }
  const { foreignKeyViolations: count } = found
  return count === 0
    ? { name, status: 'ok', message: 'Every reference has its row.' }
    : { name, status: 'warning', message: `${count} rows point at rows that are not there.` }
}

function size(state: DatabaseState, drift: readonly Drift[]): HealthCheck {
  const name = 'size'
  const own = drift.find(({ path }) => path === 'size' || path === 'wal-size')
  if (own !== undefined) return { name, status: 'warning', message: own.message }
  const { facts, content, earlier, observedAtMs } = state
  const free = content === undefined || content.pages === 0 ? 0 : content.freePages / content.pages
  const parts = [
    bytesText(facts.file.size),
    ...(earlier === undefined
      ? []
      : [`${growth(facts.file.size - earlier.size)} in ${durationText(observedAtMs - earlier.atMs)}`]),
    ...(facts.wal === undefined ? [] : [`-wal ${bytesText(facts.wal.size)}`]),
    `${Math.round(free * 100)} % of its pages empty`,
  ]
  const message = `${parts.join(', ')}${free > freeShareMax ? '; VACUUM would give the room back' : ''}.`
  return { name, status: 'ok', message }
}

function growth(bytes: number): string {
  return bytes < 0 ? `${bytesText(-bytes)} less` : `${bytesText(bytes)} more`
}

function programs({ programs: all }: DatabaseState): HealthCheck {
  const name = 'programs'
  if (all.length === 0) return { name, status: 'ok', message: 'No other program has it open.' }
  const list = all.map((one) => `${one.name} (${one.pid}, SQLite ${one.sqlite ?? 'unknown'})`).join(', ')
  const affected = all.some((one) => one.safety === 'affected')
  const unknown = all.some((one) => one.safety === 'unknown')
  return { name, status: affected ? 'warning' : unknown ? 'unknown' : 'ok', message: `Open in ${list}.` }
}

/** A short phrase: `5 tables, 1.2 MB, WAL`. */
export function describeDatabase(observation: Observation<DatabaseState>): string {
  if (observation.is === 'unreadable') return 'unreadable'
  if (observation.is === 'absent') return 'not there'
  const { content, facts } = observation.state
  if (content === undefined) return `${bytesText(facts.file.size)}, corrupt`
  const tables = `${content.tables} table${content.tables === 1 ? '' : 's'}`
  return `${tables}, ${bytesText(facts.file.size)}, ${content.journalMode === 'wal' ? 'WAL' : 'rollback journal'}`
}
