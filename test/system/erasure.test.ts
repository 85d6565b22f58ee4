/**
 * Erasing a person, looked at from outside: what is left in the bytes of every file, what an import, a program and an
 * undo can bring back, and what a crash in the middle leaves behind.
 */
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { documents, startTrueup, trueup, trueupJson } from '../support/cli.ts'
import { eventually, startRun } from '../support/controller.ts'
import { annAgainKey, annKey, annText, bobKey, filesHolding, personWorlds } from '../support/person-world.ts'
import { python } from '../support/python.ts'
import { journalOf, type Workspace } from '../support/workspace.ts'

const countSchema = z.object({ name: z.string(), count: z.number() })
const line = z.object({
  kind: z.string(),
  place: z.string(),
  looked: z.string(),
  removed: z.number(),
  holds: z.string(),
  until: z.string().nullable(),
  note: z.string(),
})
const schemas = {
  preview: z.object({
    records: z.array(z.object({ table: z.string(), keys: z.array(z.string()), referring: z.array(countSchema) })),
  }),
  erased: z.object({
    actionId: z.string(),
    rows: z.array(countSchema),
    traces: z.array(countSchema),
    filesSearched: z.number(),
    remains: z.array(z.object({ file: z.string(), reason: z.string() })),
    report: z.array(line),
    reportHash: z.string(),
  }),
  report: z.object({ recorded: z.string(), sha256: z.string(), report: z.array(line) }),
  person: z.object({
    records: z.array(z.object({ database: z.string(), table: z.string(), values: z.record(z.string(), z.json()) })),
    earlierValues: z.array(z.json()),
    record: z.array(z.object({ type: z.string() })),
    files: z.object({ searched: z.array(z.string()), holding: z.array(z.string()) }),
  }),
  written: z.object({ id: z.string(), actionId: z.string() }),
  suppressions: z.object({
    items: z.array(z.object({ id: z.string(), reason: z.string(), state: z.string(), identities: z.number() })),
  }),
}
const reason = 'asked to be forgotten'

const erasing = (workspace: Workspace) =>
  trueupJson(['leads', 'erase', annKey, '--reason', reason, '--yes'], schemas.erased, { in: workspace.folder })
const applying = (workspace: Workspace) => trueupJson(['apply'], documents.apply, { in: workspace.folder })
const namesIn = (workspace: Workspace) =>
  workspace.rows('SELECT full_name FROM leads ORDER BY 1').map(({ full_name }) => full_name)

describe('an erased person', () => {
  const worlds = personWorlds({ imports: true })
  let workspace: Workspace
  let updated: string
  let deleted: string
  let erased: Awaited<ReturnType<typeof erasing>>

  beforeAll(async () => {
    workspace = worlds.fresh()
    await applying(workspace)
    const write = async (...args: string[]) =>
      (await trueupJson(['leads', ...args], schemas.written, { in: workspace.folder })).document.actionId
    updated = await write('update', annKey, '{"title":"Chief Ann.Forgettable"}')
    deleted = await write('delete', annAgainKey)
    await trueup(['leads', 'search', 'forgettable'], { in: workspace.folder })
    expect(filesHolding(workspace, annText)).toEqual(
      expect.arrayContaining(['.trueup/checkpoints.db', '.trueup/search.db', 'data/campaigns.db', 'data/leads.db']),
    )
  }, 240_000)
  afterAll(() => worlds.remove())

  test('is shown before, in every table and with what refers to her, and nothing is done', async () => {
    const before = filesHolding(workspace, annText)
    const { status, document } = await trueupJson(
      ['leads', 'erase', annKey, '--reason', reason, '--dry-run'],
      schemas.preview,
      { in: workspace.folder },
    )
    expect(status).toBe(0)
    expect(document.records).toEqual([
      { table: 'leads', keys: [annKey], referring: [{ name: 'messages', count: 1 }] },
      { table: 'contacts', keys: ['1'], referring: [] },
    ])
    expect(filesHolding(workspace, annText)).toEqual(before)
    expect(existsSync(workspace.path('.trueup/suppression.db'))).toBe(false)
  })

  test('is told what is kept of her, from every place, and that she was told is on record', async () => {
    const out = workspace.path('ann.json')
    expect((await trueup(['person', 'export', annKey, '--out', out], { in: workspace.folder })).status).toBe(0)
    const document = schemas.person.parse(JSON.parse(readFileSync(out, 'utf8')))
    rmSync(out)
    expect(document.records.map(({ database, table }) => `${database} ${table}`)).toEqual(
      expect.arrayContaining(['data/leads.db leads', 'data/leads.db messages', 'data/campaigns.db contacts']),
    )
    expect(document.records.find(({ table }) => table === 'leads')?.values).toMatchObject({
      id: annKey,
      title: 'Chief Ann.Forgettable',
    })
    expect(JSON.stringify(document.earlierValues)).toContain('CTO')
    expect(document.record.map(({ type }) => type)).toContain('action.planned')
    expect(document.files.holding).toEqual(expect.arrayContaining(['data/cache.db', '.trueup/checkpoints.db']))
    // Nobody else is in it, also not who shares her number.
    expect(JSON.stringify(document)).not.toMatch(/lasting/i)
    const journal = new Database(workspace.path('.trueup/journal.db'), { readonly: true })
    expect(journal.prepare(`SELECT count(*) FROM entries WHERE type = 'leads.exported'`).pluck().get()).toBe(1)
    journal.close()
  })

  test('is not erased without a word of confirmation, nor for a reason that would keep her name', async () => {
    const refused = async (...more: string[]) => {
      const { status, document } = await trueupJson(['leads', 'erase', annKey, ...more], documents.error, {
        in: workspace.folder,
      })
      return [status, document.error.code, document.error.hint]
    }
    expect(await refused('--reason', reason)).toEqual([1, 'USAGE', expect.stringContaining('--yes')])
    const naming = 'ann.forgettable@gmail.com asked'
    expect(await refused('--yes', '--reason', naming)).toEqual([1, 'USAGE', expect.stringContaining('without')])
    expect(namesIn(workspace)).toContain('Ann Forgettable')
  })

  test('is gone from every file but the source, which is named; who shares her number stays', async () => {
    erased = await erasing(workspace)
    expect(erased.document.rows).toEqual([
      { name: 'contacts', count: 1 },
      { name: 'leads', count: 1 },
    ])
    expect(erased.document.traces.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['records of messages that referred to them', 'checkpoints', 'search index']),
    )
    expect(filesHolding(workspace, annText)).toEqual(['data/cache.db'])
    expect(erased.document.remains).toEqual([{ file: 'data/cache.db', reason: expect.stringContaining('source') }])
    expect(erased.status).toBe(2)
    expect(namesIn(workspace)).toEqual(['Bob Lasting', 'Carl Lasting', 'Dora Lasting'])
    expect(workspace.rows('SELECT body FROM messages')).toEqual([{ body: 'Dear Bob' }])
    for (const file of ['.trueup/suppression.db', '.trueup/suppression.key'])
      expect(statSync(workspace.path(file)).mode & 0o777).toBe(0o600)
  })

  test('leaves a report of every place, without a word about her, which the record vouches for', async () => {
    const { actionId } = erased.document
    const report = async () =>
      trueupJson(['leads', 'suppressions', 'report', actionId], schemas.report, { in: workspace.folder })
    const { status, document } = await report()
    expect([status, document.recorded, document.sha256]).toEqual([0, 'as recorded', erased.document.reportHash])
    expect(document.report).toEqual(erased.document.report)
    expect(JSON.stringify(document)).not.toMatch(/forgettable|415/i)
    const places = document.report.map(({ place, removed, holds }) => [place, removed, holds])
    expect(places).toEqual(
      expect.arrayContaining([
        ['leads in data/leads.db', 1, 'no'],
        ['contacts in data/campaigns.db', 1, 'no'],
        ['data/leads.db', 0, 'no'],
        ['.trueup/journal.db', 0, 'no'],
        ['data/cache.db', 0, 'yes'],
      ]),
    )
    const list = new Database(workspace.path('.trueup/suppression.db'))
    list.exec(`UPDATE erasures SET outcome = replace(outcome, '"removed":1', '"removed":9')`)
    list.close()
    expect([(await report()).status, (await report()).document.recorded]).toEqual([3, 'not as recorded'])
  })

  test('leaves a journal whose chain is whole, with the erasure on record', () => {
    const journal = journalOf(workspace)
    expect(journal.check()).toMatchObject({ is: 'whole' })
    const [record] = journal.records('verified').filter(({ action }) => action.verb === 'erase')
    expect(record?.action).toMatchObject({ reversible: 'irreversible', risk: 'high', preview: [] })
  })

  test('is not brought back by an undo, which says that it left her alone', async () => {
    const undo = async (id: string) =>
      (await trueup(['undo', id], { in: workspace.folder })).stdout +
      (await trueup(['undo', id, '--json'], { in: workspace.folder })).stdout
    expect(await undo(deleted)).toMatch(/changed since|erased/)
    expect(await undo(updated)).toMatch(/changed since|erased/)
    expect((await trueup(['undo', erased.document.actionId], { in: workspace.folder })).stderr).toContain('for good')
    expect(namesIn(workspace)).toEqual(['Bob Lasting', 'Carl Lasting', 'Dora Lasting'])
  })

  test('is not imported again, also when her source row changes', async () => {
    await applying(workspace)
    const program = python(
      `c = sqlite3.connect(sys.argv[1]); c.execute("UPDATE people SET title = 'Chairwoman'"); c.commit(); c.close()`,
      workspace.path('data/cache.db'),
    )
    await program.ended()
    await applying(workspace)
    expect(namesIn(workspace)).toEqual(['Bob Lasting', 'Carl Lasting', 'Dora Lasting'])
    expect(
      workspace.rows(`SELECT DISTINCT outcome, lead_key, email FROM _trueup_imports WHERE reason = 'erased'`),
    ).toEqual([{ outcome: 'withheld', lead_key: null, email: null }])
    expect(filesHolding(workspace, annText)).toEqual(['data/cache.db'])
  }, 240_000)

  test('cannot be written through the API, in whatever spelling', async () => {
    const values = '{"full_name":"Ann F.","email":"annforgettable+new@googlemail.com"}'
    const added = await trueupJson(['leads', 'add', values], documents.error, { in: workspace.folder })
    expect(added).toMatchObject({ status: 1, document: { error: { code: 'LEAD_SUPPRESSED' } } })
    const profile = '{"linkedin_url":"https://www.linkedin.com/in/ann-forgettable"}'
    const changed = await trueupJson(['leads', 'update', bobKey, profile], documents.error, { in: workspace.folder })
    expect(changed.document.error.code).toBe('LEAD_SUPPRESSED')
  })

  test('written again by a program is drift, and goes once a person says so', async () => {
    const program = python(
      `c = sqlite3.connect(sys.argv[1])
c.execute("INSERT INTO leads (id, full_name, email) VALUES ('n1', 'Ann Forgettable', 'Ann.Forgettable@gmail.com')")
c.commit(); c.close()`,
      workspace.main,
    )
    await program.ended()
    const { document } = await applying(workspace)
    const [waiting] = document.actions.filter(({ resource }) => resource.kind === 'suppression')
    expect(document.drift.filter(({ resource }) => resource.kind === 'suppression')).toMatchObject([
      { severity: 'high', affected: { count: 1, sample: ['n1'] }, message: expect.stringContaining('written again') },
    ])
    expect(waiting).toMatchObject({ verb: 'erase-again', risk: 'high', gate: { runnable: false } })
    await trueup(['approve', waiting?.id ?? ''], { in: workspace.folder })
    await applying(workspace)
    expect(namesIn(workspace)).toEqual(['Bob Lasting', 'Carl Lasting', 'Dora Lasting'])
    expect(filesHolding(workspace, annText)).toEqual(['data/cache.db'])
  }, 240_000)

  test('comes back once the erasure was lifted, and only then', async () => {
    const listed = await trueupJson(['leads', 'suppressions', 'list'], schemas.suppressions, { in: workspace.folder })
    expect(listed.document.items).toMatchObject([{ id: erased.document.actionId, reason, state: 'erased' }])
    expect(listed.document.items[0]?.identities).toBeGreaterThan(2)
    const lift = ['leads', 'suppressions', 'lift', erased.document.actionId, '--reason', 'the wrong person']
    expect((await trueup(lift, { in: workspace.folder })).status).toBe(0)
    expect((await trueup(lift, { in: workspace.folder })).status).toBe(1)
    await applying(workspace)
    expect(namesIn(workspace)).toContain('Ann Forgettable')
  }, 240_000)
})

describe('an erasure that is killed', () => {
  const worlds = personWorlds({ imports: false })
  afterAll(() => worlds.remove())

  test('at any moment is complete, or not begun, after the next start', async () => {
    let begun = 0
    for (let kill = 0; kill < 5; kill += 1) {
      const workspace = worlds.fresh()
      if (kill % 2 === 0) await applying(workspace)
      const running = startTrueup(['leads', 'erase', annKey, '--reason', reason, '--yes'], { in: workspace.folder })
      const file = workspace.path('.trueup/suppression.db')
      while (!running.hasEnded() && !existsSync(file)) await sleep(3)
      await sleep(kill * 40)
      await running.kill()
      await applying(workspace)
      const { document } = await trueupJson(['leads', 'suppressions', 'list'], schemas.suppressions, {
        in: workspace.folder,
      })
      expect(journalOf(workspace).check()).toMatchObject({ is: 'whole' })
      expect(journalOf(workspace).records('dispatched', 'intended', 'unknown')).toEqual([])
      if (document.items.length === 0) continue
      begun += 1
      expect(document.items).toMatchObject([{ state: 'erased' }])
      expect(namesIn(workspace)).toEqual(['Bob Lasting', 'Carl Lasting'])
      expect(filesHolding(workspace, annText)).toEqual(['data/cache.db'])
    }
    expect(begun).toBeGreaterThan(0)
  }, 400_000)
})

test('a running controller erases through its API, refuses her from then on, and finds her when a program brings her back', async () => {
  const worlds = personWorlds({ imports: false })
  const workspace = worlds.fresh()
  const controller = await startRun(workspace.folder)
  try {
    const statusOf = async () => {
      const { resource } = z
        .object({ resource: z.object({ drift: z.array(z.object({ message: z.string() })) }) })
        .parse(await controller.query('{ resource(kind: "suppression", name: "leads") { drift { message } } }'))
      return resource.drift.map(({ message }) => message)
    }
    const { status, document } = await erasing(workspace)
    expect([status, document.remains]).toEqual([0, []])
    const data = await controller.query(
      'mutation { createLead(input: { full_name: "A", email: "ann.forgettable@gmail.com" }) { __typename ... on UserError { code } } }',
    )
    expect(data.createLead).toEqual({ __typename: 'LeadSuppressed', code: 'LEAD_SUPPRESSED' })
    expect(await controller.query('{ suppressions { id reason outcome { filesSearched } } }')).toMatchObject({
      suppressions: [{ id: document.actionId, reason }],
    })
    workspace.write("INSERT INTO leads (id, full_name, email) VALUES ('n1', 'Ann', 'annforgettable@gmail.com')")
    await eventually(statusOf, (messages) => messages.some((message) => message.includes('written again')))
    const lift = ['leads', 'suppressions', 'lift', document.actionId, '--reason', 'the wrong person']
    expect((await trueup(lift, { in: workspace.folder })).status).toBe(0)
    await eventually(statusOf, (messages) => messages.length === 0)
  } finally {
    await controller.stop()
    worlds.remove()
  }
}, 240_000)
