/** A corpus: each shape of a secret and of a person's address, in each place where one may stand. */
import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { openLog } from './log.ts'
import { withoutPersons, withoutSecrets } from './scrub.ts'
import { plantedSecrets } from './testing-secrets.ts'

const secrets: Readonly<Record<string, string>> = {
  trueup: 'trueup_0123456789ab_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO_-',
  airtable: 'patA1b2C3d4E5f6G7.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  'airtable key': 'keyA1b2C3d4E5f6G7',
  aws: 'AKIAIOSFODNN7EXAMPLE',
  'session of aws': 'ASIAIOSFODNN7EXAMPLE',
  openai: 'sk-proj-abcdefghijklmnop1234567890',
  stripe: 'rk_live_abcdefghijklmnop1234567890',
  github: 'ghp_0123456789abcdefghijABCDEFGHIJ012345',
  'github fine': 'github_pat_11AAAAAAA0abcdefghijklmnopqrstuvwxyz',
  gitlab: 'glpat-abcdefghij0123456789',
  slack: 'xoxb-123456789012-abcdefghijkl',
  'slack hook': 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
  discord: 'https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz',
  google: `AIza${'aB3'.repeat(11)}xY`,
  jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
  age: 'AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ',
  smtp: 'smtp://mailer:hunter2hunter2@mail.example',
}
const persons: Readonly<Record<string, string>> = {
  mail: 'zebulon.quisling@person.example',
  'mail with plus': 'Zebulon+news@person.co.uk',
  'mail of letters beyond ASCII': 'zébulon@pérson.example',
  'phone in international form': '+4915700099887',
  'phone with spaces': '+49 1570 0099887',
  'phone of North America': '(415) 555-2671',
  'phone with dashes': '415-555-2671',
  linkedin: 'https://www.linkedin.com/in/zebulon-quisling',
}
const places: Readonly<Record<string, (text: string) => string>> = {
  alone: (text) => text,
  'in a sentence': (text) => `could not use ${text}, try again`,
  'in quotes': (text) => `value "${text}" is refused`,
  'in brackets': (text) => `Ann <${text}>; (${text})`,
  'in JSON': (text) => JSON.stringify({ deep: [{ er: text }] }),
  'in an address': (text) => `GET /x?q=${text}&y=1`,
  'after a line break': (text) => `first\n${text}\nlast`,
  twice: (text) => `${text} ${text}`,
}

const corpus = (kinds: Readonly<Record<string, string>>) =>
  Object.entries(kinds).flatMap(([kind, text]) =>
    Object.entries(places).map(([place, put]) => [kind, place, text, put(text)] as const),
  )

describe('what is not to be told', () => {
  test(`has 200 forms: ${Object.keys(secrets).length} secrets and ${Object.keys(persons).length} addresses in ${Object.keys(places).length} places`, () => {
    expect(corpus(secrets).length + corpus(persons).length).toBeGreaterThanOrEqual(200)
  })

  test('a secret is blacked out wherever it stands, for everybody', () => {
    for (const [kind, place, text, planted] of corpus(secrets)) {
      // The webhook and the mail server keep the part that tells which they are.
      const core = /services|webhooks/.test(text) ? text.slice(-20) : kind === 'smtp' ? 'hunter2' : text
      expect(withoutSecrets(planted), `${kind} ${place}`).not.toContain(core)
    }
  })

  test('each of 204 secrets, of 17 issuers, is blacked out', () => {
    expect(new Set(plantedSecrets.map(({ text }) => text)).size).toBe(204)
    for (const { text, core } of plantedSecrets)
      expect(withoutSecrets(`the token ${text}, it seems`)).not.toContain(core)
  })

  test('an address of a person is masked wherever it stands', () => {
    for (const [kind, place, text, planted] of corpus(persons))
      expect(withoutPersons(planted), `${kind} ${place}`).not.toContain(kind === 'linkedin' ? 'quisling' : text)
  })

  test.each([
    '2026-11-26T08:30:00.000Z',
    'from 2026-11-26 08:30:00 to 2026-11-27',
    '12345678901234',
    'a1b2c3d4e5f6',
    '192.168.100.200:4000',
    'trueup@0.1.0',
    '@pothos/core',
    'table/leads: 1,234 of 56,789 rows, 12 %',
    '0f8f5a52-3c1e-4d0b-9f51-6a3a2d5f7e01',
    'linkedin.com/company/acme',
    'token:ann approved 3fa91c0b2d4e',
  ])('%s is nobody, and stays', (text) => {
    expect(withoutPersons(text)).toBe(text)
  })

  test('hostile text takes no time', () => {
    const texts = [
      'a'.repeat(200_000),
      'a@'.repeat(100_000),
      '+1 '.repeat(60_000),
      '1-'.repeat(100_000),
      'a.'.repeat(100_000),
      'http://a:'.repeat(20_000),
    ]
    for (const text of texts) {
      const startedMs = performance.now()
      withoutPersons(text)
      expect(performance.now() - startedMs, text.slice(0, 10)).toBeLessThan(2000)
    }
  })
})

describe('the log', () => {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = openLog('trace', stream)

  test('holds none of the corpus, in a message, a member, an error or its cause', () => {
    for (const [, , text, planted] of [...corpus(secrets), ...corpus(persons)]) {
      lines.length = 0
      const error = Object.assign(new Error(planted), { request: { headers: { Authorization: text } } })
      log.error({ err: error, reason: planted, path: [planted] }, planted)
      log.warn({ authorization: text, error: { nested: { token: planted } } }, 'a line')
      const core = /services|webhooks/.test(text) ? text.slice(-20) : /^smtp/.test(text) ? 'hunter2' : text
      if (!text.includes('linkedin')) expect(lines.join('')).not.toContain(core)
      for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
    }
  })

  test('has known members alone, and names what it left out', () => {
    lines.length = 0
    log.info({ resource: 'table/leads', lead: { full_name: 'Zebulon' } }, 'looked at')
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 30,
      time: expect.any(String),
      resource: 'table/leads',
      msg: 'looked at',
      leftOut: ['lead'],
    })
  })
})
