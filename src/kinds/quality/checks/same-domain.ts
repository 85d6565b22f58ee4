import { domainOf, isFreeMailer, isSameDomain } from '../../../values/domain.ts'
import { type RowCheck, textOf } from './check.ts'

/** Two addresses of a row are of one organisation; free mailers tell none. */
export function sameDomain(one: string, other: string): RowCheck {
  return {
    is: 'row',
    id: `sameDomain.${one}.${other}`,
    field: null,
    title: `has ${one} and ${other} of one domain`,
    fault: `has ${one} and ${other} of different domains`,
    severity: 'low',
    reads: [one, other],
    remedy: `Look at ${one} and ${other} of these rows: one of them may be another company's.`,
    reasonOf: (row) => {
      const [first, second] = [one, other].map((field) => {
        const text = textOf(row(field))
        const domain = text === undefined ? undefined : domainOf(text)
        return domain === undefined || isFreeMailer(domain) ? undefined : domain
      })
      return first === undefined || second === undefined || isSameDomain(first, second)
        ? undefined
        : `has ${one} and ${other} of different domains`
    },
  }
}
