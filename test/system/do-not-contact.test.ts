/**
 * Somebody who is not to be contacted, looked at from outside: what a Python program, a colleague in Airtable, the API and the
 * command line can and cannot do about it while the controller runs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { trueup } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'
import { type PythonProgram, python } from '../support/python.ts'
import { createSyncWorld, type SyncWorld } from '../support/sync-world.ts'

/** An agent that writes to the database and, before it sends anything, to nobody who is marked. */
const agent = `
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
while True:
    order = wait()
    if order == '': break
    if order == 'send':
        say(*[row[0] for row in db.execute('SELECT id FROM leads WHERE NOT do_not_contact ORDER BY id')])
    else:
        db.execute(order)
        say('done')
`

let world: SyncWorld
let controller: RunningController
let program: PythonProgram
beforeAll(async () => {
  world = await createSyncWorld({ leads: 6, hasMark: true })
  controller = await startRun(world.workspace.folder)
  program = python(agent, world.workspace.path('data/leads.db'))
})
afterAll(async () => {
  await program.kill()
  await controller.stop()
  await world.close()
})

const mark = (key: string) => world.here(key)?.do_not_contact
const tick = (key: string) => world.remote().get(key)?.cells['Do Not Contact'] ?? false
const becomes = (read: () => unknown, wanted: unknown) => eventually(read, (value) => value === wanted)
const runs = async (sql: string) => {
  program.tell(sql)
  await program.line()
}
const sends = async () => {
  program.tell('send')
  return (await program.line()).split(' ')
}
const ask = async <Data>(query: string, schema: z.ZodType<Data>, variables: object = {}) =>
  schema.parse(await controller.query(query, variables))
const pulls = () => controller.query('mutation { pull(input: { table: "leads" }) { ... on SyncReceipt { id } } }')
const asked = async (...addresses: string[]) => {
  const query = 'query ($addresses: [String!]!) { contactable(addresses: $addresses) { contactable } }'
  const schema = z.object({ contactable: z.array(z.object({ contactable: z.boolean() })) })
  return (await ask(query, schema, { addresses })).contactable.map((one) => one.contactable)
}
const isRefused = (address: string) =>
  eventually(
    () => asked(address),
    ([may]) => may === false,
  )
const refusal = z.object({ answer: z.looseObject({ __typename: z.string() }) })
const inFolder = () => ({ in: world.workspace.folder })

describe('somebody who is not to be contacted', () => {
  test('is marked here as soon as Airtable says so, though the field is declared to be pushed only', async () => {
    world.editThere('k1', { 'Do Not Contact': true })
    await pulls()
    await becomes(() => mark('k1'), 1)
    expect(await sends()).toEqual(['k0', 'k2', 'k3', 'k4', 'k5'])
    await isRefused('P1@x.example')
    expect(await asked('p0@x.example')).toEqual([true])
  })

  test('is marked in Airtable when a program says so, and stays so when the program takes it back', async () => {
    await runs(`UPDATE leads SET do_not_contact = 1 WHERE id = 'k2'`)
    await becomes(() => tick('k2'), true)
    await isRefused('p2@x.example')
    await runs(`UPDATE leads SET do_not_contact = 0, title = 'CTO'`)
    await becomes(() => mark('k2'), 1)
    await becomes(() => mark('k1'), 1)
    expect(tick('k2')).toBe(true)
    expect(world.here('k2')?.title).toBe('CTO')
  })

  test('is not written to by another record either, nor when the record was made anew', async () => {
    await runs(`DELETE FROM leads WHERE id = 'k2'`)
    await runs(
      `INSERT INTO leads (id, full_name, email) VALUES ('n1', 'P. Two', 'P2@x.example'), ('n2', 'New', 'n@x.example')`,
    )
    await becomes(() => mark('n1'), 1)
    expect(mark('n2')).toBe(0)
    const { answer } = await ask(
      `mutation { answer: createLead(input: { full_name: "One again", email: "one@x.example", do_not_contact: true }) {
         ... on LeadSaved { lead { id } } } }`,
      z.object({ answer: z.object({ lead: z.object({ id: z.string() }) }) }),
    )
    expect(mark(answer.lead.id)).toBe(1)
    expect(await asked('one@x.example')).toEqual([false])
  })

  test('is not allowed by a value, a resolved conflict or an untick; who may do so allows it with a reason', async () => {
    const cleared = await ask(
      `mutation { answer: updateLead(input: { id: "k1", do_not_contact: false }) {
         __typename ... on InputInvalid { fieldErrors { path message } } } }`,
      refusal,
    )
    expect(cleared.answer).toMatchObject({
      __typename: 'InputInvalid',
      fieldErrors: [{ path: ['input', 'do_not_contact'] }],
    })
    world.editThere('k1', { 'Do Not Contact': false })
    await pulls()
    const open = '{ conflicts(table: "leads", state: OPEN) { nodes { id field } } }'
    const conflicts = async () => {
      const schema = z.object({
        conflicts: z.object({ nodes: z.array(z.object({ id: z.string(), field: z.string() })) }),
      })
      return (await ask(open, schema)).conflicts.nodes
    }
    const [conflict] = await eventually(conflicts, (found) => found.length > 0)
    expect([conflict?.field, mark('k1')]).toEqual(['do_not_contact', 1])
    const take =
      'mutation ($id: ID!) { answer: resolveConflict(input: { id: $id, take: AIRTABLE }) { __typename ... on UserError { message } } }'
    expect(JSON.stringify(await controller.ask(take, { id: conflict?.id }))).toContain(
      'not taken back by choosing a side',
    )
    const args = ['leads', 'allow-contact', 'k1', '--reason', 'asked for an offer on the phone', '--json']
    const allowed = await trueup(args, inFolder())
    expect(JSON.parse(allowed.stdout)).toEqual({ id: 'k1', wasAllowed: false, records: [{ table: 'leads', count: 1 }] })
    expect(mark('k1')).toBe(0)
    await eventually(conflicts, (found) => found.length === 0)
    expect([mark('k1'), tick('k1'), await asked('p1@x.example')]).toEqual([0, false, [true]])
    // Who says it again is heard again.
    world.editThere('k1', { 'Do Not Contact': true })
    await pulls()
    await becomes(() => mark('k1'), 1)
  })

  test('is told to scripts by the exit status, and the record names nobody', async () => {
    const not = await trueup(['leads', 'contactable', 'p0@x.example', 'one@x.example', 'nobody', '--json'], inFolder())
    expect(not.status).toBe(3)
    expect(JSON.parse(not.stdout)).toEqual({
      items: [
        { id: 'p0@x.example', contactable: true, readable: true },
        { id: 'one@x.example', contactable: false, readable: true },
        { id: 'nobody', contactable: false, readable: false },
      ],
    })
    expect(world.journal(`SELECT body FROM entries WHERE type = 'contact.allowed'`)).toHaveLength(1)
    expect(JSON.stringify(world.journal('SELECT body FROM entries'))).not.toContain('@x.example')
  })
})
