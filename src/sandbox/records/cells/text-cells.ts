/** Cells of text: plain, rich, e-mail, URL, phone, barcode. Form is not checked: no such refusal is known. */
import { z } from 'zod'
import type { JsonValue } from '../../../json.ts'
import { refusals } from '../../http/refusal.ts'
import type { CellKind, CellWriting } from './cell-kind.ts'

/** Longest text of a cell, in characters [?]. */
const textLengthMax = 100_000

function textIn(value: JsonValue, writing: CellWriting): string {
  const text = typeof value === 'string' ? value : writing.typecast ? castText(value) : undefined
  if (text === undefined || text.length > textLengthMax) throw refusals.invalidValue(writing.field.name)
  return text
}

function castText(value: JsonValue): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value)
    ? value.map((item: JsonValue) => castText(item) ?? '').join(', ')
    : typeof value === 'string'
      ? value
      : undefined
}

const asText = (stored: JsonValue) => (typeof stored === 'string' ? stored : '')

export const textCell: CellKind = {
  accept: (value, writing) => textIn(value, writing) || undefined,
  json: (stored) => stored,
  text: asText,
  value: asText,
}

/** Bullets become `- `, the text ends with a line break, and a cleared cell keeps one [R]. */
export const richTextCell: CellKind = {
  accept: (value, writing) => {
    const text = textIn(value, writing)
    return text === '' ? undefined : rewriteRichText(text)
  },
  json: (stored) => stored,
  text: asText,
  value: asText,
  cleared: '\n',
}

/** What Airtable makes of Markdown that it is given, as far as it was recorded: bullets and the last line break. */
function rewriteRichText(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const rewritten = lines.map((line) => line.replace(/^(\s*)[*+] /, '$1- ')).join('\n')
  return rewritten.endsWith('\n') ? rewritten : `${rewritten}\n`
}

const barcodeSchema = z.object({ text: z.string(), type: z.string().optional() })

export const barcodeCell: CellKind = {
  accept: (value, writing) => {
    const parsed = barcodeSchema.safeParse(typeof value === 'string' && writing.typecast ? { text: value } : value)
    if (!parsed.success) throw refusals.invalidValue(writing.field.name)
    const { text, type } = parsed.data
    return type === undefined ? { text } : { text, type }
  },
  json: (stored) => stored,
  text: (stored) => barcodeSchema.parse(stored).text,
  value: (stored) => barcodeSchema.parse(stored).text,
}
