/**
 * What becomes of a group of records that are one: which of them stays, and what it holds afterwards, by the declared
 * strategy and field by field. Pure. No value is made up: every one stands in a record of the group, but for unions.
 */

import { unreachable } from '../../errors.ts'
import { isMarked } from '../../values/contact-mark.ts'
import type { Cell } from '../../values/field-type.ts'
import { isPlaceholder } from '../../values/placeholder.ts'
import { noSiblings } from '../../values/rule.ts'
import { type Standardizer, standardizer } from '../../values/standardizer.ts'
import type { PlacedField } from './layout.ts'
import type { Chooser, DuplicatesSpec } from './spec.ts'

/** One record of a group with all its stored cells. */
export interface GroupRow {
  readonly rowId: number
  readonly key: Cell
  readonly cells: Readonly<Record<string, Cell>>
}

/** A field of the surviving record, and where its value comes from. */
export interface Survivor {
  readonly field: string
  readonly column: string
  readonly before: Cell
  readonly after: Cell
  /** Key of the record that the value comes from; null where several give it. */
  readonly from: Cell
}

export interface Survival {
  readonly survivor: GroupRow
  readonly losers: readonly GroupRow[]
  /** Fields of the survivor that change. */
  readonly changes: readonly Survivor[]
}

export interface Wishes {
  /** Rowid of the record that stays. */
  readonly survivor?: number | undefined
  /** Rowid of the record whose value a field takes, by field. */
  readonly take?: ReadonlyMap<string, number> | undefined
}

export interface Survivorship {
  /** @param rows two or more, of one group; their order changes nothing */
  survivalOf(rows: readonly GroupRow[], wishes?: Wishes): Survival
}

/**
 * Prepares the rules of a table.
 *
 * `most_recent` and `highest_quality` keep that record and fill its empty fields from the others, best first; `merge` keeps
 * the oldest record, whose key others know, and takes the best value of each field; `manual` proposes what `most_recent`
 * would do. A chooser of a field overrules all of that.
 */
export function survivorship(spec: DuplicatesSpec, fields: readonly PlacedField[]): Survivorship {
  const recency = fields.find(({ field }) => field.name === spec.recency)?.column
  const rules = new Map(
    fields.map(({ field }) => [
      field.name,
      standardizer(field.rules, { type: field.type, ...(field.choices === null ? {} : { choices: field.choices }) }),
    ]),
  )
  const recencyOf = (row: GroupRow) => (recency === undefined ? '' : momentOf(row.cells[recency] ?? null))
  const byRecency = (one: GroupRow, other: GroupRow) =>
    compareText(recencyOf(other), recencyOf(one)) || other.rowId - one.rowId
  const qualityOf = (row: GroupRow) =>
    fields.reduce((sum, { field, column }) => sum + qualityOfCell(row.cells[column] ?? null, rules.get(field.name)), 0)
  const byQuality = (one: GroupRow, other: GroupRow) => qualityOf(other) - qualityOf(one) || byRecency(one, other)

  return {
    survivalOf(rows, wishes = {}) {
      const recent = [...rows].sort(byRecency)
      const ranked = spec.strategy === 'highest_quality' ? [...rows].sort(byQuality) : recent
      const chosen = rows.find((row) => row.rowId === wishes.survivor)
      const kept = chosen ?? (spec.strategy === 'merge' ? recent.at(-1) : ranked[0])
      if (kept === undefined) throw new RangeError('a group has at least one record')
      const order = [kept, ...ranked.filter((row) => row !== kept)]
      const changes = fields.flatMap(({ field, column }) => {
        if (spec.stamps.some(({ name }) => name === field.name)) return []
        const wished = rows.find((row) => row.rowId === wishes.take?.get(field.name))
        const usual: Chooser | 'fill' = spec.strategy === 'merge' ? 'highest_quality' : 'fill'
        const choose = spec.choosers[field.name] ?? usual
        const marked = field.doNotContact ? rows.find((row) => isMarked(row.cells[column])) : undefined
        if (marked !== undefined && !isMarked(kept.cells[column]))
          return [{ field: field.name, column, before: kept.cells[column] ?? null, after: 1, from: marked.key }]
        if (marked !== undefined) return []
        const found =
          wished === undefined
            ? chosenOf({ choose, column, order, recent, type: field.type, rules: rules.get(field.name) })
            : { cell: wished.cells[column] ?? null, from: wished.key }
        const before = kept.cells[column] ?? null
        return found === undefined || sameCell(found.cell, before)
          ? []
          : [{ field: field.name, column, before, after: found.cell, from: found.from }]
      })
      return { survivor: kept, losers: order.slice(1).sort((one, other) => one.rowId - other.rowId), changes }
    },
  }
}

interface Choice {
  readonly choose: Chooser | 'fill'
  readonly column: string
  /** The record that stays first, then the others by rank. */
  readonly order: readonly GroupRow[]
  /** Newest first. */
  readonly recent: readonly GroupRow[]
  readonly type: string
  readonly rules: Standardizer | undefined
}

interface Chosen {
  readonly cell: Cell
  readonly from: Cell
}

/** Undefined where the survivor's value stays. */
function chosenOf({ choose, column, order, recent, type, rules }: Choice): Chosen | undefined {
  const filled = (rows: readonly GroupRow[]) =>
    rows.flatMap((row): Chosen[] => {
      const cell = row.cells[column] ?? null
      return isEmpty(cell) ? [] : [{ cell, from: row.key }]
    })
  if (choose === 'fill') return filled(order)[0]
  if (choose === 'keep') return undefined
  if (choose === 'most_recent') return filled(recent)[0]
  if (choose === 'oldest') return filled(recent).at(-1)
  const candidates = filled(order)
  switch (choose) {
    case 'longest':
      return best(candidates, (one, other) => lengthOf(other.cell) - lengthOf(one.cell))
    case 'shortest':
      return best(candidates, (one, other) => lengthOf(one.cell) - lengthOf(other.cell))
    case 'min':
      return best(candidates, (one, other) => compareCells(one.cell, other.cell))
    case 'max':
      return best(candidates, (one, other) => compareCells(other.cell, one.cell))
    case 'highest_quality':
      return best(candidates, (one, other) => qualityOfCell(other.cell, rules) - qualityOfCell(one.cell, rules))
    case 'union': {
      const cell = unionOf(
        candidates.map((one) => one.cell),
        type,
      )
      return cell === undefined ? candidates[0] : { cell, from: null }
    }
    default:
      return unreachable(choose)
  }
}

/** The first of those that come first. */
function best(found: readonly Chosen[], compare: (one: Chosen, other: Chosen) => number): Chosen | undefined {
  return found.reduce<Chosen | undefined>(
    (first, one) => (first === undefined || compare(one, first) < 0 ? one : first),
    undefined,
  )
}

/** Nothing, blank, or a word that says that there is nothing. */
export function isEmpty(cell: Cell): boolean {
  if (cell === null) return true
  if (typeof cell !== 'string') return false
  const text = cell.trim()
  return text === '' || text === '-' || isPlaceholder(text)
}

function qualityOfCell(cell: Cell, rules: Standardizer | undefined): number {
  if (isEmpty(cell)) return 0
  if (typeof cell !== 'string' || rules === undefined) return 2
  const outcome = rules.standardize(cell, noSiblings).is
  return outcome === 'canonical' ? 3 : outcome === 'changed' ? 2 : 1
}

/** All values of several, each once: of lists the items, of texts the parts between commas or semicolons, or the lines. */
function unionOf(cells: readonly Cell[], type: string): Cell | undefined {
  if (type === 'choices') {
    const items = cells.flatMap((cell) => listOf(cell) ?? [])
    return JSON.stringify([...new Set(items)])
  }
  const texts = cells.filter((cell) => typeof cell === 'string')
  if (texts.length !== cells.length) return undefined
  if (type === 'longtext') return [...new Set(texts)].join('\n')
  const known = new Map<string, string>()
  for (const part of texts.flatMap((text) => text.split(/[,;]/u)).map((text) => text.trim()))
    if (part !== '' && !known.has(part.toLowerCase())) known.set(part.toLowerCase(), part)
  return [...known.values()].join(', ')
}

function listOf(cell: Cell): readonly unknown[] | undefined {
  if (typeof cell !== 'string') return undefined
  try {
    const parsed: unknown = JSON.parse(cell)
    return Array.isArray(parsed) ? parsed : [cell]
  } catch {
    // A plain word in a list's column is one item.
    return [cell]
  }
}

function lengthOf(cell: Cell): number {
  return cell instanceof Uint8Array ? cell.length : String(cell ?? '').length
}

function compareCells(one: Cell, other: Cell): number {
  const isNumber = (cell: Cell) => typeof cell === 'number' || typeof cell === 'bigint'
  if (isNumber(one) && isNumber(other)) return Number(one) - Number(other)
  return compareText(String(one), String(other))
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** A moment as text that sorts: ISO 8601 as it is, with a space for the T as SQLite writes it. */
function momentOf(cell: Cell): string {
  return typeof cell === 'string' ? cell.replace(' ', 'T').replace(/Z$/u, '') : cell === null ? '' : String(cell)
}

function sameCell(one: Cell, other: Cell): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0
  return one === other
}
