import { afterEach, describe, expect, it } from 'vitest'
import { type Declared, openSyncWorld, type SyncWorld, signal } from './world.ts'

let world: SyncWorld
afterEach(() => world.close())

async function open(declared: Declared = {}): Promise<SyncWorld> {
  world = await openSyncWorld({ declared })
  const hook = await world.pump(world.target.base.createWebhook({ signal }))
  world.target.feed.adopt(hook)
  return world
}

const ann = { id: 'k-ann', full_name: 'Ann Lee', email: 'ann@acme.org', company: 'Acme', score: 3, status: 'open' }
const bob = { id: 'k-bob', full_name: 'Bob Ray', email: 'bob@beta.org', company: 'Beta', verified: 1 }

const recordOf = (name: string) => Object.entries(world.records()).find(([, fields]) => fields['Full Name'] === name)
const idOf = (name: string) => recordOf(name)?.[0] ?? 'no such record'
const isEqual = async () => (await world.pump(world.desk.verify('leads', { signal, progress: () => undefined }))).equal

describe('leads of the table', () => {
  it('are made in Airtable once, in full, and then nothing more is asked for', async () => {
    await open()
    world.insert(ann)
    world.insert(bob)
    await world.run()
    expect(Object.values(world.records())).toEqual(
      expect.arrayContaining([
        {
          'Full Name': 'Ann Lee',
          'Lead ID': 'k-ann',
          Email: 'ann@acme.org',
          Company: 'Acme',
          Score: 3,
          Status: 'Open',
        },
        { 'Full Name': 'Bob Ray', 'Lead ID': 'k-bob', Email: 'bob@beta.org', Company: 'Beta', Verified: true },
      ]),
    )
    expect(await isEqual()).toBe(true)
    world.calls()
    const second = await world.run()
    expect(second.executed).toEqual([])
    expect(world.calls()).toBe(0)
  })

  it('are changed in Airtable with two calls: news first, then the write', async () => {
    await open()
    world.insert(ann)
    await world.run()
    await world.clock.advance(10_000)
    world.calls()
    world.update('k-ann', { company: 'Acme Inc' })
    await world.run()
    expect(recordOf('Ann Lee')?.[1].Company).toBe('Acme Inc')
    const [news, write, ...later] = world.requests()
    expect([news, write]).toEqual(['GET payloads', expect.stringMatching(/^PATCH tbl/)])
    // This clock runs on while a thread begins: after minutes news are due again.
    expect(later.filter((one) => one !== 'GET payloads')).toEqual([])
  })

  it('keep a colleague’s edit of another field, and the colleague keeps theirs', async () => {
    await open()
    world.insert(ann)
    await world.run()
    world.update('k-ann', { company: 'Acme Inc' })
    world.colleague().updateRecord('Leads', idOf('Ann Lee'), { Score: 9 })
    await world.run()
    await world.clock.advance(120_000)
    await world.run()
    expect(world.rows()['k-ann']).toMatchObject({ company: 'Acme Inc', score: 9 })
    expect(recordOf('Ann Lee')?.[1]).toMatchObject({ Company: 'Acme Inc', Score: 9 })
    expect(await isEqual()).toBe(true)
  })

  it('that a colleague makes are taken over once and given our key', async () => {
    await open()
    await world.run()
    world.colleague().createRecord('Leads', { 'Full Name': 'Cy Fox', Email: 'cy@fox.org' })
    await world.clock.advance(120_000)
    await world.run()
    const [key] = Object.keys(world.rows())
    expect(world.rows()[key ?? '']).toMatchObject({ full_name: 'Cy Fox', email: 'cy@fox.org' })
    expect(recordOf('Cy Fox')?.[1]['Lead ID']).toBe(key)
    await world.run()
    expect(Object.keys(world.rows())).toHaveLength(1)
    expect(Object.keys(world.records())).toHaveLength(1)
    expect(await isEqual()).toBe(true)
  })
})

describe('a base that has records already', () => {
  it('is adopted by key, then e-mail, without doubling, and blanks are filled both ways', async () => {
    await open()
    world.insert(ann)
    world.insert({ ...bob, company: null })
    world.colleague().createRecord('Leads', { 'Full Name': 'Ann Lee', 'Lead ID': 'k-ann', Score: 3 })
    world.colleague().createRecord('Leads', { 'Full Name': 'Bob Ray', Email: 'BOB@beta.org', Company: 'Beta GmbH' })
    await world.run()
    expect(Object.keys(world.records())).toHaveLength(2)
    expect(world.rows()['k-bob']?.company).toBe('Beta GmbH')
    expect(recordOf('Bob Ray')?.[1]['Lead ID']).toBe('k-bob')
    expect(recordOf('Ann Lee')?.[1].Email).toBe('ann@acme.org')
  })

  it('is adopted without doubling whatever order the keys of both sides come in', async () => {
    // No index refuses a second row of one person.
    const email = { type: 'email', airtable: 'Email' }
    const full_name = { type: 'text', required: true, airtable: 'Full Name' }
    await open({ fields: { full_name, email } })
    const people = Array.from({ length: 16 }, (_, index) => ({
      id: `${index.toString(16)}b2c-${index}`,
      full_name: `Person ${index}`,
      email: `person${index}@acme.org`,
    }))
    for (const person of people) world.insert(person)
    for (const { full_name, email } of people)
      world.colleague().createRecord('Leads', { 'Full Name': full_name, Email: email })
    await world.run()
    expect(Object.keys(world.rows())).toHaveLength(16)
    expect(Object.keys(world.records())).toHaveLength(16)
    expect(await isEqual()).toBe(true)
  })
})

describe('a field that was deleted in Airtable and made again', () => {
  it('is filled from here; that it is empty is nobody’s edit', async () => {
    await open()
    world.insert(ann)
    await world.run()
    world.colleague().deleteField('Leads', 'Company')
    await world.clock.advance(120_000)
    await world.run()
    const { tables } = await world.pump(world.target.base.schema({ signal }))
    const draft = { name: 'Company', type: 'singleLineText' }
    await world.pump(world.target.base.createField(tables[0]?.id ?? '', draft, { signal }))
    await world.clock.advance(120_000)
    await world.run()
    expect(world.rows()['k-ann']?.company).toBe('Acme')
    expect(recordOf('Ann Lee')?.[1].Company).toBe('Acme')
  })
})

describe('both sides changed one cell', () => {
  const edit = async (conflicts: string, order: 'local-first' | 'remote-first') => {
    await open({ airtable: { conflicts } })
    world.insert(ann)
    await world.run()
    const local = () => world.update('k-ann', { company: 'Mine' })
    const remote = () => world.colleague().updateRecord('Leads', idOf('Ann Lee'), { Company: 'Theirs' })
    const both = order === 'local-first' ? [local, remote] : [remote, local]
    for (const one of both) {
      await world.clock.advance(5000)
      one()
    }
    await world.run()
    await world.clock.advance(120_000)
    await world.run()
    return { local: world.rows()['k-ann']?.company, remote: recordOf('Ann Lee')?.[1].Company }
  }

  it('and the declared policy decides; the losing value is in the history', async () => {
    expect(await edit('local_wins', 'local-first')).toEqual({ local: 'Mine', remote: 'Mine' })
    const history = await world.desk.history('leads', { limit: 10 })
    expect(history.map(({ content }) => content.cells.company?.before)).toContain('Theirs')
    await world.close()
    expect(await edit('airtable_wins', 'remote-first')).toEqual({ local: 'Theirs', remote: 'Theirs' })
    await world.close()
    expect(await edit('most_recent', 'remote-first')).toEqual({ local: 'Mine', remote: 'Mine' })
    await world.close()
    expect(await edit('most_recent', 'local-first')).toEqual({ local: 'Theirs', remote: 'Theirs' })
  })

  it('and by policy manual a person chooses, bound to the values shown', async () => {
    expect(await edit('manual', 'local-first')).toEqual({ local: 'Mine', remote: 'Theirs' })
    const [conflict] = await world.desk.conflicts('leads', { state: 'open', limit: 10 })
    expect(conflict).toMatchObject({ key: 'k-ann', field: 'company', local: 'Mine', remote: 'Theirs' })
    expect((await world.desk.resolve(conflict?.id ?? '', 'local', 'token:ann')).is).toBe('resolved')
    await world.run()
    expect(recordOf('Ann Lee')?.[1].Company).toBe('Mine')
    expect((await world.desk.resolve(conflict?.id ?? '', 'local', 'token:ann')).is).toBe('stale')
    expect(await isEqual()).toBe(true)
  })
})

describe('deletions', () => {
  it('of all records in Airtable delete nothing here until a person approves', async () => {
    await open()
    for (let index = 0; index < 30; index += 1)
      world.insert({ id: `k${index}`, full_name: `Lead ${index}`, email: `l${index}@acme.org` })
    await world.run()
    for (const id of Object.keys(world.records())) world.colleague().deleteRecord('Leads', id)
    await world.clock.advance(120_000)
    await world.run()
    expect(Object.keys(world.rows())).toHaveLength(30)
    const [waiting] = world.engine.statuses.all().flatMap(({ actions }) => actions)
    expect(waiting?.action).toMatchObject({ verb: 'pull-deletions', risk: 'critical', affected: { count: 30 } })
    expect(waiting?.gate.runnable).toBe(false)
    for (const approver of ['token:a', 'token:b'])
      world.engine.approve({ actionId: waiting?.action.id ?? '', approver })
    await world.run()
    expect(Object.keys(world.rows())).toHaveLength(0)
  })

  it('of one side go to the other by policy, and an edit of the other side wins over them', async () => {
    await open({ airtable: { deletions: 'propagate' } })
    world.insert(ann)
    world.insert(bob)
    await world.run()
    world.remove('k-bob')
    world.colleague().deleteRecord('Leads', idOf('Ann Lee'))
    world.update('k-ann', { company: 'Edited' })
    await world.clock.advance(120_000)
    await world.run()
    expect(Object.keys(world.records())).toHaveLength(0)
    expect(Object.keys(world.rows())).toEqual(['k-ann'])
    const [conflict] = await world.desk.conflicts('leads', { state: 'open', limit: 10 })
    expect(conflict?.kind).toBe('deleted-remote')
    await world.desk.resolve(conflict?.id ?? '', 'local', 'token:ann')
    await world.run()
    expect(recordOf('Ann Lee')?.[1].Company).toBe('Edited')
    expect(await isEqual()).toBe(true)
  })
})

describe('a write whose answer was lost, or that had to wait', () => {
  const losing = async (kind: 'drop-reply' | 'html' | 'unavailable' | 'rate-limit', work: () => void) => {
    world.sandbox.control.addFault({ kind, route: 'records.update', times: 1, commit: true })
    // Right before whatever is asked next.
    world.intrude(() => world.sandbox.control.requests().some(({ fault }) => fault === kind), work)
    await world.run()
    await world.clock.advance(120_000)
    await world.run()
  }

  it.each(['drop-reply', 'html', 'unavailable'] as const)(
    'is not sent again over what a colleague has written into the new record since (%s)',
    async (kind) => {
      await open()
      world.insert(ann)
      await losing(kind, () => world.colleague().updateRecord('Leads', idOf('Ann Lee'), { Company: 'Theirs' }))
      expect([world.rows()['k-ann']?.company, recordOf('Ann Lee')?.[1].Company]).toEqual(['Theirs', 'Theirs'])
      expect(Object.keys(world.records())).toHaveLength(1)
      expect(await isEqual()).toBe(true)
    },
  )

  it.each(['drop-reply', 'rate-limit'] as const)(
    'is not sent again over what a colleague has written into a changed record since: the declared policy decides (%s)',
    async (kind) => {
      await open({ airtable: { conflicts: 'airtable_wins' } })
      world.insert(ann)
      await world.run()
      await world.clock.advance(10_000)
      world.update('k-ann', { company: 'Mine' })
      await losing(kind, () => world.colleague().updateRecord('Leads', idOf('Ann Lee'), { Company: 'Theirs' }))
      expect([world.rows()['k-ann']?.company, recordOf('Ann Lee')?.[1].Company]).toEqual(['Theirs', 'Theirs'])
      expect(await isEqual()).toBe(true)
    },
  )

  it('is got over within the same run where nobody has written since', async () => {
    await open()
    world.insert(ann)
    world.sandbox.control.addFault({ kind: 'drop-reply', route: 'records.update', times: 2 })
    const { executed } = await world.run()
    expect(executed.map(({ execution }) => execution.is)).toEqual(['succeeded'])
    expect(Object.values(world.records())).toMatchObject([{ Company: 'Acme' }])
    expect(await isEqual()).toBe(true)
  })
})
