/**
 * Cells that a spreadsheet would carry out. OWASP, "CSV Injection": a cell that begins with `=`, `+`, `-`, `@`, a tab or a
 * carriage return is taken for a formula by Excel, LibreOffice or Google Sheets, after blanks too.
 */
import type { FieldType } from '../../values/field-type.ts'

/** At the beginning of the cell, and of each line in it: some readers split cells at line feeds. */
const formula =
  /(^|[\r\n\u2028\u2029\v\f\u0085])((?:[^\S\r\n\t]|[\u200b\u2060\ufeff])*)([=+\-@\t\uff1d\uff0b\uff0d\uff20\u2212\ufe63\ufe62\ufe66\ufe6b|%]|\r)/gu
/** A telephone number as people write it: nothing in it can be a formula but a sum of numbers. */
const telephone = /^\+?[\d\s().\-/]+$/u

/** The text as a spreadsheet shows it without doing anything: an apostrophe goes before what would begin a formula. */
export function withoutFormula(text: string, type: FieldType): string {
  switch (type) {
    case 'integer':
    case 'number':
    case 'boolean':
      return text
    case 'phone':
      if (telephone.test(text) && !/[\r\n]/.test(text)) return text
  }
  return text.replace(formula, "$1'$2$3")
}
