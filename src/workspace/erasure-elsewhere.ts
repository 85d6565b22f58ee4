/** Where a person may be besides tables and files: in Airtable, in backup sets, and in what is kept to keep them away. */
import { isoOf } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import { type BackupSpec, setsOf } from '../kinds/backup/index.ts'
import { plain, type ReportLine } from '../targets/erasure/report.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

export interface ElsewherePorts {
  readonly state: DesiredState
  readonly backups: readonly BackupSpec[]
  /** The databases that are gone through, absolute. */
  readonly paths: readonly string[]
  /** How many identities are on the suppression list for this person; 0 where it is not known. */
  readonly identities: number
}

export function linesElsewhere(ports: ElsewherePorts): readonly ReportLine[] {
  return [
    ...linesOfAirtable(ports.state),
    ...ports.backups.flatMap((spec) => linesOfBackup(spec, ports.paths)),
    ...kept(ports),
  ]
}

function linesOfAirtable({ airtable, tables }: DesiredState): readonly ReportLine[] {
  if (airtable === undefined) return []
  return Object.entries(tables).flatMap(([name, table]): ReportLine[] => {
    if (table.airtable === undefined || table.absent) return []
    const place = `${table.airtable.table} in the Airtable base ${airtable.base}`
    const looked = 'not now: the next look of the sync compares all of it with the suppression list'
    const waits = table.airtable.deletions === 'approve' ? ', which waits for approval' : ''
    return [
      {
        ...plain('airtable', place, looked),
        holds: 'maybe',
        note: `The sync removes their record there${waits}, and never pulls it back: see \`trueup why sync/${name}\`. Airtable keeps its own history and trash.`,
      },
    ]
  })
}

/** Sets are packed and often encrypted to a key that is not here: what was there when they were made may be in them. */
function linesOfBackup(spec: BackupSpec, paths: readonly string[]): readonly ReportLine[] {
  const holdsAny = spec.airtable !== null || spec.databases.some(({ path }) => paths.includes(path))
  if (!holdsAny) return []
  const places = spec.to.map(({ shown }) => shown).join(', ')
  return setsOf(spec).map((set) => ({
    ...plain('backup', `set ${set.id} in ${places}`, 'not at all: a set is never changed'),
    holds: 'maybe' as const,
    until: isoOf(set.createdAtMs + longestMs(spec)),
    note: 'A restore by Trueup takes them out again. It goes with its age while newer sets are made; two verified ones always stay.',
  }))
}

/** The longest that retention lets a set stand for a period; by then it goes with the next prune. */
function longestMs({ keep }: BackupSpec): number {
  return Math.max(keep.hourly * hourMs, keep.daily * dayMs, keep.weekly * 7 * dayMs, keep.monthly * 31 * dayMs)
}

function kept({ identities }: ElsewherePorts): readonly ReportLine[] {
  return [
    {
      ...plain('list', '.trueup/suppression.db', 'written by the erasure'),
      note: `Keyed hashes of ${identities} identities, so that nothing brings them back. They hold no personal data.`,
    },
    {
      ...plain('list', '.trueup/journal.db, the record', 'its bytes, with the files'),
      note: 'That somebody was erased, by whom and why, with the key of the record. Entries hold no values of cells.',
    },
  ]
}
