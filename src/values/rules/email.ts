import { z } from 'zod'
import { readEmail } from '../email.ts'
import { meantMailDomain } from '../mail-typos.ts'
import { isPlaceholder } from '../placeholder.ts'
import { canonical, defineRule, settled, unmendable } from '../rule.ts'
import { clean } from '../whitespace.ts'

const options = z.strictObject({
  /** `lower` lowers the whole address; `domain` only what mail servers may not distinguish. */
  case: z.enum(['lower', 'domain']).default('lower'),
  /** Mends a few unmistakable misspellings such as gmial.com. Off: the address may be somebody's. */
  fixTypos: z.boolean().default(false),
})

/** Most addresses that are in standard form, told at once. */
const plain = /^[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}$/

/** E-mail addresses: bare, lower-case, without mailto:, names, brackets and stray dots. */
export const email = defineRule({
  name: 'email',
  version: 1,
  summary: 'Bare lower-case address; mailto:, display names, brackets and stray punctuation are dropped.',
  options,
  prepare: (settings) => (value) => {
    if (!settings.fixTypos && value.length <= 64 && plain.test(value)) return canonical
    const cleaned = clean(value)
    if (isPlaceholder(cleaned)) return unmendable('is a placeholder, not an e-mail address')
    const bare = unwrapped(cleaned)
    const reading = readEmail(bare)
    if (reading.is === 'invalid') return unmendable(reading.reason)
    const keepsCase = settings.case === 'domain' || reading.local.startsWith('"')
    const local = keepsCase ? reading.local : lower(reading.local)
    const lowered = lower(reading.domain)
    const domain = settings.fixTypos ? (meantMailDomain(lowered) ?? lowered) : lowered
    const address = `${local}@${domain}`
    if (readEmail(address).is === 'invalid') return unmendable('has letters whose lower case no address may have')
    return settled(value, address, bare === value ? 'bare lower-case address' : 'address taken out of its wrapping')
  },
})

function lower(text: string): string {
  return text.toLowerCase().normalize('NFC')
}

/** Takes the address out of what surrounds it, as often as there is something. */
function unwrapped(text: string): string {
  let bare = text
  for (let round = 0; round < 8; round++) {
    const next = unwrappedOnce(bare)
    if (next === bare || next === '') break
    bare = next
  }
  return bare
}

function unwrappedOnce(text: string): string {
  const markdown = /^\[[^\]]*\]\((?:mailto:)?([^()\s]+@[^()\s]+)\)$/i.exec(text)
  if (markdown?.[1] !== undefined) return markdown[1]
  const named = /^[^<>]*<\s*([^<>\s]+@[^<>\s]+)\s*>[\s.,;:]*$/u.exec(text)
  if (named?.[1] !== undefined) return named[1]
  const mailto = /^mailto:\s*([^?]+)(?:\?.*)?$/iu.exec(text)
  if (mailto?.[1] !== undefined) return mailto[1].trim()
  const labelled = /^e-?mail\s*:\s*(\S+@\S+)$/iu.exec(text)
  if (labelled?.[1] !== undefined) return labelled[1]
  const enclosed = /^(?:\(([^()]+)\)|\[([^[\]]+)\]|'([^']+)'|"([^"]+)"|<([^<>]+)>)$/u.exec(text)
  const inside = enclosed?.slice(1).find((part) => part !== undefined)
  if (inside !== undefined) return inside.trim()
  return text.replace(/[\s.,;:>]+$/u, '').replace(/^[\s,;:<]+/u, '')
}
