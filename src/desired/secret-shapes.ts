/** What secrets look like, so that none is accepted in the file and none is repeated in a message. */

interface SecretShape {
  readonly name: string
  readonly pattern: RegExp
  /** What a match must have besides; a part of the pattern would make it slow on hostile text. */
  readonly also?: RegExp
}

/** Base62 ids that are words by accident hold no digit and no capital; tokens hold both. */
const mixed = '(?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Z])'

/** Token formats as their issuers document them; each is specific enough not to hit a path or a name. */
const secretShapes: readonly SecretShape[] = [
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
  { name: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/g },
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

/** Whether an environment variable's name says that it holds a secret. */
export function namesSecret(name: string): boolean {
  return /(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PWD|CREDENTIALS?|APIKEY|DSN)$/i.test(name)
}

const secretKeys: ReadonlySet<string | number> = new Set([
  'token',
  'webhook',
  'slack',
  'smtp',
  'encryptTo',
  'environment',
])

/** Whether values below this path are never quoted, since an owner may have put a secret there. */
export function holdsSecrets(path: readonly (string | number)[]): boolean {
  return path.some((step) => secretKeys.has(step))
}
