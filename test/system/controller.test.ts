import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { generateWorkspace } from '../../src/demo/generate.ts'
import { openJournal } from '../../src/journal/store.ts'
import { documents, trueup, trueupJson } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'
import { python } from '../support/python.ts'
import { removeFolder } from '../support/remove.ts'

const folder = mkdtempSync(join(tmpdir(), 'trueup-controller-'))
const stateFile = join(folder, 'desired-state.yaml')
const leadsFile = join(folder, 'data/leads.db')
let controller: RunningController

function leads<Row>(sql: string, ...values: string[]): Row[] {
  const db = new Database(leadsFile, { readonly: true })
  try {
    return db.prepare<string[], Row>(sql).all(...values)
  } finally {
    db.close()
  }
}

function edit(change: (yaml: string) => string): void {
  writeFileSync(stateFile, change(readFileSync(stateFile, 'utf8')))
}

const insertMessyRow = `
db = sqlite3.connect(sys.argv[1], timeout=10)
db.execute("INSERT INTO leads (id, full_name, email, company, linkedin_url) VALUES (?, ?, ?, ?, ?)",
  (sys.argv[2], 'JANE  DOE', '  Jane.DOE@Live.EXAMPLE ', 'acme  inc', 'http://linkedin.com/in/Jane-Doe-X/?trk=1'))
db.commit()
say('written')
`

beforeAll(async () => {
  await generateWorkspace({ into: folder, rows: 80, seed: 11, mess: 'heavy' })
  controller = await startRun(folder)
  await eventually(
    () => controller.query('{ resources { lookedAt kind name } }'),
    (data) => !JSON.stringify(data).includes('"lookedAt":null'),
  )
  await eventually(
    () => leads<{ name: string }>("SELECT name FROM pragma_table_info('leads')").map((column) => column.name),
    (columns) => columns.includes('full_name') && columns.includes('linkedin_url'),
  )
  // At rest: a row that is written while all rows are looked at belongs to what waits for approval.
  await trueup(['apply'], { in: folder })
}, 120_000)

afterAll(async () => {
  await controller.stop()
  removeFolder(folder)
})

describe('a running controller', () => {
  it('standardizes a row that another program writes', async () => {
    await python(insertMessyRow, leadsFile, 'jane-1').line()
    const [row] = await eventually(
      () =>
        leads<Record<string, string>>(
          'SELECT full_name, email, company, linkedin_url FROM leads WHERE id = ?',
          'jane-1',
        ),
      ([one]) => one?.linkedin_url?.startsWith('https://www.') === true && one.email === 'jane.doe@live.example',
    )
    expect(row).toEqual({
      full_name: 'Jane Doe',
      email: 'jane.doe@live.example',
      company: 'Acme Inc.',
      linkedin_url: 'https://www.linkedin.com/in/jane-doe-x',
    })
  })

  it('is asked by `apply`, which waits for it and tells what it did; with --approve-risk what waited is done too', async () => {
    const apply = (...args: string[]) => trueupJson(['apply', ...args], documents.apply, { in: folder })
    const before = await apply('standardization/leads')
    expect(before.document.run.settled).toBe(true)
    await python(insertMessyRow, leadsFile, 'jane-apply').line()
    const { document } = await apply()
    // Either that apply or the controller by itself a moment before: the row is in form when apply answers.
    expect(leads('SELECT email FROM leads WHERE id = ?', 'jane-apply')).toEqual([{ email: 'jane.doe@live.example' }])
    expect(document.run.settled).toBe(true)

    const waiting = document.actions.filter(({ risk }) => risk === 'medium' || risk === 'low')
    const approved = await apply('--approve-risk', 'medium')
    const done = new Set(approved.document.run.executed.map(({ id }) => id))
    expect(waiting.map(({ id }) => id).filter((id) => !done.has(id))).toEqual([])
    expect(approved.document.run.executed.filter(({ outcome }) => outcome !== 'succeeded')).toEqual([])
  })

  it('is waited for by `apply` also where something could not be read a moment ago and can be now', async () => {
    const campaigns = join(folder, 'data/campaigns.db')
    renameSync(campaigns, `${campaigns}.away`)
    mkdirSync(campaigns)
    const apply = () => trueupJson(['apply', 'database/campaigns'], documents.apply, { in: folder })
    expect((await apply()).document.unreadable).toMatchObject([{ code: 'DATABASE_NOT_A_FILE' }])
    rmdirSync(campaigns)
    renameSync(`${campaigns}.away`, campaigns)
    expect((await apply()).document.unreadable).toEqual([])
  })

  it('takes up a field that is added to the file: the column and the GraphQL field are there', async () => {
    edit((yaml) =>
      yaml.replace('      location:', '      region:          { type: text, standardize: trim }\n      location:'),
    )
    await eventually(
      () => leads<{ name: string }>("SELECT name FROM pragma_table_info('leads')").map((column) => column.name),
      (columns) => columns.includes('region'),
    )
    const answer = await eventually(
      () => controller.ask('{ leads(first: 1) { edges { node { region } } } }'),
      ({ errors }) => errors === undefined,
    )
    expect(answer.errors).toBeUndefined()
  })

  it('says what is wrong with a broken edit, with its line, and goes on with the last valid generation', async () => {
    const before = readFileSync(stateFile, 'utf8')
    writeFileSync(stateFile, before.replace('mode: enforce', 'mode: enforze'))
    const data = await eventually(
      () => controller.query('{ desiredState { generation problems { line message } } }'),
      (found) => JSON.stringify(found).includes('message'),
    )
    const line = before.split('\n').findIndex((text) => text.includes('mode: enforce')) + 1
    expect(JSON.stringify(data)).toContain(`"line":${line}`)
    await python(insertMessyRow, leadsFile, 'jane-2').line()
    await eventually(
      () => leads<{ email: string }>('SELECT email FROM leads WHERE id = ?', 'jane-2'),
      ([row]) => row?.email === 'jane.doe@live.example',
    )
    writeFileSync(stateFile, before)
    await eventually(
      () => controller.query('{ desiredState { problems { line } } }'),
      (found) => JSON.stringify(found).includes('"problems":[]'),
    )
  })

  it('shows what was just written, also when nobody had the file open at the first read', async () => {
    await controller.stop()
    controller = await startRun(folder)
    await controller.query('{ leads(first: 1) { edges { node { id } } } }')
    const first = await controller.query(
      'mutation { createLead(input: { full_name: "First Reader", email: "first@reader.example" }) { ... on LeadSaved { lead { full_name } } } }',
    )
    expect(first).toEqual({ createLead: { lead: { full_name: 'First Reader' } } })
  })

  it('writes a lead through the API, standardized, and takes it back', async () => {
    const created = await controller.query(
      'mutation { createLead(input: { full_name: "BOB STONE", email: "Bob@Stone.example" }) { ... on LeadSaved { actionId lead { id full_name email } } } }',
    )
    const { createLead } = JSON.parse(JSON.stringify(created))
    expect(createLead.lead).toMatchObject({ full_name: 'Bob Stone', email: 'bob@stone.example' })
    await controller.query('mutation ($id: ID!) { undo(input: { id: $id }) { __typename } }', {
      id: createLead.actionId,
    })
    expect(leads('SELECT id FROM leads WHERE email = ?', 'bob@stone.example')).toEqual([])
  })

  it('carries out what a person approves', async () => {
    const waiting = async () => {
      const { plan } = JSON.parse(
        JSON.stringify(
          await controller.query('{ plan { id actions { id verb summary gate { runnable decision } } } }'),
        ),
      )
      return plan.actions.filter((action: { gate: { runnable: boolean } }) => !action.gate.runnable)
    }
    const [first] = await eventually(waiting, (actions) => actions.length > 0)
    const answer = await controller.query(
      'mutation ($ids: [ID!]!) { approveActions(input: { actionIds: $ids }) { __typename } }',
      { ids: [first.id] },
    )
    expect(answer).toEqual({ approveActions: { __typename: 'Approved' } })
    const stateOf = async () =>
      JSON.parse(JSON.stringify(await controller.query('{ actions(first: 200) { id state } }'))).actions
    await eventually(stateOf, (actions: { id: string; state: string }[]) =>
      actions.some(({ id, state }) => id === first.id && state.toLowerCase() === 'verified'),
    )
  })

  it('goes on after kill -9 with a whole journal and nothing left half done', async () => {
    await controller.kill()
    controller = await startRun(folder)
    await python(insertMessyRow, leadsFile, 'jane-3').line()
    await eventually(
      () => leads<{ email: string }>('SELECT email FROM leads WHERE id = ?', 'jane-3'),
      ([row]) => row?.email === 'jane.doe@live.example',
    )
    expect(await controller.stop()).toBe(0)
    const journal = openJournal(join(folder, '.trueup/journal.db'), systemClock)
    expect(journal.check().is).toBe('whole')
    // A stop ends at a safe point, which may be in the middle of an action; the next start settles it.
    const open = journal.db
      .prepare<[], string>("SELECT id FROM actions WHERE state IN ('intended', 'checkpointed', 'dispatched')")
      .pluck()
      .all()
    journal.close()
    controller = await startRun(folder)
    for (const id of open)
      await eventually(
        async () =>
          JSON.parse(JSON.stringify(await controller.query(`{ action(id: "${id}") { state } }`))).action.state,
        (state: string) => !/intended|checkpointed|dispatched/i.test(state),
      )
  })

  it('lets nobody in without a token, and answers its health to anybody', async () => {
    const stranger = await fetch(new URL('/graphql', controller.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ viewer { subject } }"}',
    })
    expect(stranger.status).toBe(401)
    expect((await fetch(new URL('/livez', controller.url))).status).toBe(200)
    expect((await fetch(new URL('/readyz', controller.url))).status).toBe(200)
  })
})
