import { callingCodeReader, countryCodeReader } from '../../../values/calling-code.ts'
import { type RowCheck, textOf } from './check.ts'

/**
 * A telephone number has the country code of the place that another field names. Countries that share a code, such as the
 * United States and Canada, are one here.
 */
export function sameCountry(phone: string, place: string): RowCheck {
  const codeOf = callingCodeReader()
  const codeIn = countryCodeReader(/country|nation/i.test(place))
  return {
    is: 'row',
    id: `sameCountry.${phone}.${place}`,
    field: null,
    title: `has ${phone} and ${place} of one country`,
    fault: `has ${phone} and ${place} of different countries`,
    severity: 'low',
    reads: [phone, place],
    remedy: `Look at ${phone} and ${place} of these rows: one of them may be old, or somebody else's.`,
    reasonOf: (row) => {
      const number = textOf(row(phone))
      const where = number === undefined ? undefined : textOf(row(place))
      const code = number === undefined || where === undefined ? undefined : codeOf(number)
      const wanted = where === undefined || code === undefined ? undefined : codeIn(where)
      return wanted === undefined || wanted === code ? undefined : `has ${phone} and ${place} of different countries`
    },
  }
}
