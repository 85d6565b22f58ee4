/**
 * Cells of both sides in one comparable form. Two readings are equal exactly when both sides mean the same, whatever
 * each side's way of writing it: an unticked box is an empty one, a list of choices a set, a date its ISO text.
 */
import { type JsonValue, shortHashOf } from '../../json.ts'
import type { RemoteField } from '../../targets/airtable/ports.ts'
import { choiceFinder } from '../../values/choices.ts'
import { coerce } from '../../values/coerce.ts'
import type { Cell } from '../../values/field-type.ts'
import type { SyncField } from './spec.ts'

/** What is compared and remembered: null for empty, text, a number; a set of choices as sorted JSON text. */
export type Plain = null | string | number

/** One side's cell, or why it cannot be taken to the other side. */
export type Reading =
  | { readonly is: 'value'; readonly value: Plain }
  /** The reason completes the sentence "this value …". `shown` is what is there, as text. */
  | { readonly is: 'unfit'; readonly reason: string; readonly shown: string }

export const emptyReading: Reading = { is: 'value', value: null }

/** What is remembered of a reading to tell later whether the cell changed. */
export type Mark = Plain | { readonly unfit: string }

export function markOf(reading: Reading): Mark {
  return reading.is === 'value' ? reading.value : { unfit: reading.shown }
}

export function sameMark(a: Mark, b: Mark): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b
  return a.unfit === b.unfit
}

const shownMax = 200

/** Reads a cell of SQLite. Total on every cell. */
export function readLocal(field: SyncField, cell: Cell): Reading {
  const coerced = coerce(field.type, cell, { choices: field.choices ?? undefined, aliases: field.aliases })
  if (coerced.is === 'invalid') return { is: 'unfit', reason: coerced.reason, shown: shownCell(cell) }
  return { is: 'value', value: plainOf(field, coerced.cell) }
}

/** Reads a cell as Airtable's record calls give it; undefined is an empty one. Total on every JSON value. */
export function readRemote(field: SyncField, remote: RemoteField, cell: JsonValue | undefined): Reading {
  if (cell === undefined || cell === null) return emptyReading
  const flat = flattened(cell)
  if (flat === undefined) {
    return { is: 'unfit', reason: 'is an error of its formula in Airtable', shown: shownJson(cell) }
  }
  const text = typeof flat === 'string' ? withoutTrailingBreak(flat, remote) : flat
  const list = Array.isArray(text) && field.type !== 'choices' && field.type !== 'json' ? text.join(', ') : text
  const coerced = coerce(field.type, dayOnly(field, list), {
    choices: field.choices ?? undefined,
    aliases: field.aliases,
  })
  if (coerced.is === 'invalid') return { is: 'unfit', reason: coerced.reason, shown: shownJson(cell) }
  return { is: 'value', value: plainOf(field, coerced.cell) }
}

/** A cell for Airtable, or why the remote field cannot take the value. */
export type Writable =
  | { readonly is: 'cell'; readonly cell: JsonValue }
  /** No choice of the field; `closest` are the ones it may mean. */
  | { readonly is: 'unknown-choice'; readonly choice: string; readonly closest: readonly string[] }

/** What is written to Airtable for a value. */
export function writeRemote(field: SyncField, remote: RemoteField, value: Plain): Writable {
  if (value === null) return { is: 'cell', cell: remote.type === 'checkbox' ? false : null }
  switch (remote.type) {
    case 'checkbox':
      return { is: 'cell', cell: value === 1 }
    case 'singleSelect':
      return choiceOf(String(value), remote, field)
    case 'multipleSelects':
      return choicesOf(partsOf(value), remote, field)
    case 'number':
    case 'currency':
    case 'percent':
      return { is: 'cell', cell: rounded(Number(value), remote.precision) }
    case 'rating':
    case 'duration':
      return { is: 'cell', cell: Number(value) }
    default:
      return { is: 'cell', cell: typeof value === 'number' && isTextual(remote) ? String(value) : value }
  }
}

/** The cell for SQLite. A set of choices keeps the sorted order; a box is 0 or 1. */
export function writeLocal(field: SyncField, value: Plain): Cell {
  if (field.type === 'boolean') return value === 1 ? 1 : 0
  return value
}

/**
 * Whether both sides mean the same, by what the remote field can hold: numbers to its precision, moments to the second
 * where Airtable keeps no more.
 */
export function sameMeaning(field: SyncField, remote: RemoteField, local: Reading, other: Reading): boolean {
  if (local.is !== 'value' || other.is !== 'value') return false
  const [a, b] = [local.value, other.value]
  if (a === b) return true
  if (typeof a === 'number' && typeof b === 'number')
    return rounded(a, remote.precision) === rounded(b, remote.precision)
  if (field.type === 'datetime' && typeof a === 'string' && typeof b === 'string') {
    return b.endsWith('.000Z') && a.slice(0, 19) === b.slice(0, 19)
  }
  return false
}

function plainOf(field: SyncField, cell: Cell): Plain {
  if (cell === null) return null
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('base64')
  if (typeof cell === 'bigint') return cell.toString()
  // An unticked box and one that nobody touched are the same in Airtable.
  if (field.type === 'boolean') return cell === 1 ? 1 : null
  if (field.type === 'choices') return setText(partsOf(cell))
  return typeof cell === 'string' ? cell.replaceAll('\r\n', '\n') : cell
}

function setText(parts: readonly string[]): Plain {
  return parts.length === 0 ? null : JSON.stringify([...new Set(parts)].sort())
}

/** The choices of a set in its remembered form. */
export function partsOf(value: Plain): readonly string[] {
  if (typeof value !== 'string') return []
  const parsed: unknown = JSON.parse(value)
  return Array.isArray(parsed) ? parsed.map(String) : []
}

/** Text, number, tick or list of texts out of any cell; undefined for a formula's error. */
function flattened(cell: JsonValue): string | number | boolean | string[] | undefined {
  if (cell === null) return ''
  if (typeof cell !== 'object') return cell
  if (isList(cell)) {
    const parts = cell.map(flattened)
    return parts.includes(undefined) ? undefined : parts.flat().map(String)
  }
  if ('error' in cell || 'specialValue' in cell) return undefined
  // Barcodes, collaborators, attachments, linked records, AI text: the part that a person reads.
  for (const part of ['text', 'value', 'name', 'email', 'url', 'filename', 'id']) {
    const found = cell[part]
    if (typeof found === 'string' || typeof found === 'number') return found
  }
  return JSON.stringify(cell)
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** Rich text ends in a line break that nobody typed. */
function withoutTrailingBreak(text: string, remote: RemoteField): string {
  return remote.type === 'richText' ? text.replace(/\n+$/u, '') : text
}

/** A moment of Airtable's for a local date: its day in UTC. */
function dayOnly(field: SyncField, value: string | number | boolean | string[]): typeof value {
  return field.type === 'date' && typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/u.test(value)
    ? value.slice(0, 10)
    : value
}

function isTextual(remote: RemoteField): boolean {
  return ['singleLineText', 'multilineText', 'richText', 'email', 'url', 'phoneNumber'].includes(remote.type)
}

function rounded(value: number, precision: number | undefined): number {
  return precision === undefined ? value : Number(value.toFixed(precision))
}

function choiceOf(value: string, remote: RemoteField, field: SyncField): Writable {
  const names = remote.choices.map(({ name }) => name)
  const found = choiceFinder(names, reversed(field, names))(value)
  if (found !== undefined) return { is: 'cell', cell: found }
  return field.unknownChoices === 'add'
    ? { is: 'cell', cell: value }
    : { is: 'unknown-choice', choice: value, closest: names.slice(0, 10) }
}

function choicesOf(values: readonly string[], remote: RemoteField, field: SyncField): Writable {
  const cells: JsonValue[] = []
  for (const value of values) {
    const one = choiceOf(value, remote, field)
    if (one.is === 'unknown-choice') return one
    cells.push(one.cell)
  }
  return { is: 'cell', cell: cells }
}

/** A choice that Airtable knows by one of its aliases only is written in that spelling. */
function reversed(field: SyncField, names: readonly string[]): Readonly<Record<string, string>> {
  const known = new Set(names)
  return Object.fromEntries(
    Object.entries(field.aliases).flatMap(([alias, choice]) => (known.has(alias) ? [[choice, alias]] : [])),
  )
}

function shownCell(cell: Cell): string {
  return shortened(cell instanceof Uint8Array ? `bytes ${Buffer.from(cell).toString('hex')}` : String(cell))
}

function shownJson(cell: JsonValue): string {
  return shortened(typeof cell === 'string' ? cell : JSON.stringify(cell))
}

/** Two long texts that differ stay different. */
function shortened(text: string): string {
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}… (${shortHashOf(text)})`
}
