/**
 * The report that proves an erasure: where the person was looked for, what was found and done there, and what may hold them
 * still, until when. It holds no personal data, so it can be shown and kept for ever.
 */
import { z } from 'zod'
import { hashOf } from '../../json.ts'
import type { PersonPlace } from './person-layout.ts'

export const reportLineSchema = z.strictObject({
  kind: z.enum(['table', 'kept', 'file', 'airtable', 'backup', 'list']),
  /** For people: `leads in data/leads.db`, `set nightly-… in backups/`. */
  place: z.string(),
  /** How it was looked at there. */
  looked: z.string(),
  /** Records or traces removed. */
  removed: z.number(),
  /** `maybe`: it was made while the person was there, and cannot be searched. `unknown`: it could not be looked at. */
  holds: z.enum(['no', 'yes', 'maybe', 'unknown']),
  /** Until when at the latest, where that is known; ISO 8601, UTC. */
  until: z.string().nullable(),
  /** What to do about it, or why it stays; empty where nothing is to be said. */
  note: z.string(),
})
export type ReportLine = z.output<typeof reportLineSchema>

/** What the search of the files gave. */
export interface SearchedFiles {
  readonly files: readonly string[]
  readonly remains: readonly { readonly file: string; readonly reason: string }[]
}

/** Lines of the tables that were gone through until nobody was left in them. */
export function linesOfTables(
  places: readonly PersonPlace[],
  removed: readonly { readonly table: string; readonly count: number }[],
  nameOf: (path: string) => string,
): readonly ReportLine[] {
  return places.map((place) => {
    const { emails, linkedins, phones, person } = place.fields
    const fields = [place.key, person, ...emails, ...linkedins, ...phones.map(({ field }) => field)]
    const named = [...new Set(fields.filter((field) => field !== null))]
    return {
      ...plain(
        'table',
        `${place.name} in ${nameOf(place.path)}`,
        `all rows by ${named.join(', ')}, again after the removal`,
      ),
      removed: removed.find(({ table }) => table === place.name)?.count ?? 0,
    }
  })
}

/** Lines of what Trueup keeps beside the tables. */
export function linesOfTraces(
  names: readonly string[],
  removed: readonly { readonly from: string; readonly count: number }[],
): readonly ReportLine[] {
  const all = [...new Set([...names, ...removed.map(({ from }) => from)])]
  return all.map((name) => ({
    ...plain('kept', name, 'whatever is of their records, or shows their values'),
    removed: removed.find(({ from }) => from === name)?.count ?? 0,
  }))
}

/** Lines of the files whose bytes were searched; one that says so where none were. */
export function linesOfFiles({ files, remains }: SearchedFiles): readonly ReportLine[] {
  const reasonOf = new Map(remains.map(({ file, reason }) => [file, reason]))
  const searched = files.map((file): ReportLine => {
    const reason = reasonOf.get(file)
    return {
      ...plain('file', file, 'its bytes, for every address'),
      holds: reason === undefined ? 'no' : 'yes',
      note: reason ?? '',
    }
  })
  const others = remains
    .filter(({ file }) => !files.includes(file))
    .map(({ file, reason }): ReportLine => ({ ...plain('file', file, 'not searched'), holds: 'unknown', note: reason }))
  if (files.length > 0) return [...searched, ...others]
  const none = { ...plain('file', 'all files', 'not searched: after a crash nobody knows the addresses any more') }
  return [{ ...none, holds: 'unknown', note: 'What Trueup keeps was rewritten.' }, ...others]
}

export function plain(kind: ReportLine['kind'], place: string, looked: string): ReportLine {
  return { kind, place, looked, removed: 0, holds: 'no', until: null, note: '' }
}

/** What the record keeps of a report, so that a later copy of it can be compared. */
export function hashOfReport(lines: readonly ReportLine[]): string {
  return hashOf(lines.map((line) => ({ ...line })))
}
