import { isSupportedCountry } from 'libphonenumber-js/max'
import { z } from 'zod'
import { readPhone } from '../phone.ts'
import { plainE164Finder } from '../phone-plans.ts'
import { isPlaceholder } from '../placeholder.ts'
import { regionFinder } from '../region.ts'
import { canonical, defineRule, settled, unmendable } from '../rule.ts'
import { clean } from '../whitespace.ts'

const options = z.strictObject({
  /** Country of the numbers that carry none, as an ISO 3166 code: `US`, `DE`. */
  region: z
    .string()
    .refine((code) => isSupportedCountry(code), 'must be an ISO 3166 country code such as US or DE')
    .optional(),
  /** A field of the same row that names the country (`Germany`, `DE`, `Berlin, Germany`); it goes before `region`. */
  regionFrom: z.string().min(1).optional(),
  /** `valid` takes numbers that a country has given out; `possible` all of the right length. */
  accept: z.enum(['valid', 'possible']).default('valid'),
  /** E.164 has no extensions: `keep` writes them behind (` ext. 12`). */
  extension: z.enum(['keep', 'remove']).default('keep'),
})

/** Phone numbers: E.164. Without a country code, a region or a sibling that tells it, a number is only reported. */
export const phone = defineRule({
  name: 'phone',
  version: 1,
  summary: 'E.164 (+14155552671); national numbers by `region` or `regionFrom`, else they are reported.',
  options,
  siblings: (settings) => (settings.regionFrom === undefined ? [] : [settings.regionFrom]),
  prepare(settings) {
    const find = regionFinder()
    const isPlain = plainE164Finder()
    const fixed = settings.region === undefined ? undefined : find(settings.region)
    const { regionFrom } = settings
    return (value, context) => {
      if (isPlain(value)) return canonical
      const cleaned = clean(value)
      if (isPlaceholder(cleaned)) return unmendable('is a placeholder, not a phone number')
      const told = regionFrom === undefined ? undefined : context.sibling(regionFrom)
      const reading = readPhone(cleaned, (told === undefined ? undefined : find(told)) ?? fixed)
      if (reading.is === 'invalid') return unmendable(reading.reason)
      if (reading.status === 'impossible') return unmendable('has the wrong length for a number of its country')
      // Of a number that no plan knows, E.164 may read back as another one.
      const again = reading.status === 'valid' ? reading : readPhone(reading.e164, fixed)
      const isTrue = again.is === 'phone' && again.e164 === reading.e164 && again.status === reading.status
      if (!isTrue || (reading.status === 'possible' && settings.accept === 'valid'))
        return unmendable('is no number that its country has given out')
      const extension = settings.extension === 'keep' && reading.extension !== undefined
      return settled(value, extension ? `${reading.e164} ext. ${reading.extension}` : reading.e164, 'E.164')
    }
  },
})
