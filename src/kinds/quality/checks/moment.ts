import { readMoment } from '../../../values/calendar.ts'

/** Dates and moments in standard form, told at once; days after the 28th depend on the month. */
const plain = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z)?$/
const lengthMax = 64

/** The moment that a text names, milliseconds since the epoch; undefined where it cannot be told for sure. */
export function momentOf(text: string): number | undefined {
  if (text.length > lengthMax) return undefined
  if (plain.test(text)) return Date.parse(text)
  const reading = readMoment(text)
  return reading.is === 'moment' ? reading.atMs : undefined
}
