/** Reading LinkedIn addresses: which page they name, whatever host, language, query or encoding they come with. */
import { readWebAddress } from './web-address.ts'

export interface LinkedInPage {
  readonly page: 'in' | 'company' | 'school' | 'showcase'
  /** Lower-case and percent-decoded. */
  readonly slug: string
}

export type LinkedInReading =
  | ({ readonly is: 'page' } & LinkedInPage)
  /** The reason completes the sentence "this value …". */
  | { readonly is: 'invalid'; readonly reason: string }

const invalid = (reason: string): LinkedInReading => ({ is: 'invalid', reason })

const pageNames = { in: 'in', company: 'company', school: 'school', showcase: 'showcase' } as const

/** Reads cleaned text (see `clean`) as the address of a LinkedIn profile or organisation page. */
export function readLinkedIn(cleaned: string): LinkedInReading {
  const relative = /^\/?(?:in|company|school|showcase)\/[^/]/iu.test(cleaned)
  const reading = readWebAddress(relative ? `www.linkedin.com/${cleaned.replace(/^\//u, '')}` : cleaned)
  if (reading.is === 'invalid') return invalid(reading.reason)
  const host = reading.url.hostname.replace(/\.$/u, '')
  if (host === 'lnkd.in') return invalid('is a short link, which only LinkedIn can resolve')
  if (host !== 'linkedin.com' && !host.endsWith('.linkedin.com')) return invalid('is no address of LinkedIn')
  const [first = '', second = ''] = reading.url.pathname.split('/').filter((part) => part !== '')
  return pageOf(first.toLowerCase(), second)
}

function pageOf(kind: string, encodedSlug: string): LinkedInReading {
  if (kind === 'pub') return invalid('is an old public profile (/pub/), whose present address only LinkedIn knows')
  if (kind === 'sales') return invalid('is a Sales Navigator address, which names no public profile')
  if (kind === 'talent' || kind === 'recruiter') return invalid('is a Recruiter address, which names no public profile')
  const page = Object.values(pageNames).find((name) => name === kind)
  if (page === undefined) return invalid('is no profile and no company page')
  if (encodedSlug === '') return invalid('names no profile')
  const decoded = decodedOf(encodedSlug)
  if (decoded === undefined) return invalid('has a name that is not encoded as it must be')
  if (page === 'in' && /^AC[a-z]AA[A-Za-z0-9_-]{15,}$/iu.test(decoded))
    return invalid('is an internal LinkedIn id, which is case-sensitive and names no public profile')
  const slug = decoded.toLowerCase().normalize('NFC')
  return /^[^\s/\\?#%<>"@:\p{C}]{1,120}$/u.test(slug) && /[\p{L}\p{N}]/u.test(slug) && !/^\.+$/u.test(slug)
    ? { is: 'page', page, slug }
    : invalid('has a forbidden character in its name')
}

/** Decoded until nothing is left to decode (some exports encode twice); undefined when that cannot be done. */
function decodedOf(encoded: string): string | undefined {
  let text = encoded
  for (let round = 0; round < 4 && text.includes('%'); round++) {
    try {
      text = decodeURIComponent(text)
    } catch {
      return undefined
    }
  }
  return text.includes('%') ? undefined : text
}

/** The one address of a page: `https://www.linkedin.com/in/<slug>`. */
export function linkedInAddress(page: LinkedInPage): string {
  return `https://www.linkedin.com/${page.page}/${page.slug}`
}
