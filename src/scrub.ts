/**
 * What secrets and personal addresses look like, so that none is repeated where it does not belong: in problems of the
 * desired state, in the log, in errors, in sentences of the API. Every pattern takes time that grows with the text alone.
 */

import { isList, type JsonValue } from './json.ts'

interface Shape {
  readonly name: string
  readonly pattern: RegExp
  /** What a match must have besides; a part of the pattern would make it slow on hostile text. */
  readonly also?: RegExp
}

/** Base62 ids that are words by accident hold no digit and no capital; tokens hold both. */
const mixed = '(?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Z])'

/** Token formats as their issuers document them; each is specific enough not to hit a path or a name. */
const secretShapes: readonly Shape[] = [
  { name: 'a token of Trueup', pattern: /\btrueup_[0-9a-f]{12}_[A-Za-z0-9_-]{20,}/g },
  {
    name: 'an Airtable token',
    pattern: new RegExp(`\\bpat${mixed}[A-Za-z0-9]{14}(\\.[a-f0-9]{8,64})?(?![A-Za-z0-9])`, 'g'),
  },
  { name: 'an Airtable API key', pattern: new RegExp(`\\bkey${mixed}[A-Za-z0-9]{14}(?![A-Za-z0-9])`, 'g') },
  { name: 'an AWS access key', pattern: /\b(AKIA|ASIA)[0-9A-Z]{16}\b/g },
  { name: 'an API key', pattern: /\b[srp]k[-_][A-Za-z0-9_-]{16,}/g, also: /\d.*[A-Za-z0-9]{12}|[A-Za-z0-9]{12}.*\d/ },
  { name: 'a GitHub token', pattern: /\b(gh[opsur]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})/g },
  { name: 'a GitLab token', pattern: /\bglpat-[A-Za-z0-9_-]{20,}/g },
  { name: 'a Slack token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g },
  { name: 'a Slack webhook', pattern: /hooks\.slack\.com\/services\/[A-Za-z0-9/]{20,}/g },
  { name: 'a Discord webhook', pattern: /discord(app)?\.com\/api\/webhooks\/\d+\/[A-Za-z0-9_-]{20,}/g },
  { name: 'a Google API key', pattern: /\bAIza[0-9A-Za-z_-]{35}/g },
  { name: 'a JSON web token', pattern: /\beyJ[A-Za-z0-9_-]{10,500}\.[A-Za-z0-9_-]{10,5000}\.[A-Za-z0-9_-]*/g },
  { name: 'a private key', pattern: /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/g },
  { name: 'a private age key', pattern: /\bAGE-SECRET-KEY-1[A-Z0-9]{20,}/gi },
  {
    name: 'an address with a password',
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'$]{1,100}:[^\s/@"'$]{1,200}@/gi,
  },
]

/** Everything in a text that looks like a secret: what kind it is of, and where it begins. */
export function secretsAt(text: string): readonly { readonly name: string; readonly offset: number }[] {
  return secretShapes.flatMap(({ name, pattern, also }) =>
    [...text.matchAll(pattern)]
      .filter(([found]) => also === undefined || also.test(found))
      .map(({ index }) => ({ name, offset: index })),
  )
}

/** The text with everything that looks like a secret blacked out. */
export function withoutSecrets(text: string): string {
  return secretShapes.reduce(
    (masked, { pattern, also }) =>
      masked.replace(pattern, (found) => (also === undefined || also.test(found) ? '[secret]' : found)),
    text,
  )
}

/** Addresses by which a person is reached. Names have no shape: they are kept out of sentences where those are made. */
const personalShapes: readonly { readonly pattern: RegExp; readonly shown: string }[] = [
  {
    pattern:
      /[^\s@"'<>(),;:&[\]{}\\/]{1,64}@(?:[^\s@"'<>(),;:&[\]{}\\/.]{1,63}\.){1,8}\p{L}[^\s@"'<>(),;:&[\]{}\\/.]{1,62}/gu,
    shown: '***@***',
  },
  { pattern: /linkedin\.com\/(in|pub)\/[^\s"'<>(),;?#]{1,200}/gi, shown: 'linkedin.com/in/***' },
  // In international form, or as in North America; a date, a time or an id is neither.
  { pattern: /(?<![\w+])\+\d(?:[ ().-]{0,2}\d){6,16}(?!\w)/g, shown: '+***' },
  { pattern: /(?<![\w.+-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])/g, shown: '***' },
]

/** The text without secrets, and without e-mail addresses, telephone numbers and profiles of people. */
export function withoutPersons(text: string): string {
  return personalShapes.reduce((masked, { pattern, shown }) => masked.replace(pattern, shown), withoutSecrets(text))
}

/** As a function of texts, over everything in a JSON value; names of members stay. */
export function scrubbedJson(value: JsonValue, scrub: (text: string) => string): JsonValue {
  if (typeof value === 'string') return scrub(value)
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map((one) => scrubbedJson(one, scrub))
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, scrubbedJson(one, scrub)]))
}
