/**
 * Features: what is compared of a record. Mostly a feature is a field; a person's full name gives two, first and family
 * name, because each has its own rarity, and a field that only repeats others gives none.
 */
import { contentOf } from './content.ts'
import { familyOf, givenOf, type Read, readerOf } from './reading.ts'
import { type MatchField, type Role, roleOf } from './role.ts'

export interface Feature {
  /** The field's name, with the part behind a dot where the field has parts. */
  readonly name: string
  /** Position of its field among the fields. */
  readonly column: number
  readonly role: Role
  /** Reads the field. */
  readonly read: Read
  /** Takes the feature's part of the field's reading; the whole where it is left out. */
  readonly part?: (reading: string) => string
}

/** One reading for each feature of a record. @param cells texts in the order of the fields */
export function readingsOf(features: readonly Feature[], cells: readonly string[]): readonly string[] {
  return readingsInto(features, cells, [])
}

/** {@link readingsOf} into an array that is used again. */
export function readingsInto(features: readonly Feature[], cells: readonly string[], into: string[]): string[] {
  let column = -1
  let reading = ''
  for (let at = 0; at < features.length; at += 1) {
    const feature = features[at]
    if (feature === undefined) continue
    // Parts of one field follow each other, so that it is read once.
    if (feature.column !== column) {
      column = feature.column
      reading = feature.read(cells[column] ?? '')
    }
    into[at] = feature.part === undefined ? reading : feature.part(reading)
  }
  return into
}

/** Why a field takes no part. */
export interface LeftOut {
  readonly field: string
  readonly reason: string
}

export interface Features {
  readonly features: readonly Feature[]
  /** The role of every field, in their order. */
  readonly roles: readonly Role[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * The features of a table, told from its fields and a sample of its rows (texts in the order of the fields). A field in
 * `ruled` takes part whatever its name says, because its owner named it in a rule.
 */
export function featuresOf(
  fields: readonly MatchField[],
  sample: readonly (readonly string[])[],
  ruled: ReadonlySet<number> = new Set(),
): Features {
  const contents = fields.map((_, column) => contentOf(sample.map((cells) => cells[column] ?? '')))
  const roles = fields.map((field, column) => {
    const content = contents[column]
    const role = content === undefined ? 'ignored' : roleOf(field, content, sample.length)
    return role === 'ignored' && ruled.has(column) && (content?.filled ?? 0) > 0 ? 'code' : role
  })
  const leftOut: LeftOut[] = []
  const features: Feature[] = []
  for (const [column, field] of fields.entries()) {
    const role = roles[column] ?? 'ignored'
    const content = contents[column]
    if (role === 'ignored') leftOut.push({ field: field.name, reason: reasonOf(content?.filled ?? 0) })
    else if (content === undefined || content.distinct < 2)
      leftOut.push({ field: field.name, reason: 'holds one value only' })
    else if (repeatsOthers(column, roles, sample)) leftOut.push({ field: field.name, reason: 'repeats other fields' })
    else features.push(...partsOf(field.name, column, role, content.distinct < content.filled * repeatedShare))
  }
  return { features, roles, leftOut }
}

function reasonOf(filled: number): string {
  return filled === 0 ? 'is empty' : 'says how a record was handled or numbered, not what it is about'
}

/** Below this share of distinct values in the sample, readings are remembered. */
const repeatedShare = 0.3
const remembered = 10_000

/** Remembers readings of values that come again and again. */
function remembering(read: Read): Read {
  const known = new Map<string, string>()
  return (cell) => {
    const kept = known.get(cell)
    if (kept !== undefined) return kept
    const found = read(cell)
    if (known.size < remembered) known.set(cell, found)
    return found
  }
}

function partsOf(name: string, column: number, role: Role, isRepeated: boolean): readonly Feature[] {
  const read = isRepeated ? remembering(readerOf(role)) : readerOf(role)
  if (role !== 'person') return [{ name, column, role, read }]
  return [
    { name: `${name}.first`, column, role: 'given', read, part: givenOf },
    { name: `${name}.last`, column, role: 'family', read, part: familyOf },
  ]
}

/** A feature by what is kept of it; readings that come again are remembered. */
export function featureOf({
  name,
  column,
  role,
  part,
}: {
  readonly name: string
  readonly column: number
  readonly role: Role
  readonly part: 'first' | 'last' | null
}): Feature {
  if (part === null) return { name, column, role, read: readerOf(role) }
  return { name, column, role, read: readerOf('person'), part: part === 'first' ? givenOf : familyOf }
}

/** Shares from which a field counts as repeated by others: of rows that contain the other, of words that are covered. */
const containedMin = 0.75
const coveredMin = 0.7
const rowsRead = 2_000

/** Whether nearly all words of this field stand in shorter fields of the same row, as a full name beside its parts. */
function repeatsOthers(column: number, roles: readonly Role[], sample: readonly (readonly string[])[]): boolean {
  const role = roles[column]
  if (role !== 'person' && role !== 'text' && role !== 'address' && role !== 'place') return false
  const parts = roles.flatMap((other, at) =>
    at !== column &&
    (other === 'given' || other === 'family' || other === role || other === 'place' || other === 'code')
      ? [at]
      : [],
  )
  const rows = sample.slice(0, rowsRead)
  const inside = parts.filter((part) => isInside(part, column, roles, rows))
  if (inside.length < 2) return false
  let words = 0
  let covered = 0
  for (const cells of rows) {
    const known = new Set(inside.flatMap((part) => wordsOf(cells[part], roles[part])))
    if (known.size === 0) continue
    for (const word of wordsOf(cells[column], role)) {
      words += 1
      if (known.has(word)) covered += 1
    }
  }
  return words > 0 && covered / words >= coveredMin
}

function isInside(part: number, whole: number, roles: readonly Role[], rows: readonly (readonly string[])[]): boolean {
  let both = 0
  let contained = 0
  for (const cells of rows) {
    const words = wordsOf(cells[part], roles[part])
    const all = wordsOf(cells[whole], roles[whole])
    if (words.length === 0 || all.length === 0 || words.length >= all.length) continue
    both += 1
    if (words.every((word) => all.includes(word))) contained += 1
  }
  return both >= 10 && contained / both >= containedMin
}

function wordsOf(cell: string | undefined, role: Role | undefined): readonly string[] {
  const text = cell === undefined || role === undefined ? '' : readerOf(role)(cell)
  return text === '' ? [] : text.split(' ')
}
