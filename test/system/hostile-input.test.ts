/**
 * Values that break programs, over the three ways in: the API, an import, and a program that writes the file itself. Each is
 * stored as it is and comes back as it is, or is refused with its place named; nothing stops, and nothing else is harmed.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { trueup } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'
import { removeFolder } from '../support/remove.ts'
import { runPython } from '../support/run-python.ts'

const megabytes10 = 10_000_000
const emoji = '👩‍👩‍👧‍👦 Zoë 🇩🇪 \u{1F9D1}\u{1F3FD}\u200D\u{1F680}'
const rightToLeft = '\u202Eמשה כהן\u202C (يوسف) \u200F'
const formula = '=HYPERLINK("http://evil.example","Click")'
const deep = `${'['.repeat(20_000)}1${']'.repeat(20_000)}`

let folder: string
let controller: RunningController

const state = `apiVersion: trueup/v1
name: hostile
databases: { main: { path: leads.db }, old: { path: old.db, manage: observe } }
policy: { blastRadius: { rows: 10000, percent: 100 } }
tables:
  leads:
    database: main
    key: id
    fields:
      full_name: { type: text, standardize: person_name }
      email: { type: email, standardize: email }
      company: { type: text, standardize: company_name }
      status: { type: choice, choices: [auto_send, contacted], standardize: choice }
      ai_message: { type: longtext, quality: { minLength: 20, mentions: [company], forbids: ["{{"] } }
      raw_data: { type: json }
    quality: { completeness: { email: 50% }, consistent: { by: domain(email), fields: [company] } }
imports:
  old-leads: { from: { database: old, table: leads }, into: leads, map: auto }
  files: { from: { files: "json/*.json" }, into: leads, map: auto }
`

/** Writes as an agent does, in Python, which checks nothing. */
function python(file: string, statements: string): void {
  const program = `import sqlite3, os\ndb = sqlite3.connect(${JSON.stringify(join(folder, file))}, timeout=30)\n${statements}\ndb.commit()\ndb.close()`
  runPython(program)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-'))
  writeFileSync(join(folder, 'desired-state.yaml'), state)
  mkdirSync(join(folder, 'json'))
  python(
    'leads.db',
    `db.execute("CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT, email TEXT, company TEXT, status TEXT, ai_message TEXT, raw_data TEXT)")
db.execute("INSERT INTO leads (id, full_name, email) VALUES ('calm', 'Ann Lee', 'ann@acme.com')")`,
  )
  python(
    'old.db',
    `db.execute("CREATE TABLE leads (id TEXT, full_name TEXT, email TEXT, company TEXT, ai_message TEXT, raw_data TEXT)")
add = lambda *row: db.execute("INSERT INTO leads VALUES (?,?,?,?,?,?)", row)
add('i-emoji', ${JSON.stringify(emoji)}, 'e@x.io', 'Acme', None, None)
add('i-formula', 'Fay Fox', 'f@x.io', ${JSON.stringify(formula)}, None, None)
add('i-huge', 'Hugo Huge', 'h@x.io', 'Acme', 'x' * ${megabytes10}, None)
add('i-nul', 'Nul Nell', 'n@x.io', 'Ac\\0me', None, None)
add('i-deep', 'Deep Dan', 'd@x.io', 'Acme', None, '[' * 20000 + '1' + ']' * 20000)
add('i-rtl', ${JSON.stringify(rightToLeft)}, 'r@x.io', 'Acme', None, None)
db.execute("INSERT INTO leads (id, full_name, email, company) VALUES ('i-bytes', 'Byte Bo', 'b@x.io', CAST(x'fffe41' AS TEXT))")
db.execute("INSERT INTO leads (id, full_name, email, company) VALUES ('i-good', 'Good Gil', 'g@x.io', 'Gild')")`,
  )
  writeFileSync(
    join(folder, 'json', 'good.json'),
    JSON.stringify([{ id: 'j-good', full_name: 'Jo Good', email: 'j@x.io' }]),
  )
  writeFileSync(join(folder, 'json', 'deep.json'), `[{"id":"j-deep","full_name":"Deep","raw_data":${deep}}]`)
  writeFileSync(
    join(folder, 'json', 'bytes.json'),
    Buffer.concat([Buffer.from('[{"id":"j-bytes","full_name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}]')]),
  )
  controller = await startRun(folder)
}, 120_000)
afterAll(async () => {
  await controller.stop()
  removeFolder(folder)
})

const createdSchema = z.object({
  createLead: z.object({
    __typename: z.string(),
    message: z.string().optional(),
    lead: z.object({ id: z.string(), recordKey: z.string(), company: z.string().nullable() }).nullish(),
  }),
})

async function create(input: object) {
  const answer = await controller.ask(
    `mutation ($input: CreateLeadInput!) { createLead(input: $input) { __typename
       ... on LeadSaved { lead { id recordKey company } } ... on UserError { message } } }`,
    { input },
  )
  return { ...answer, created: createdSchema.safeParse(answer.data).data?.createLead }
}

function stored(key: string, column: string): unknown {
  const db = new Database(join(folder, 'leads.db'), { readonly: true })
  try {
    return db.prepare(`SELECT ${column} FROM leads WHERE id = ?`).pluck().get(key)
  } finally {
    db.close()
  }
}

describe('through the API', () => {
  test.each([
    ['emoji', emoji],
    ['right-to-left text and its controls', rightToLeft],
    ['a formula', formula],
    ['quotes and SQL', `'); DROP TABLE leads; --"`],
  ])('%s is stored and comes back as it is', async (name, ai_message) => {
    const { created } = await create({ recordKey: `a-${name}`, ai_message })
    expect(created?.__typename).toBe('LeadSaved')
    expect(stored(`a-${name}`, 'ai_message')).toBe(ai_message)
  })

  test.each([
    ['a NUL', { ai_message: 'a\0b' }, /ai_message.*NUL/],
    ['more than a request may hold', { ai_message: 'x'.repeat(1_000_001) }, /Request body too large/],
    ['an unpaired surrogate as JSON key text', { status: '\ud800' }, /status/i],
  ])('%s is refused, and the field named', async (_name, input, message) => {
    const { created, errors } = await create(input)
    const said = created?.message ?? (errors ?? []).map((error) => error.message).join('; ')
    expect(created?.__typename ?? 'refused').not.toBe('LeadSaved')
    expect(said).toMatch(message)
  })

  test('a body beyond the limit, and JSON nested twenty thousand deep, are refused without harm', async () => {
    const send = (body: string) =>
      fetch(new URL('/graphql', controller.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${controller.token}` },
        body,
      }).then(
        (response) => response.status,
        () => 0,
      )
    const query = 'mutation ($input: CreateLeadInput!) { createLead(input: $input) { __typename } }'
    const huge = JSON.stringify({
      query,
      variables: { input: { recordKey: 'a-huge', ai_message: 'x'.repeat(megabytes10) } },
    })
    expect(await send(huge)).not.toBe(500)
    const nested = `{"query":${JSON.stringify(query)},"variables":{"input":{"recordKey":"a-deep","raw_data":${deep}}}}`
    expect(await send(nested)).not.toBe(500)
    expect(stored('a-huge', 'id')).toBeUndefined()
    expect((await controller.query('{ controller { name } }')).controller).toEqual({ name: 'hostile' })
  })
})

describe('through an import', () => {
  test('what is right arrives, hostile values arrive as they are or are left out and named, and sources stay as they were', async () => {
    const before = readFileSync(join(folder, 'old.db'))
    await eventually(
      () => stored('i-good', 'company'),
      (company) => company === 'Gild',
    )
    await eventually(
      () => stored('j-good', 'full_name'),
      (name) => name === 'Jo Good',
    )
    expect(stored('i-formula', 'company')).toBe(formula)
    expect(stored('i-emoji', 'email')).toBe('e@x.io')
    expect(stored('i-rtl', 'email')).toBe('r@x.io')
    // What cannot be read back as it is never gets in changed.
    const bytes = stored('i-bytes', 'company')
    expect([undefined, null]).toContain(bytes)
    const { driftReport } = z
      .object({ driftReport: z.object({ drift: z.array(z.object({ message: z.string(), observed: z.unknown() })) }) })
      .parse(await controller.query('{ driftReport(kind: "import") { drift { message observed } } }'))
    expect(JSON.stringify(driftReport)).toContain('bytes.json')
    expect(readFileSync(join(folder, 'old.db')).equals(before)).toBe(true)
  })
})

describe('through a program that writes the file itself', () => {
  test('the looks go on, name what is wrong and where, and the API shows the rest', async () => {
    python(
      'leads.db',
      `add = lambda key, **row: db.execute("INSERT INTO leads (id, %s) VALUES (?, %s)" % (", ".join(row), ", ".join("?" * len(row))), (key, *row.values()))
add('p-huge', ai_message='{{x}}' + 'y' * ${megabytes10})
add('p-nul', company='Ac\\0me', email='nul@x.io')
add('p-blob', ai_message=b'\\xff\\xfe', email=b'\\x00\\x01')
add('p-formula', company=${JSON.stringify(formula)})
add('p-rtl', full_name=${JSON.stringify(rightToLeft)})
db.execute("INSERT INTO leads (id, company) VALUES ('p-bytes', CAST(x'c328' AS TEXT))")`,
    )
    // What the declared table cannot hold, SQLite itself refuses, whoever writes.
    const refused = (statement: string) => {
      try {
        python('leads.db', statement)
        return 'stored'
      } catch (error) {
        return error instanceof Error ? error.message : ''
      }
    }
    expect(refused(`db.execute("INSERT INTO leads (id, status) VALUES ('p-status', '=1+1')")`)).toMatch(/CHECK.*status/)
    expect(
      refused(`db.execute("INSERT INTO leads (id, raw_data) VALUES ('p-deep', ?)", ('[' * 20000 + ']' * 20000,))`),
    ).toMatch(/CHECK.*raw_data/)
    const schema = z.object({
      lead: z.object({
        dataQuality: z.object({ issues: z.array(z.object({ check: z.string(), reason: z.string() })) }),
      }),
    })
    const issuesOf = async (key: string) => {
      const data = await controller.query(
        'query ($id: ID!) { lead(id: $id) { dataQuality { issues { check reason } } } }',
        {
          id: key,
        },
      )
      return schema.parse(data).lead.dataQuality.issues.map(({ check, reason }) => `${check}: ${reason}`)
    }
    expect(await issuesOf('p-huge')).toContain('ai_message.placeholder: holds a placeholder in double braces')
    expect(await issuesOf('p-blob')).toContain('email.format: holds bytes, not text')
    const { quality } = z
      .object({
        quality: z.array(
          z.object({ rows: z.number(), issues: z.array(z.object({ id: z.string(), sample: z.array(z.string()) })) }),
        ),
      })
      .parse(await controller.query('{ quality { rows issues { id sample } } }'))
    expect(quality[0]?.issues.find(({ id }) => id === 'ai_message.placeholder')?.sample).toContain('p-huge')
    const { statistics } = z
      .object({ statistics: z.array(z.object({ total: z.number() })) })
      .parse(await controller.query('{ statistics { total } }'))
    expect(statistics[0]?.total).toBe(quality[0]?.rows)
    const ready = await controller.query('{ resource(kind: "quality", name: "leads") { summary } }')
    expect(JSON.stringify(ready)).toContain('score')
  })

  test('an export holds every one of them, and no cell that a spreadsheet would carry out', async () => {
    const out = join(folder, 'leads.csv')
    const { status, stderr } = await trueup(['leads', 'export', '--out', out, '--fields', 'full_name,company,status'], {
      in: folder,
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const text = readFileSync(out, 'utf8')
    expect(text).toContain(`p-formula,,"'=HYPERLINK(""http://evil.example"",""Click"")"`)
    for (const line of text.split('\r\n')) expect(line).not.toMatch(/(^|,)"?[=@]/)
    expect(text).not.toContain('\0')
  })
})
