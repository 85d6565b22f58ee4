import { z } from 'zod'
import { linkedInAddress, readLinkedIn } from '../linkedin.ts'
import { isPlaceholder } from '../placeholder.ts'
import { canonical, defineRule, settled, unmendable } from '../rule.ts'
import { clean } from '../whitespace.ts'

const options = z.strictObject({
  /** Which pages the field may hold: people only, organisations only, or both (which are kept apart by their path). */
  pages: z.enum(['any', 'profile', 'company']).default('any'),
})

/** Most profiles that are in standard form, told at once; not what could be an internal id (AC…). */
const plain = /^https:\/\/www\.linkedin\.com\/in\/(?!ac[a-z]aa)[a-z0-9]+(?:-[a-z0-9]+)*$/

const reason = 'LinkedIn address in standard form'

function isPlain(value: string, settings: z.output<typeof options>): boolean {
  return settings.pages !== 'company' && value.length <= 120 && plain.test(value)
}

/** LinkedIn addresses: `https://www.linkedin.com/in/<slug>` and `/company/<slug>`. */
export const linkedinUrl = defineRule({
  name: 'linkedin_url',
  version: 1,
  summary:
    'https://www.linkedin.com/in/<slug>, lower-case and decoded; /pub/ and Sales Navigator addresses are reported.',
  options,
  prepare: (settings) => (value) => {
    if (isPlain(value, settings)) return canonical
    const cleaned = clean(value)
    if (isPlaceholder(cleaned)) return unmendable('is a placeholder, not a LinkedIn address')
    const reading = readLinkedIn(cleaned)
    if (reading.is === 'invalid') return unmendable(reading.reason)
    if (settings.pages === 'profile' && reading.page !== 'in') return unmendable('is a company page, not a profile')
    if (settings.pages === 'company' && reading.page === 'in') return unmendable('is a profile, not a company page')
    const address = linkedInAddress(reading)
    if (isPlain(address, settings)) return settled(value, address, reason)
    const again = readLinkedIn(address)
    if (again.is === 'invalid' || again.slug !== reading.slug) return unmendable('has no stable form as an address')
    return settled(value, address, reason)
  },
})
