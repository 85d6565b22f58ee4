/** An approval binds exactly what was shown, on exactly the evidence it was shown with, and nothing else. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { documents, type ShownAction, trueup, trueupJson } from '../support/cli.ts'
import { python } from '../support/python.ts'
import { generateWorkspaces, journalOf, type Workspace, type Workspaces, waiting } from '../support/workspace.ts'

let workspaces: Workspaces
/** Applied once: all that is left waits for a person. */
let applied: Workspace
beforeAll(async () => {
  workspaces = await generateWorkspaces({ rows: 300, seed: 3, sources: false })
  applied = workspaces.fresh()
  await trueup(['apply'], { in: applied.folder })
}, 120_000)
afterAll(() => workspaces.remove())

const settled = () => workspaces.copyOf(applied)
const apply = (workspace: Workspace, ...args: string[]) =>
  trueupJson(['apply', ...args], documents.apply, { in: workspace.folder })
const plan = (workspace: Workspace, ...args: string[]) =>
  trueupJson(['plan', ...args], documents.plan, { in: workspace.folder })
const approve = (workspace: Workspace, ...ids: string[]) =>
  trueupJson(['approve', ...ids], documents.answers, { in: workspace.folder })
const reject = (workspace: Workspace, id: string, reason: string) =>
  trueupJson(['reject', id, '--reason', reason], documents.answers, { in: workspace.folder })

/** The repair of a field's values that is held. */
function standardizing(field: string, actions: readonly ShownAction[]): ShownAction {
  const found = actions.find(
    ({ verb, resolves }) => verb === 'standardize' && resolves.includes(`fields.${field}.format`),
  )
  if (found === undefined) throw new Error(`nothing brings ${field} into standard form`)
  return found
}

/** What an agent does meanwhile: writes the company of one lead. */
async function writeCompany(workspace: Workspace, id: string, company: string): Promise<void> {
  const agent = python(
    `
connection = sqlite3.connect(sys.argv[1])
with connection:
    assert connection.execute('UPDATE leads SET company = ? WHERE id = ?', (sys.argv[3], sys.argv[2])).rowcount == 1
connection.close()`,
    workspace.main,
    id,
    company,
  )
  await agent.ended()
}

test('what a plan showed is approved by its id without a prior apply, and the next apply carries it out', async () => {
  const workspace = workspaces.fresh()
  const shown = await plan(workspace)
  const company = standardizing('company', shown.document.actions)
  expect(shown.status).toBe(2)
  expect(company.gate).toMatchObject({ runnable: false, approvalsNeeded: 1, approvalsGiven: 0 })

  const approved = await approve(workspace, company.id)
  expect(approved.document.items).toMatchObject([{ id: company.id, is: 'done' }])
  expect(approved.status).toBe(0)
  expect(workspace.rows('SELECT count(*) AS n FROM leads')).toEqual([{ n: 300 }])

  const run = await apply(workspace)
  expect(run.document.run.executed).toContainEqual(
    expect.objectContaining({ id: company.id, outcome: 'succeeded', changed: company.affected.count }),
  )
  expect(
    journalOf(workspace)
      .records('verified')
      .map(({ action }) => action.id),
  ).toContain(company.id)
})

test('the ids that apply shows at its end are those that wait', async () => {
  const workspace = workspaces.fresh()
  const run = await apply(workspace)
  const held = run.document.actions.map(({ id }) => id)
  expect(held.length).toBeGreaterThan(0)
  expect((await waiting(workspace)).map(({ id }) => id)).toEqual(held)
})

test('when a record changes after the approval, nothing of it is done, and both apply and the id say what changed', async () => {
  const workspace = settled()
  const company = standardizing('company', await waiting(workspace))
  const [record] = company.affected.sample
  if (record === undefined) throw new Error('no record is named')
  expect((await approve(workspace, company.id)).status).toBe(0)
  await writeCompany(workspace, record, 'Someone  ELSE inc')

  const run = await apply(workspace)
  expect(run.status).toBe(2)
  expect(run.document.run.executed.map(({ id }) => id)).not.toContain(company.id)
  expect(workspace.rows('SELECT company FROM leads WHERE id = ?', record)).toEqual([{ company: 'Someone  ELSE inc' }])
  const successor = standardizing('company', run.document.actions)
  expect(successor.id).not.toBe(company.id)
  expect(successor.gate).toMatchObject({ runnable: false, approvalsGiven: 0 })
  expect(run.document.run.voided).toEqual([
    {
      id: company.id,
      resource: 'standardization/leads',
      summary: expect.stringContaining('values of company'),
      message: expect.stringContaining('the records it was planned on have changed'),
      successor: successor.id,
    },
  ])

  const again = await approve(workspace, company.id)
  expect(again.status).toBe(3)
  expect(again.document.items).toMatchObject([
    { id: company.id, is: 'refused', message: expect.stringContaining('the records it was planned on have changed') },
  ])
  expect(again.document.items[0]?.message).toContain(successor.id)
})

test('a saved plan is carried out exactly: what it does not hold is left alone', async () => {
  const workspace = workspaces.fresh()
  const file = workspace.path('plan.json')
  const saved = await plan(workspace, 'table/leads', '--out', file)
  expect(documents.plan.parse(JSON.parse(readFileSync(file, 'utf8')))).toEqual(saved.document)
  expect(saved.document.actions.every(({ gate }) => gate.runnable)).toBe(true)
  const run = await apply(workspace, file)
  const ids = saved.document.actions.map(({ id }) => id)
  expect(run.document.run.executed.map(({ id }) => id)).toEqual(ids)
  expect(run.document.run.executed.map(({ outcome }) => outcome)).toEqual(ids.map(() => 'succeeded'))
  expect(
    journalOf(workspace)
      .records('verified', 'succeeded')
      .map(({ action }) => action.id)
      .sort(),
  ).toEqual([...ids].sort())
})

test('a saved plan is refused as a whole once one of its repairs no longer stands', async () => {
  const workspace = settled()
  const file = workspace.path('plan.json')
  const saved = await plan(workspace, 'standardization/leads', '--out', file)
  const company = standardizing('company', saved.document.actions)
  await approve(workspace, ...saved.document.actions.map(({ id }) => id))
  const [record] = company.affected.sample
  if (record === undefined) throw new Error('no record is named')
  await writeCompany(workspace, record, 'Someone  ELSE inc')

  const refused = await trueupJson(['apply', file], documents.error, { in: workspace.folder })
  expect(refused.status).toBe(3)
  expect(refused.document.error).toMatchObject({ code: 'PLAN_STALE', message: expect.stringContaining(company.id) })
  expect(refused.document.error.hint).toContain('trueup plan')
  expect(journalOf(workspace).records('approved', 'planned').length).toBeGreaterThan(0)
  expect(workspace.rows("SELECT count(*) AS n FROM leads WHERE linkedin_url LIKE 'http://%'")).not.toEqual([{ n: 0 }])
})

test('a rejected repair is not done, says who rejected it and why, and can be approved after all', async () => {
  const workspace = settled()
  const company = standardizing('company', await waiting(workspace))
  expect((await reject(workspace, company.id, 'the old spelling is right')).status).toBe(0)

  const run = await apply(workspace)
  expect(run.document.run.executed).toEqual([])
  expect(standardizing('company', run.document.actions).gate).toMatchObject({
    decision: 'refuse',
    reasons: expect.arrayContaining([
      {
        code: 'rejected',
        message: expect.stringMatching(/^rejected by local:.*the old spelling is right/),
        asks: 'refuse',
        untilMs: null,
      },
    ]),
  })
  expect((await reject(workspace, company.id, 'again')).status).toBe(3)

  expect((await approve(workspace, company.id)).status).toBe(0)
  expect((await apply(workspace)).document.run.executed).toMatchObject([{ id: company.id, outcome: 'succeeded' }])
})

test('--approve-risk approves all up to the level, also what comes to light on the way, and nothing above', async () => {
  const workspace = settled()
  workspace.edit((yaml) => yaml.replace(/title: +\{ type: text/, 'title: { type: text, absent: true'))
  const run = await apply(workspace, '--approve-risk', 'medium')
  expect(run.document.actions.map(({ risk }) => risk).filter((risk) => risk === 'low' || risk === 'medium')).toEqual([])
  // What the imports brought may be duplicates that are not sure: these are for a person, too.
  const [merges, others] = [true, false].map((isMerge) =>
    run.document.actions.filter(({ resource }) => (resource.kind === 'duplicates') === isMerge),
  )
  expect(others).toMatchObject([{ verb: 'drop-column', risk: 'critical' }])
  expect(merges?.every(({ risk }) => risk === 'high')).toBe(true)
  expect(workspace.rows("SELECT count(*) AS n FROM pragma_table_info('leads') WHERE name = 'title'")).toEqual([
    { n: 1 },
  ])
  const wrong = await trueupJson(['apply', '--approve-risk', 'some'], documents.error, { in: workspace.folder })
  expect(wrong).toMatchObject({ status: 1, document: { error: { code: 'USAGE' } } })
})

test('a full column is dropped only after two people, and its undo brings every value back', async () => {
  const workspace = settled()
  const titles = workspace.rows('SELECT id, title FROM leads ORDER BY id')
  workspace.edit((yaml) => yaml.replace(/title: +\{ type: text/, 'title: { type: text, absent: true'))
  const drop = (await plan(workspace, 'table/leads')).document.actions.find(({ verb }) => verb === 'drop-column')
  if (drop === undefined) throw new Error('nothing drops the column')
  expect(drop).toMatchObject({ risk: 'critical', gate: { decision: 'approve-twice', approvalsNeeded: 2 } })

  const first = await approve(workspace, drop.id)
  expect(first).toMatchObject({
    status: 0,
    document: { items: [{ is: 'done', message: expect.stringContaining('1 more person') }] },
  })
  // The same person a second time is one person.
  expect((await approve(workspace, drop.id)).document.items[0]?.message).toContain('1 more person')
  const alone = await apply(workspace, 'table/leads')
  expect(alone.document.run.executed).toEqual([])
  expect(alone.document.actions.find(({ id }) => id === drop.id)?.gate).toMatchObject({
    runnable: false,
    approvalsGiven: 1,
  })

  journalOf(workspace).approveAs('token:ann', drop.id)
  const together = await apply(workspace, 'table/leads')
  expect(together.document.run.executed).toMatchObject([{ id: drop.id, outcome: 'succeeded' }])
  expect(workspace.rows("SELECT count(*) AS n FROM pragma_table_info('leads') WHERE name = 'title'")).toEqual([
    { n: 0 },
  ])

  const undone = await trueupJson(['undo', drop.id], documents.undo, { in: workspace.folder })
  expect(undone).toMatchObject({ status: 0, document: { items: [{ is: 'undone', actionId: drop.id }] } })
  expect(workspace.rows('SELECT id, title FROM leads ORDER BY id')).toEqual(titles)
  // What was undone is not done again behind the person's back.
  const after = await apply(workspace, 'table/leads')
  expect(after.document.run.executed).toEqual([])
  expect(
    after.document.actions.find(({ verb }) => verb === 'drop-column')?.gate.reasons.map(({ code }) => code),
  ).toContain('quarantined')
})

test('an approval that has expired counts no more and says so; a new one does', async () => {
  const workspace = settled()
  workspace.edit((yaml) => yaml.replace('expireAfter: 72h', 'expireAfter: 1s'))
  const company = standardizing('company', await waiting(workspace))
  await approve(workspace, company.id)
  await new Promise((done) => setTimeout(done, 1100))
  const late = await apply(workspace)
  expect(late.document.run.executed).toEqual([])
  expect(late.document.actions.find(({ id }) => id === company.id)?.gate).toMatchObject({
    approvalsGiven: 0,
    reasons: expect.arrayContaining([expect.objectContaining({ code: 'approval-expired' })]),
  })
  workspace.edit((yaml) => yaml.replace('expireAfter: 1s', 'expireAfter: 1h'))
  expect((await approve(workspace, company.id)).status).toBe(0)
  expect((await apply(workspace)).document.run.executed).toMatchObject([{ id: company.id, outcome: 'succeeded' }])
})

test('an id that nobody has heard of is refused', async () => {
  const workspace = settled()
  const answer = await approve(workspace, '000000000000')
  expect(answer).toMatchObject({
    status: 3,
    document: { items: [{ is: 'refused', message: 'no repair has that id' }] },
  })
})
