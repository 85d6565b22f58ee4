/** Comma-separated values as RFC 4180 has them, safe to open in a spreadsheet. */
import type { FieldType } from '../../values/field-type.ts'
import { withoutFormula } from './formula.ts'

/** One column of an export. */
export interface ExportColumn {
  readonly name: string
  readonly type: FieldType
}

/** A line with its end. Numbers are columns of their own type and stay bare. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(quotedCell).join(',')}\r\n`
}

/** A cell's text; what programs choke on (NUL) is shown as U+FFFD. */
export function csvCell(text: string, type: FieldType): string {
  return withoutFormula(text.replaceAll('\0', '\ufffd'), type)
}

function quotedCell(text: string): string {
  return /[",\r\n]|^[\s'\ufeff]|\s$/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
