import { afterEach, describe, expect, it } from 'vitest'
import { requestUndo } from '../../src/engine/undo-request.ts'
import { tokenProfile, tokenRestrictions } from '../../src/sandbox/access/tokens.ts'
import type { BaseSeed } from '../../src/sandbox/metadata/base-seed.ts'
import type { AirtableBench } from '../support/airtable.ts'
import { airtableBench, baseId } from '../support/airtable.ts'

let bench: AirtableBench
afterEach(() => bench.close())

const table1: Omit<BaseSeed, 'baseId'> = {
  tables: [
    {
      id: 'tblLeads000000001',
      name: 'Table 1',
      fields: [
        { name: 'Full Name', type: 'singleLineText' },
        { name: 'Lead ID', type: 'singleLineText' },
        { name: 'Email', type: 'email' },
        { name: 'Notes of a colleague', type: 'multilineText' },
      ],
      records: [{ fields: { 'Full Name': 'Ada', Email: 'ada@x.example' } }],
    },
  ],
}

function leads(fields: object, airtable: object = {}): object {
  return {
    leads: {
      database: 'main',
      key: 'id',
      airtable: { table: 'Table 1', key: 'Lead ID', ...airtable },
      fields,
    },
  }
}
const name = { type: 'text', airtable: 'Full Name' }
const email = { type: 'email', airtable: 'Email' }

/** Requests so far, as `GET meta.tables`, without those of the tests themselves. */
function requests(): string[] {
  return bench.sandbox.control.requests().map(({ method, path }) => `${method} ${path.replace(/\/v0\//, '')}`)
}

async function undo(id: string) {
  return requestUndo({ of: { is: 'id', id }, actor: 'local', signal: new AbortController().signal }, bench.engine())
}

describe('a base that has what is declared', () => {
  it('has no drift, is described, and costs no call however often it is looked at', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name, email }))
    await bench.run()
    expect(bench.paths()).toEqual([])
    expect(bench.status().summary).toBe('1 of 1 table mapped, 3 of 4 fields')
    expect(bench.status().checks.map(({ name: check, status }) => `${check}: ${status}`)).toEqual([
      'key: ok',
      'base: ok',
      'table Table 1: ok',
      'field Lead ID: ok',
      'field Full Name: ok',
      'field Email: ok',
      'webhook: ok',
      'calls: ok',
    ])
    bench.sandbox.control.clearRequests()
    const request = { runId: 'run', actor: 'local', signal: new AbortController().signal, full: true }
    for (let look = 0; look < 5; look += 1) await bench.engine().reconcileNow(bench.status().declared.key, request)
    expect(requests()).toEqual([])
  })

  it('gets a webhook where something is pulled, once, and none where nothing is', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: { type: 'text', airtable: { field: 'Full Name', direction: 'push' } } }))
    await bench.run()
    expect(requests().filter((one) => one.includes('webhooks'))).toEqual([])
    bench.declare(leads({ full_name: name }))
    const { executed } = await bench.run()
    expect(executed.map(({ action }) => action.verb)).toEqual(['create-webhook'])
    await bench.restart()
    await bench.run()
    expect(requests().filter((one) => one.startsWith('POST bases'))).toHaveLength(1)
    expect(bench.paths()).toEqual([])
  })

  it('loses the webhook by undo, and gets none again unasked', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name }))
    const { executed } = await bench.run()
    const [made] = executed
    expect(await undo(made?.action.id ?? '')).toMatchObject([{ is: 'undone' }])
    await bench.run()
    expect(bench.paths()).toEqual(['webhook'])
    expect(bench.status().actions[0]?.gate).toMatchObject({ decision: 'approve' })
  })
})

describe('what is missing', () => {
  it('of a table is made: a field for each mapped one, the first text first, and the key', async () => {
    bench = await airtableBench()
    bench.declare(
      leads({
        score: { type: 'integer', airtable: 'Score' },
        full_name: name,
        email,
        changed: { type: 'datetime', airtable: { field: 'Changed', type: 'lastModifiedTime', direction: 'pull' } },
      }),
    )
    const { executed } = await bench.run()
    expect(executed.map(({ action, execution }) => `${action.verb} ${execution.is}`)).toEqual([
      'create-table succeeded',
      'create-webhook succeeded',
    ])
    expect(await bench.fields('Table 1')).toEqual({
      'Full Name': 'singleLineText',
      'Lead ID': 'singleLineText',
      Score: 'number',
      Email: 'email',
    })
    expect(Object.keys(await bench.fields('Table 1'))[0]).toBe('Full Name')
    // What the API cannot make is left to a person.
    expect(bench.paths()).toEqual(['tables.leads.fields.changed'])
  })

  it('of a table that looks like another one is made only once a person approved it', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name, email }, { table: 'Leads' }))
    const { executed } = await bench.run()
    expect(executed.map(({ action }) => action.verb)).toEqual(['create-webhook'])
    const [waiting] = bench.status().actions
    expect(waiting?.gate.decision).toBe('approve')
    expect(waiting?.action.findings).toEqual([
      {
        code: 'similar-table',
        count: 2,
        message:
          'the table “Table 1” has 2 of its 2 fields: if it is the one that is meant, write its name in the desired state',
      },
    ])
    bench.engine().approve({ actionId: waiting?.action.id ?? '', approver: 'token:alice' })
    await bench.run()
    expect(bench.paths()).toEqual([])
  })

  it('of fields is made of every type that the API can create, without an approval, and asked for no more', async () => {
    bench = await airtableBench(table1)
    const declared = {
      full_name: name,
      note: { type: 'longtext', airtable: 'Note', description: 'What was said' },
      rich: { type: 'longtext', airtable: { field: 'Rich', type: 'richText' } },
      email,
      page: { type: 'url', airtable: 'Page' },
      phone: { type: 'phone', airtable: 'Phone' },
      stage: { type: 'choice', choices: ['new', 'won'], airtable: 'Stage' },
      tags: { type: 'choices', choices: ['a', 'b'], airtable: 'Tags' },
      done: { type: 'boolean', airtable: 'Done' },
      count: { type: 'integer', airtable: 'Count' },
      stars: { type: 'integer', airtable: { field: 'Stars', type: 'rating' } },
      length: { type: 'integer', airtable: { field: 'Length', type: 'duration' } },
      score: { type: 'number', precision: 2, airtable: 'Score' },
      exact: { type: 'number', airtable: 'Exact' },
      share: { type: 'number', airtable: { field: 'Share', type: 'percent' } },
      price: { type: 'number', airtable: { field: 'Price', type: 'currency' } },
      day: { type: 'date', airtable: 'Day' },
      at: { type: 'datetime', airtable: 'At' },
      data: { type: 'json', airtable: 'Data' },
      code: { type: 'text', airtable: { field: 'Code', type: 'barcode', direction: 'pull' } },
      files: { type: 'text', airtable: { field: 'Files', type: 'multipleAttachments', direction: 'pull' } },
    }
    bench.declare(leads(declared))
    const { executed } = await bench.run()
    expect(executed.filter(({ execution }) => execution.is !== 'succeeded')).toEqual([])
    expect(bench.paths()).toEqual([])
    expect(await bench.fields('Table 1')).toMatchObject({
      Note: 'multilineText',
      Rich: 'richText',
      Page: 'url',
      Phone: 'phoneNumber',
      Stage: 'singleSelect',
      Tags: 'multipleSelects',
      Done: 'checkbox',
      Count: 'number',
      Stars: 'rating',
      Length: 'duration',
      Score: 'number',
      Exact: 'number',
      Share: 'percent',
      Price: 'currency',
      Day: 'date',
      At: 'dateTime',
      Data: 'multilineText',
      Code: 'barcode',
      Files: 'multipleAttachments',
    })
    // One look before, one call for each, one look after.
    expect(requests().filter((one) => one.startsWith('GET meta'))).toHaveLength(3)
    bench.sandbox.control.clearRequests()
    expect((await bench.run()).executed).toEqual([])
    expect(requests()).toHaveLength(1)
  })

  it('of a field is undone by a person alone, who is told how', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name, region: { type: 'text', airtable: 'Region' } }))
    const { executed } = await bench.run()
    const made = executed.find(({ action }) => action.verb === 'create-field')
    expect(made?.action).toMatchObject({ risk: 'low', reversible: 'by-hand' })
    const [result] = await undo(made?.action.id ?? '')
    expect(result).toMatchObject({
      is: 'by-hand',
      steps: expect.stringContaining('field “Region” choose “Delete field”'),
    })
    expect(await bench.fields('Table 1')).toHaveProperty('Region')
  })

  it('of a field that a person deleted is made again only once that is approved', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name, email }))
    await bench.run()
    bench.sandbox.control.colleague(baseId).deleteField('Table 1', 'Email')
    await bench.run()
    const [waiting] = bench.status().actions
    expect(waiting?.gate.decision).toBe('approve')
    expect(waiting?.action.findings.map(({ code }) => code)).toEqual(['was-deleted'])
    expect(await bench.fields('Table 1')).not.toHaveProperty('Email')
  })

  it('is made by a person where the API cannot, with the steps, and is settled by itself then', async () => {
    bench = await airtableBench(table1)
    const changed = { field: 'Changed', type: 'lastModifiedTime', direction: 'pull' }
    bench.declare(leads({ full_name: name, changed: { type: 'datetime', airtable: changed } }))
    await bench.run()
    const [drift] = bench.drift()
    expect(drift?.byHand).toContain('name it “Changed”, choose the type Last modified time (lastModifiedTime)')
    expect(bench.status().actions).toEqual([])
    bench.sandbox.control.ensureBase({
      baseId,
      tables: [{ name: 'Table 1', fields: [{ name: 'Changed', type: 'lastModifiedTime' }] }],
    })
    await bench.run()
    expect(bench.paths()).toEqual([])
  })
})

describe('what changed in the app', () => {
  it('a renamed field is followed and told, over a restart too, and settled when the desired state says the new name', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name, email }))
    await bench.run()
    bench.sandbox.control.colleague(baseId).renameField('Table 1', 'Email', 'E-Mail (work)')
    await bench.restart()
    await bench.run()
    const [drift] = bench.drift()
    expect(drift).toMatchObject({
      path: 'tables.leads.fields.email.name',
      severity: 'low',
      message: 'The field “Email” of leads was renamed in Airtable to “E-Mail (work)”; it is used as before.',
    })
    expect(bench.status().actions).toEqual([])
    bench.declare(leads({ full_name: name, email: { type: 'email', airtable: 'E-Mail (work)' } }))
    await bench.run()
    expect(bench.paths()).toEqual([])
  })

  it('a renamed table is followed', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name }))
    await bench.run()
    bench.sandbox.control.colleague(baseId).renameTable('Table 1', 'People')
    await bench.run()
    expect(bench.paths()).toEqual(['tables.leads.name'])
    expect(await bench.fields('Table 1')).toEqual({})
  })
})

describe('what does not fit', () => {
  it('is told with the ways out, and nothing is changed', async () => {
    bench = await airtableBench({
      tables: [
        {
          id: 'tblLeads000000001',
          name: 'Table 1',
          fields: [
            { name: 'Full Name', type: 'singleLineText' },
            { name: 'Lead ID', type: 'number', options: { precision: 0 } },
            { name: 'Email', type: 'checkbox', options: { icon: 'check', color: 'greenBright' } },
            { name: 'Score', type: 'number', options: { precision: 0 } },
            { name: 'Sum', type: 'formula', rule: { formula: '1' } },
            { name: 'Stage', type: 'singleSelect', options: { choices: [{ name: 'New' }] } },
            { name: 'Tags', type: 'multipleSelects', options: { choices: [] } },
            { name: 'Phone', type: 'singleLineText' },
          ],
        },
      ],
    })
    bench.declare(
      leads({
        full_name: name,
        email,
        score: { type: 'number', precision: 2, airtable: 'Score' },
        sum: { type: 'number', airtable: 'Sum' },
        stage: { type: 'choice', choices: ['new', 'won'], airtable: 'Stage' },
        tags: { type: 'choices', choices: ['a'], airtable: { field: 'Tags', unknownChoices: 'add' } },
        // Another type that holds it is no difference.
        phone: { type: 'phone', airtable: 'Phone' },
      }),
    )
    const { executed } = await bench.run()
    expect(executed.map(({ action }) => action.verb)).toEqual(['create-webhook'])
    expect(bench.drift().map(({ path, severity }) => `${path} ${severity}`)).toEqual([
      'tables.leads.key.type high',
      'tables.leads.fields.email.type high',
      'tables.leads.fields.score.precision medium',
      'tables.leads.fields.sum.type high',
      'tables.leads.fields.stage.choices medium',
    ])
    const byHand = Object.fromEntries(bench.drift().map((drift) => [drift.path, drift.byHand]))
    expect(byHand['tables.leads.fields.email.type']).toContain('“Edit field” and the type Email (email)')
    expect(byHand['tables.leads.fields.stage.choices']).toContain('add “won”')
    expect(byHand['tables.leads.fields.sum.type']).toContain('direction: pull')
    const check = bench.status().checks.find(({ name: one }) => one === 'field Tags')
    expect(check).toMatchObject({ status: 'ok', message: expect.stringContaining('a will be added when first used') })
  })
})

describe('a base that cannot be reached', () => {
  const full = tokenProfile('patTest')
  const declare = () => bench.declare(leads({ full_name: name, region: { type: 'text', airtable: 'Region' } }))
  const error = () => {
    const { observation } = bench.status()
    return observation?.is === 'unreadable' ? observation.error : undefined
  }

  it('for want of a token is one item that says where the token belongs', async () => {
    bench = await airtableBench(table1)
    bench.environment.AIRTABLE_API_KEY = undefined
    declare()
    await bench.run()
    expect(error()).toMatchObject({ code: 'AIRTABLE_TOKEN_MISSING', hint: expect.stringContaining('AIRTABLE_API_KEY') })
    expect(bench.status().checks.map(({ name: check, status }) => `${check}: ${status}`)).toEqual([
      'key: failed',
      'base: unknown',
    ])
    bench.environment.AIRTABLE_API_KEY = 'patTest'
    await bench.run()
    expect(bench.paths()).toEqual([])
  })

  it('with a wrong or revoked token is one item with the remedy, and nothing is planned', async () => {
    bench = await airtableBench(table1, { tokens: [full] })
    bench.environment.AIRTABLE_API_KEY = 'patWrong'
    declare()
    await bench.run()
    expect(error()?.code).toBe('AIRTABLE_UNAUTHORIZED')
    bench.environment.AIRTABLE_API_KEY = 'patTest'
    await bench.run()
    bench.sandbox.control.setToken(tokenProfile('patTest', tokenRestrictions.revoked))
    await bench.run()
    expect(error()?.code).toBe('AIRTABLE_UNAUTHORIZED')
    expect(error()?.message).toMatch(/was last read 20\d\d-/)
    expect(bench.status().actions).toEqual([])
    expect(bench.status().conditions.find(({ type }) => type === 'Stalled')).toMatchObject({ status: 'true' })
  })

  it('because it is not there, or the token was not given it', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name }), { base: 'appNowhere0000001' })
    await bench.run()
    expect(error()).toMatchObject({ code: 'AIRTABLE_FORBIDDEN', hint: expect.stringContaining('schema.bases:read') })
    expect(bench.status().checks.map(({ name: check, status }) => `${check}: ${status}`)).toEqual([
      'key: unknown',
      'base: failed',
    ])
  })

  it('because the token may not read tables and fields', async () => {
    bench = await airtableBench(table1, { tokens: [tokenProfile('patTest', tokenRestrictions.noSchema)] })
    declare()
    await bench.run()
    expect(error()?.code).toBe('AIRTABLE_FORBIDDEN')
  })
})

describe('a token that may not do everything', () => {
  it('without webhooks: told once and low, with the scope to give; the rest goes on; a look that a person asks for tries again', async () => {
    bench = await airtableBench(table1, { tokens: [tokenProfile('patTest', tokenRestrictions.noWebhook)] })
    bench.declare(leads({ full_name: name }))
    const signal = new AbortController().signal
    const look = () =>
      bench.engine().reconcileNow(bench.status().declared.key, { runId: 'run', actor: 'local', signal, full: true })
    await look()
    expect(bench.drift()).toMatchObject([
      { path: 'webhook', severity: 'low', byHand: expect.stringContaining('webhook:manage') },
    ])
    await look()
    expect(requests().filter((one) => one.startsWith('POST bases'))).toHaveLength(1)
    expect(bench.status().conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'true' })
    bench.sandbox.control.setToken(tokenProfile('patTest'))
    await bench.run()
    expect(bench.paths()).toEqual([])
  })

  it('with ten webhooks in the base already: told which there are and how one is deleted', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name }))
    const { base } = bench.targets().of({
      base: baseId,
      token: { env: 'AIRTABLE_API_KEY' },
      endpoint: bench.sandbox.address(),
      requestsPerSecond: 50,
      monthlyCalls: undefined,
      retry: { attempts: 0, delayMs: 1 },
    })
    const { signal } = new AbortController()
    const ids: string[] = []
    for (let made = 0; made < 10; made += 1) ids.push((await base.createWebhook({ signal })).id)
    await bench.run()
    const [drift] = bench.drift()
    expect(drift?.message).toContain('10 webhooks already')
    for (const id of ids) expect(drift?.byHand).toContain(id)
    expect(drift?.byHand).toContain('curl -X DELETE -H "Authorization: Bearer $AIRTABLE_API_KEY"')
  })

  it('without the scope to make fields: said once, with the scope, and then with the steps for a person', async () => {
    const scopes = ['data.records:read', 'data.records:write', 'schema.bases:read', 'webhook:manage'] as const
    bench = await airtableBench(table1, { tokens: [tokenProfile('patTest', { scopes })] })
    bench.declare(leads({ full_name: name, region: { type: 'text', airtable: 'Region' } }))
    await bench.run()
    const [drift] = bench.drift()
    expect(drift).toMatchObject({ path: 'tables.leads.fields.region', severity: 'high' })
    expect(drift?.byHand).toMatch(/schema\.bases:write.* Or: Open .* name it “Region”/)
    expect(bench.status().actions).toEqual([])
  })

  it('with the calls of the month used up: tables and fields can still be read, and the check says so', async () => {
    bench = await airtableBench(table1)
    bench.declare(leads({ full_name: name }), { monthlyCalls: 100 })
    bench.sandbox.control.setLimits({ monthlyCalls: 0 })
    const { executed } = await bench.run()
    expect(executed).toHaveLength(1)
    expect(bench.status().observation?.is).toBe('present')
    expect(bench.status().checks.find(({ name: check }) => check === 'calls')).toMatchObject({ status: 'failed' })
    expect(bench.status().conditions.find(({ type }) => type === 'Stalled')).toMatchObject({
      status: 'true',
      nextStep: expect.stringContaining('Raise the plan'),
    })
  })
})

describe('a crash', () => {
  it.each(['create-field', 'create-table'] as const)(
    'after the answer of %s was lost makes nothing twice and is recorded as done',
    async (verb) => {
      bench = await airtableBench(verb === 'create-field' ? table1 : { tables: [] })
      bench.declare(
        leads({
          full_name: { ...name, airtable: { field: 'Full Name', direction: 'push' } },
          region: { type: 'text', airtable: { field: 'Region', direction: 'push' } },
        }),
      )
      const route = verb === 'create-field' ? 'meta.createField' : 'meta.createTable'
      bench.sandbox.control.addFault({ kind: 'drop-reply', route, times: 1 })
      const { executed } = await bench.run()
      expect(executed.map(({ execution }) => execution.is)).toEqual(['succeeded'])
      expect(bench.paths()).toEqual([])
      expect(requests().filter((one) => one.startsWith('POST meta'))).toHaveLength(1)
    },
  )
})
