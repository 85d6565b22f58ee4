/** What holds, and what does not, of a table as a whole: references, numbers of rows, the last change. Pure. */
import type { Answers } from './questions.ts'
import type { QualitySpec } from './spec.ts'
import { figure, type TableFinding } from './state.ts'

export interface TableFacts {
  readonly rows: number
  readonly answers: Answers
  /** Records of the mirror in Airtable, as last seen; undefined while none were. */
  readonly mirrored: number | undefined
  readonly nowMs: number
}

export function tableFindings(
  spec: QualitySpec,
  facts: TableFacts,
): { readonly findings: readonly TableFinding[]; readonly holds: readonly string[] } {
  const judged = [...references(spec, facts), ...counts(spec, facts), ...freshness(spec, facts)]
  return {
    findings: judged.flatMap(({ finding }) => finding ?? []),
    holds: judged.flatMap(({ holds, finding }) => (finding === undefined && holds !== undefined ? [holds] : [])),
  }
}

interface Judged {
  /** What holds; undefined where it cannot be told. */
  readonly holds: string | undefined
  readonly finding?: TableFinding
}

const none = { count: 0, sample: [] }

function references(spec: QualitySpec, { answers, rows }: TableFacts): readonly Judged[] {
  return spec.references.map(({ field, to, key }, at): Judged => {
    const orphans = answers.orphans[at]
    const holds = `${field} leads to a row of ${to}`
    if (orphans == null) return { holds: undefined }
    if (orphans.count === 0) return { holds }
    return {
      holds,
      finding: {
        id: `references.${field}`,
        severity: orphans.count > rows / 2 ? 'high' : 'medium',
        desired: `${field} is a ${key} of ${to}`,
        observed: `${figure(orphans.count)} are not`,
        message: `${figure(orphans.count)} of ${figure(rows)} rows have a ${field} that no row of ${to} has as its ${key}`,
        remedy: `Give these rows the ${field} of a row that is there, empty it, or remove them. Import the missing rows of ${to} where they exist elsewhere.`,
        affected: orphans,
      },
    }
  })
}

function counts(spec: QualitySpec, { answers, rows, mirrored }: TableFacts): readonly Judged[] {
  return spec.counts.map((expected, at): Judged => {
    const place = expected.with === null ? 'Airtable' : `${expected.with.database}.${expected.with.table}`
    const other = expected.with === null ? mirrored : (answers.counts[at] ?? undefined)
    if (other === undefined) return { holds: undefined }
    const problem = countProblem(rows, other, expected)
    const holds = `${figure(rows)} rows beside ${figure(other)} in ${place}`
    if (problem === undefined) return { holds }
    return {
      holds,
      finding: {
        id: `counts.${place}`,
        severity: 'medium',
        desired: problem,
        observed: `${figure(rows)} rows, ${figure(other)} in ${place}`,
        message: `There are ${figure(rows)} rows beside ${figure(other)} in ${place}: ${problem}`,
        remedy:
          expected.with === null
            ? 'Look at the sync of this table: `trueup sync status`, `trueup conflicts`. What waits there is what is missing.'
            : `Import what ${place} has and this table lacks, or change the expectation in quality.counts.`,
        affected: { ...none, count: Math.abs(rows - other) },
      },
    }
  })
}

/** What two numbers of rows are expected to be; undefined where they are. */
export function countProblem(
  rows: number,
  other: number,
  { within, atLeast }: { readonly within: number | null; readonly atLeast: number | null },
): string | undefined {
  if (within !== null && Math.abs(rows - other) > (other * within) / 100)
    return `they may differ by ${within} % at most`
  if (atLeast !== null && rows < (other * atLeast) / 100) return `there must be at least ${atLeast} % of it`
  return undefined
}

function freshness(spec: QualitySpec, { answers, nowMs }: TableFacts): readonly Judged[] {
  const { freshWithinMs } = spec
  if (freshWithinMs === null || answers.lastChangeMs === null) return []
  const ageMs = nowMs - answers.lastChangeMs
  const limit = `${Math.round(freshWithinMs / 360_000) / 10} h`
  const holds = `a row changed within ${limit}`
  if (ageMs <= freshWithinMs) return [{ holds }]
  const finding: TableFinding = {
    id: 'fresh',
    severity: ageMs > freshWithinMs * 7 ? 'high' : 'medium',
    desired: holds,
    // Rounded to the limit, so that a look a minute later finds the same.
    observed: `none for ${Math.floor(ageMs / freshWithinMs)} times as long`,
    message: `No row has changed since ${new Date(answers.lastChangeMs).toISOString()}; one should within ${limit}`,
    remedy: 'Look at the programs that write this table: `trueup service list`.',
    affected: none,
  }
  return [{ holds, finding }]
}
