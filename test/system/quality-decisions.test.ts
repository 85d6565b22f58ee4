/** What a person decides of single records: that a value is right although a check fails, or that a suggested one takes its place. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import type { JsonObject } from '../../src/json.ts'
import { openLog } from '../../src/log.ts'
import { systemRandom } from '../../src/random.ts'
import { openLocalApi } from '../../src/workspace/local-api.ts'
import { openWorkspace } from '../../src/workspace/open.ts'
import { trueup, trueupJson } from '../support/cli.ts'
import { python } from '../support/python.ts'
import { removeFolder } from '../support/remove.ts'
import { type Workspace, workspaceAt } from '../support/workspace.ts'

const yaml = `apiVersion: trueup/v1
name: decisions
databases:
  main: { path: data/leads.db }
tables:
  leads:
    database: main
    key: id
    fields:
      full_name: { type: text, required: true }
      email: { type: email, quality: { freeMailers: true, misspeltDomains: true } }
      company: { type: text }
      stage: { type: choice, choices: [auto_send, contacted] }
      updated_at: { type: datetime, onUpdate: now }
    quality: { consistent: { by: domain(email), fields: [company] } }
`
const rows = [
  ['ann', 'Ann Lee', 'ann@acme.com', 'Acme', 'contacted'],
  ['bob', 'Bob Ray', 'bob@acme.com', 'Acme', 'Auto Send'],
  ['cy', 'Cy Young', 'cy@acme.com', 'ACME Inc', null],
  ['dee', 'Dee Fox', 'dee@gmial.com', 'Fox & Co', null],
  ['eva', 'Eva Old', 'eva@gmail.com', 'Old Ltd', null],
  ['flo', 'Flo New', 'flo@gmail.com', 'New Ltd', null],
]

let root: string
let at: Workspace
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'decisions-'))
  mkdirSync(join(root, 'data'))
  writeFileSync(join(root, 'desired-state.yaml'), yaml)
  const db = new Database(join(root, 'data/leads.db'))
  db.exec(
    'CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, email TEXT, company TEXT, stage TEXT, updated_at TEXT)',
  )
  const insert = db.prepare('INSERT INTO leads VALUES (?, ?, ?, ?, ?, NULL)')
  for (const row of rows) insert.run(...row)
  db.close()
  at = workspaceAt(root)
})
afterEach(() => removeFolder(root))

type Ask = <Data>(query: string, variables: JsonObject, schema: z.ZodType<Data>) => Promise<Data>

/** A run of Trueup of its own on the workspace, as after a restart. */
async function inRun<Result>(work: (ask: Ask) => Promise<Result>): Promise<Result> {
  const workspace = await openWorkspace({
    stateFile: at.path('desired-state.yaml'),
    purpose: 'act',
    environment: {},
    clock: systemClock,
    random: systemRandom,
    log: openLog('silent'),
  })
  const api = openLocalApi(workspace, { clock: systemClock, random: systemRandom, subject: 'rita' })
  try {
    return await work(async (query, variables, schema) => {
      const { data, errors } = await api.request(query, variables)
      expect(errors).toBeUndefined()
      return schema.parse(data)
    })
  } finally {
    await api.close()
    await workspace.close()
  }
}

const resultSchema = z.object({
  result: z.object({ __typename: z.string(), actionId: z.string().nullish(), message: z.string().optional() }),
})
const waive = (ask: Ask, id: string, checks: string[]) =>
  ask(
    `mutation ($input: WaiveLeadCheckInput!) { result: waiveCheck(input: $input) { __typename
       ... on CheckWaived { actionId } ... on UserError { message } } }`,
    { input: { id, checks, changeReason: 'she asked for it' } },
    resultSchema,
  )
const accept = (ask: Ask, input: JsonObject) =>
  ask(
    `mutation ($input: AcceptLeadSuggestionInput!) { result: acceptSuggestion(input: $input) { __typename
       ... on SuggestionAccepted { actionId } ... on UserError { message } } }`,
    { input },
    resultSchema,
  )
const undo = (ask: Ask, id: string) =>
  ask('mutation ($id: ID!) { result: undo(input: { id: $id }) { __typename } }', { id }, resultSchema)
const failingOf = async (ask: Ask, check: string) => {
  const { quality } = await ask(
    '{ quality { score checks { id failing waived } waivers { recordId check holds by reason } } }',
    {},
    z.object({
      quality: z.array(
        z.object({
          score: z.number(),
          checks: z.array(z.object({ id: z.string(), failing: z.number(), waived: z.number() })),
          waivers: z.array(
            z.object({
              recordId: z.string(),
              check: z.string(),
              holds: z.boolean(),
              by: z.string(),
              reason: z.string(),
            }),
          ),
        }),
      ),
    }),
  )
  const [report] = quality
  const found = report?.checks.find(({ id }) => id === check)
  return { failing: found?.failing, waived: found?.waived, score: report?.score ?? 0, waivers: report?.waivers }
}
const suggestionSchema = z.object({
  id: z.string(),
  recordId: z.string(),
  check: z.string(),
  before: z.unknown(),
  after: z.unknown(),
})
const suggestionsOf = async (ask: Ask) => {
  const { quality } = await ask(
    '{ quality { suggestions { id recordId check before after } } }',
    {},
    z.object({ quality: z.array(z.object({ suggestions: z.array(suggestionSchema) })) }),
  )
  return quality[0]?.suggestions ?? []
}

test('a value that a person says is right counts no more, at every later look, until it changes or the word is taken back', async () => {
  const check = 'email.freeMail'
  const actionId = await inRun(async (ask) => {
    const before = await failingOf(ask, check)
    expect(before).toMatchObject({ failing: 2, waived: 0 })
    const { result } = await waive(ask, 'eva', [check])
    expect(result.__typename).toBe('CheckWaived')
    const after = await failingOf(ask, check)
    expect(after).toMatchObject({ failing: 1, waived: 1 })
    expect(after.score).toBeGreaterThan(before.score)
    expect(after.waivers).toEqual([
      { recordId: 'eva', check, holds: true, by: 'local:rita', reason: 'she asked for it' },
    ])
    const { lead } = await ask(
      '{ lead(id: "eva") { dataQuality { score issues { check } waived { check } } } }',
      {},
      z.object({
        lead: z.object({
          dataQuality: z.object({ score: z.number(), issues: z.array(z.unknown()), waived: z.array(z.unknown()) }),
        }),
      }),
    )
    expect(lead.dataQuality).toMatchObject({ score: 100, issues: [], waived: [{ check }] })
    // Said once more it is the same word, and nothing is written.
    expect((await waive(ask, 'eva', [check])).result.actionId).toBeNull()
    return result.actionId ?? ''
  })
  await python(
    `
connection = sqlite3.connect(sys.argv[1])
with connection:
    connection.execute("UPDATE leads SET company = 'Older Ltd' WHERE id = 'eva'")
connection.close()`,
    at.main,
  ).ended()
  await inRun(async (ask) => {
    expect(await failingOf(ask, check)).toMatchObject({ failing: 1, waived: 1 })
    await undo(ask, actionId)
    expect(await failingOf(ask, check)).toMatchObject({ failing: 2, waived: 0, waivers: [] })
    await waive(ask, 'eva', [check])
    at.write("UPDATE leads SET email = 'other@gmail.com' WHERE id = 'eva'")
    const changed = await failingOf(ask, check)
    expect(changed).toMatchObject({ failing: 2, waived: 0 })
    expect(changed.waivers).toMatchObject([{ holds: false }])
  })
})

test('what cannot be waived is refused with the reason', async () => {
  await inRun(async (ask) => {
    expect((await waive(ask, 'nobody', ['email.typo'])).result.__typename).toBe('NotFound')
    expect((await waive(ask, 'ann', ['email.typo'])).result.__typename).toBe('InputInvalid')
    expect((await waive(ask, 'ann', ['none.such'])).result.__typename).toBe('InputInvalid')
    expect((await failingOf(ask, 'email.typo')).waivers).toEqual([])
  })
})

test('what was said of a person goes with them, from the file and from what is kept for undo', async () => {
  await inRun(async (ask) => {
    await waive(ask, 'eva', ['email.freeMail'])
    await waive(ask, 'flo', ['email.freeMail'])
    const { result } = await ask(
      'mutation { result: eraseLead(input: { id: "eva", reason: "asked for it" }) { __typename } }',
      {},
      resultSchema,
    )
    expect(result.__typename).toBe('PersonErased')
    expect((await failingOf(ask, 'email.freeMail')).waivers).toMatchObject([{ recordId: 'flo', holds: true }])
  })
  const kept = (file: string) => readFileSync(at.path(`.trueup/${file}`))
  expect(kept('waivers.db').includes('eva')).toBe(false)
  expect(kept('checkpoints.db').includes('["leads","eva"')).toBe(false)
})

test('values that would mend single records are listed, and written only when a person takes one; undo takes it back', async () => {
  await inRun(async (ask) => {
    const found = await suggestionsOf(ask)
    expect(found.map(({ recordId, check, before, after }) => [recordId, check, before, after])).toEqual([
      ['dee', 'email.typo', 'dee@gmial.com', 'dee@gmail.com'],
      ['bob', 'stage.choice', 'Auto Send', 'auto_send'],
      ['cy', 'company.consistent.email', 'ACME Inc', 'Acme'],
    ])
    const cell = (sql: string) => at.rows(sql)[0]
    expect(cell("SELECT company FROM leads WHERE id = 'cy'")).toEqual({ company: 'ACME Inc' })
    const [, , spelling] = found
    const seen = { id: 'cy', check: 'company.consistent.email', suggestionId: spelling?.id ?? '' }
    const stale = await accept(ask, { ...seen, suggestionId: 'another' })
    expect(stale.result.__typename).toBe('InputInvalid')
    const { result } = await accept(ask, seen)
    expect(result.__typename).toBe('SuggestionAccepted')
    expect(cell("SELECT company FROM leads WHERE id = 'cy'")).toEqual({ company: 'Acme' })
    expect((await failingOf(ask, 'company.consistent.email')).failing).toBe(0)
    await undo(ask, result.actionId ?? '')
    expect(cell("SELECT company, updated_at FROM leads WHERE id = 'cy'")).toEqual({
      company: 'ACME Inc',
      updated_at: null,
    })
    // What was said to be right is suggested no more.
    await waive(ask, 'cy', ['company.consistent.email'])
    expect((await suggestionsOf(ask)).map(({ recordId }) => recordId)).toEqual(['dee', 'bob'])
  })
})

test('the command line lists, corrects and waives as the API does', async () => {
  const itemsSchema = z.object({ items: z.array(z.object({ recordId: z.string(), check: z.string() }).loose()) })
  const listed = await trueupJson(['quality', '--suggestions', '--check', 'email.typo'], itemsSchema, { in: root })
  expect(listed.document.items).toMatchObject([{ recordId: 'dee', check: 'email.typo' }])
  const corrected = await trueup(['leads', 'correct', 'dee', 'email.typo'], { in: root })
  expect(corrected.stdout).toContain('"dee@gmial.com" → "dee@gmail.com"')
  expect(at.rows("SELECT email FROM leads WHERE id = 'dee'")).toEqual([{ email: 'dee@gmail.com' }])
  const waived = await trueup(['leads', 'waive', 'dee', 'email.freeMail', '--reason', 'a friend'], { in: root })
  expect(waived.status).toBe(0)
  const { document } = await trueupJson(['quality', '--waivers'], itemsSchema, { in: root })
  expect(document.items).toMatchObject([{ recordId: 'dee', check: 'email.freeMail', holds: true, reason: 'a friend' }])
})
