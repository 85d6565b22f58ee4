/**
 * Decides which column of a source fills which field: what is declared stands; the rest is proposed by name and by what
 * the values look like, each with a score and a reason in words. Pure, and the same for the same sample.
 */

import type { SourceValue } from './source-row.ts'
import type { IntoField, IntoTable } from './spec.ts'
import { rolesOf } from './spec.ts'
import { foldName, synonymScore } from './synonyms.ts'

/** One column of the source with values that are not blank, from its first rows. */
export interface ColumnSample {
  readonly column: string
  readonly values: readonly SourceValue[]
}

/** How well values suit a field. */
interface Fit {
  /** Share that suits, 0 to 1. */
  readonly share: number
  /** What they look like: `e-mail addresses`; undefined for a field that takes any text. */
  readonly like: string | undefined
  /** Whether hardly anything but such values would suit, so that the values alone can tell. */
  readonly telling: boolean
}

export type JudgeFit = (field: IntoField, values: readonly SourceValue[]) => Fit

/** One column that fills a field. */
interface Mapped {
  readonly column: string
  readonly field: string
  /** 0 to 1. */
  readonly score: number
  readonly reason: string
}

export interface Mapping {
  /** In the source's order of columns. Of several columns of one field, the one with the highest score is asked first. */
  readonly mapped: readonly Mapped[]
  /** Columns that fill no field, with the reason; kept in `raw_data` where it is declared. */
  readonly unmapped: readonly { readonly column: string; readonly reason: string }[]
  /** Declared entries that cannot be followed. */
  readonly problems: readonly string[]
}

interface Candidate extends Mapped {
  /** Whether the name speaks for it, and not its values alone. */
  readonly byName: boolean
}

/** Fewer values than this say nothing about what a column holds. */
const tellingValues = 3
const contentShareMin = 0.8
const nameShareMin = 0.5

/** Maps the columns of a source to the fields of a table; `declared` is the entry's `map`. */
export function mapColumns(
  columns: readonly ColumnSample[],
  into: IntoTable,
  declared: Readonly<Record<string, string>>,
  judge: JudgeFit,
): Mapping {
  const named = followDeclared(columns, into, declared)
  const raw = rolesOf(into).raw
  const takenColumns = new Set(named.mapped.map((one) => one.column))
  const takenFields = new Set([...named.mapped.map((one) => one.field), ...(raw === undefined ? [] : [raw])])
  const rejections = new Map<string, string>()
  const candidates = columns
    .filter((sample) => !takenColumns.has(sample.column))
    .flatMap((sample) =>
      targetsOf(into)
        .filter((field) => !takenFields.has(field.name))
        .flatMap((field) => candidateOf(sample, field, judge, rejections)),
    )
    // Sorting is stable: among equals the source's order of columns, then the table's order of fields decides.
    .sort((one, other) => other.score - one.score)
  const proposed: Mapped[] = []
  for (const { byName: _, ...mapped } of candidates) {
    if (takenColumns.has(mapped.column) || takenFields.has(mapped.field)) continue
    takenColumns.add(mapped.column)
    takenFields.add(mapped.field)
    proposed.push(mapped)
  }
  // Files of different make call one field by different names; rows then have one of these columns or another.
  for (const { byName, ...mapped } of candidates) {
    const first = proposed.find((one) => one.field === mapped.field)
    if (takenColumns.has(mapped.column) || first === undefined) continue
    if (byName) {
      takenColumns.add(mapped.column)
      proposed.push({ ...mapped, reason: `${mapped.reason}; where \`${first.column}\` is blank` })
    } else if (!rejections.has(mapped.column)) {
      rejections.set(mapped.column, `\`${mapped.field}\` is filled by a column that suits it better`)
    }
  }
  const order = new Map(columns.map((sample, position) => [sample.column, position]))
  const mapped = [...named.mapped, ...proposed].sort(
    (one, other) => (order.get(one.column) ?? 0) - (order.get(other.column) ?? 0),
  )
  const unmapped = columns
    .filter((sample) => !takenColumns.has(sample.column))
    .map(({ column }) => ({ column, reason: rejections.get(column) ?? unknownReason(column, raw) }))
  return { mapped, unmapped, problems: named.problems }
}

function unknownReason(column: string, raw: string | undefined): string {
  if (column === raw) return 'its members are kept there under their own names'
  return 'no field has this name or holds such values'
}

/** The key can be mapped to like a field. */
function targetsOf(into: IntoTable): readonly IntoField[] {
  if (into.fields.some((field) => field.name === into.key)) return into.fields
  const key: IntoField = {
    name: into.key,
    type: 'text',
    required: false,
    unique: true,
    default: null,
    onUpdate: false,
    doNotContact: false,
    choices: null,
    precision: null,
    renamedFrom: null,
    airtable: null,
    rules: [],
  }
  return [key, ...into.fields]
}

function followDeclared(
  columns: readonly ColumnSample[],
  into: IntoTable,
  declared: Readonly<Record<string, string>>,
): { mapped: readonly Mapped[]; problems: readonly string[] } {
  const fields = new Set(targetsOf(into).map((field) => field.name))
  const mapped: Mapped[] = []
  const problems: string[] = []
  for (const [column, field] of Object.entries(declared)) {
    const before = mapped.find((one) => one.field === field)
    if (!fields.has(field)) problems.push(`\`${column}\` is mapped to \`${field}\`, which the table does not declare`)
    else if (before !== undefined)
      problems.push(`\`${column}\` and \`${before.column}\` are both mapped to \`${field}\``)
    else if (columns.length > 0 && !columns.some((sample) => sample.column === column))
      problems.push(`\`${column}\` is mapped to \`${field}\`, but the source has no such column`)
    else mapped.push({ column, field, score: 1, reason: `\`${column}\` → ${field}: declared` })
  }
  return { mapped, problems }
}

function candidateOf(
  sample: ColumnSample,
  field: IntoField,
  judge: JudgeFit,
  rejections: Map<string, string>,
): readonly Candidate[] {
  const name = nameMatch(sample.column, field)
  if (name === undefined && sample.values.length < tellingValues) return []
  const fit = judge(field, sample.values)
  const looks =
    fit.like === undefined || sample.values.length === 0
      ? undefined
      : `${Math.floor(fit.share * 100)} % of ${sample.values.length} sampled values look like ${fit.like}`
  const mapped = (score: number, why: string): readonly Candidate[] => [
    {
      column: sample.column,
      field: field.name,
      byName: name !== undefined,
      score: Math.round(score * 1000) / 1000,
      reason: `\`${sample.column}\` → ${field.name}: ${looks === undefined ? why : `${why}; ${looks}`}`,
    },
  ]
  if (name === undefined)
    return fit.telling && fit.share >= contentShareMin ? mapped(0.7 * fit.share, 'by its values') : []
  if (name.certain || looks === undefined)
    return mapped(name.score * (looks === undefined ? 1 : 0.6 + 0.4 * fit.share), name.why)
  if (fit.share < nameShareMin) {
    rejections.set(sample.column, `it could mean \`${field.name}\`, but only ${looks}`)
    return []
  }
  return mapped(name.score * (0.6 + 0.4 * fit.share), name.why)
}

interface NameMatch {
  readonly score: number
  readonly why: string
  /** Whether the name alone decides, whatever the values look like. */
  readonly certain: boolean
}

function nameMatch(column: string, field: IntoField): NameMatch | undefined {
  const nested = column.lastIndexOf('.')
  const whole = nameMatchOf(foldName(column), column === field.name, field)
  if (whole !== undefined || nested < 0) return whole
  const inner = nameMatchOf(foldName(column.slice(nested + 1)), false, field)
  return inner === undefined ? undefined : { ...inner, score: inner.score * 0.9, certain: false }
}

function nameMatchOf(folded: string, exact: boolean, field: IntoField): NameMatch | undefined {
  if (exact) return { score: 1, why: 'same name', certain: true }
  if (folded === foldName(field.name)) return { score: 0.98, why: 'same name but for case and signs', certain: true }
  if (field.renamedFrom !== null && folded === foldName(field.renamedFrom))
    return { score: 0.97, why: 'its earlier name', certain: true }
  if (field.airtable !== null && folded === foldName(field.airtable))
    return { score: 0.96, why: 'its name in Airtable', certain: true }
  const score = synonymScore(folded, foldName(field.name))
  return score === undefined ? undefined : { score, why: 'synonym', certain: false }
}
