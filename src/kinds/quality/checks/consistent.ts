import { type Grouping, parseGrouping } from '../../../desired/grouping.ts'
import { domainOf, isFreeMailer } from '../../../values/domain.ts'
import { foldWords } from '../../../values/fold.ts'
import { hashText } from '../../../values/text-hash.ts'
import { beginning, type GroupCheck, inOneWay, textOf } from './check.ts'

/** Rows of one group, such as those of one e-mail domain, spell a field alike. Undefined for a grouping that is none. */
export function consistent(by: string, field: string): GroupCheck | undefined {
  const grouping = parseGrouping(by)
  if (grouping === undefined) return undefined
  return {
    is: 'group',
    id: `${field}.consistent.${grouping.field}`,
    field,
    title: `has one spelling within ${by}`,
    fault: `is spelled otherwise than in most rows with the same ${by}`,
    severity: 'medium',
    reads: [grouping.field, field],
    remedy: `Give ${field} one spelling where rows share ${by}; two that are two companies have two domains.`,
    rule: { is: 'consistent' },
    reason: `is spelled otherwise than in most rows with the same ${by}`,
    majorityWhy: `most rows with the same ${by} spell it so`,
    ...inOneWay((row) => {
      const group = textOf(row(grouping.field))
      const value = textOf(row(field))
      const name = group === undefined ? undefined : groupName(grouping, group)
      return name === undefined || value === undefined
        ? undefined
        : { group: hashText(name), value: hashText(value.trim()) }
    }),
  }
}

function groupName(grouping: Grouping, value: string): string | undefined {
  switch (grouping.function) {
    case 'domain': {
      const domain = domainOf(value)
      return domain === undefined || isFreeMailer(domain) ? undefined : domain
    }
    case undefined: {
      const folded = foldWords(beginning(value))
      return folded === '' ? undefined : folded
    }
  }
}
