/** The rules against public lists that stand beside the checkout; see their README for sources and licences. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import { readEmail } from './email.ts'
import { readLegalSuffix } from './legal-suffixes.ts'
import { companyKey } from './match-key.ts'
import { noSiblings, type StandardizeValue } from './rule.ts'
import { standardizeRules } from './rules/index.ts'
import { readWebAddress } from './web-address.ts'
import { clean } from './whitespace.ts'

function read(context: TestContext, name: string): string {
  const path = resolve(process.cwd(), '../shared/data/lists', name)
  if (!existsSync(path)) context.skip(`${name} is not beside this checkout`)
  return readFileSync(path, 'utf8')
}

function ruleOf(name: string, options: unknown = {}): StandardizeValue {
  const rule = standardizeRules.get(name)
  if (rule === undefined) throw new Error(`no rule ${name}`)
  return rule.prepare(options)
}

describe('phone', () => {
  it('reads the example of every country, national and international', (context) => {
    const examples = z.record(z.string(), z.string()).parse(JSON.parse(read(context, 'phone-examples.json')))
    const failed = Object.entries(examples).filter(([region, national]) => {
      const outcome = ruleOf('phone', { region })(national, noSiblings)
      if (outcome.is !== 'changed') return true
      return ruleOf('phone')(outcome.value, noSiblings).is !== 'canonical'
    })
    expect(Object.keys(examples)).toHaveLength(245)
    expect(failed).toEqual([])
  })
})

describe('email', () => {
  it('accepts what mail servers accept and refuses what is an error', (context) => {
    const cases = [...read(context, 'email-syntax-cases.xml').matchAll(/<test id="(\d+)">([\s\S]*?)<\/test>/gu)].map(
      ([, id = '', body = '']) => ({
        id: Number(id),
        address: unescaped(/<address>([\s\S]*?)<\/address>/u.exec(body)?.[1] ?? ''),
        category: /<category>(.*?)<\/category>/u.exec(body)?.[1] ?? '',
      }),
    )
    const errors = cases.filter((entry) => entry.category === 'ISEMAIL_ERR')
    const usable = cases.filter((entry) => /^ISEMAIL_(?:VALID_CATEGORY|DNSWARN)$/u.test(entry.category))
    expect([cases.length, errors.length, usable.length]).toEqual([164, 66, 22])
    expect(errors.filter((entry) => readEmail(entry.address).is === 'email')).toEqual([])
    // Valid by the letter, but no address that mail could be sent to: no dot, or a top-level domain that cannot be one.
    const refused = usable.filter((entry) => readEmail(entry.address).is === 'invalid')
    expect(refused.map((entry) => entry.id)).toEqual([5, 13, 33, 37])
  })
})

function unescaped(xml: string): string {
  return xml
    .replace(/&#x([0-9A-F]+);/giu, (_, code: string) => {
      const point = Number.parseInt(code, 16)
      return String.fromCodePoint(point >= 0x2400 && point < 0x2420 ? point - 0x2400 : point)
    })
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

describe('url', () => {
  const caseSchema = z.array(
    z.union([
      z.string(),
      z.object({
        input: z.string(),
        base: z.string().nullish(),
        hostname: z.string().optional(),
        failure: z.boolean().optional(),
      }),
    ]),
  )

  it('never gives an address another host than the standard does', (context) => {
    const cases = caseSchema.parse(JSON.parse(read(context, 'url-cases.json')))
    const figures = { same: 0, refused: 0 }
    const others: string[] = []
    for (const entry of cases) {
      if (typeof entry === 'string' || !/^https?:/iu.test(entry.input)) continue
      const reading = readWebAddress(clean(entry.input))
      if (reading.is === 'invalid') figures.refused++
      else if (reading.url.hostname === entry.hostname) figures.same++
      else others.push(entry.input)
    }
    // By the standard these are relative to the page they stand on; a cell stands on none, so the slashes are mended.
    expect(others).toEqual(['http:foo.com', 'http:/example.com/', 'http:example.com/'])
    expect(figures).toEqual({ same: 77, refused: 295 })
  })
})

describe('company_name', () => {
  it('leaves real names as they are but for the spelling of their legal form', (context) => {
    const names = read(context, 'company-names.csv')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(0, line.lastIndexOf(';')))
    const standardize = ruleOf('company_name')
    const outcomes = names.map((name) => ({ name, outcome: standardize(name, noSiblings) }))
    expect(outcomes.filter(({ outcome }) => outcome.is === 'unmendable')).toEqual([])
    const changed = outcomes.flatMap(({ name, outcome }) => (outcome.is === 'changed' ? [[name, outcome.value]] : []))
    expect([names.length, changed.length]).toEqual([1320, 116])
    // The same company before and after, and nothing but its legal form respelt, save for four that look like shouting.
    expect(changed.filter(([before = '', after = '']) => companyKey(before) !== companyKey(after))).toEqual([])
    const recased = changed.filter(([before = '', after = '']) => coreOf(before) !== coreOf(after))
    expect(recased.map(([before]) => before)).toEqual(['AEGON N.V.', 'EDAP TMS S.A.', 'EPCOS AG', 'POSCO'])
  })
})

function coreOf(name: string): string {
  return readLegalSuffix(name, 'telling-only')?.core ?? name
}
