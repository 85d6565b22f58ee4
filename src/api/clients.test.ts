/** The example clients of examples/clients do what they say, against the API over a real database. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { type Lead, TrueupClient } from '../../examples/clients/typescript/trueup.ts'
import { desiredStateSchema } from '../desired/schema.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'

const state = desiredStateSchema.parse(parseYaml(readFileSync('desired-state.yaml', 'utf8')))
const fields = Object.keys(state.tables.leads?.fields ?? {})
let server: TestingServer
beforeAll(async () => {
  server = await startTestingServer(state, {
    sql: `CREATE TABLE leads (id TEXT PRIMARY KEY, ${fields.map((field) => `${field} TEXT`).join(', ')})`,
  })
})
afterAll(() => server.close())

describe('the TypeScript client', () => {
  test('creates, changes, lists, searches and deletes leads, and tells what was refused', async () => {
    const client = new TrueupClient(server.url, server.admin.token)
    const made = await client.create({ full_name: 'Ann Ash', email: 'ann@ash.example', engagement_status: 'contacted' })
    await client.create({ full_name: 'Bob Oak', email: 'bob@oak.example', company: 'Oak' })
    expect((await client.update(made.id, { company: 'Ash', expectedVersion: made.rowVersion })).company).toBe('Ash')
    await expect(client.update(made.id, { company: 'X', expectedVersion: made.rowVersion })).rejects.toMatchObject({
      status: 409,
      code: 'VERSION_CONFLICT',
    })
    const all: Lead[] = []
    for await (const lead of client.allLeads({ first: 1, orderBy: 'full_name:desc' })) all.push(lead)
    expect(all.map(({ full_name }) => full_name)).toEqual(['Bob Oak', 'Ann Ash'])
    expect((await client.leads({ company: 'Ash' })).totalCount).toBe(1)
    expect((await client.search('oak')).items.map(({ email }) => email)).toEqual(['bob@oak.example'])
    for (const { id } of all) await client.delete(id)
    expect(await client.lead(made.id)).toBeUndefined()
    await expect(new TrueupClient(server.url, 'wrong').leads()).rejects.toMatchObject({ status: 401 })
  })
})

describe('the Python client', () => {
  test('does the same', async () => {
    const script = `
import json, sys
from trueup import Trueup, TrueupError
t = Trueup(sys.argv[1], sys.argv[2])
made = t.create(full_name="Ann Ash", email="ann@ash.example")
t.create(full_name="Bob Oak", email="bob@oak.example", company="Oak")
changed = t.update(made["id"], company="Ash", expectedVersion=made["rowVersion"])
refused = None
try:
    t.update(made["id"], company="X", expectedVersion=made["rowVersion"])
except TrueupError as error:
    refused = [error.status, error.code]
names = [lead["full_name"] for lead in t.leads(first=1, orderBy="full_name:desc")]
found = [lead["email"] for lead in t.leads(company="Oak")]
for lead in list(t.leads()):
    t.delete(lead["id"])
print(json.dumps([changed["company"], refused, names, found, t.lead(made["id"])]))
`
    const { stdout } = await promisify(execFile)('python3', ['-c', script, server.url, server.admin.token], {
      cwd: resolve('examples/clients/python'),
      env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' },
      timeout: 20_000,
    })
    expect(JSON.parse(stdout)).toEqual([
      'Ash',
      [409, 'VERSION_CONFLICT'],
      ['Bob Oak', 'Ann Ash'],
      ['bob@oak.example'],
      null,
    ])
  })
})

describe('the fields of the clients', () => {
  const documentSchema = z.object({
    components: z.object({
      schemas: z.object({
        Lead: z.object({ properties: z.record(z.string(), z.unknown()) }),
        CreateLeadInput: z.object({ properties: z.record(z.string(), z.unknown()) }),
      }),
    }),
  })
  const namesIn = (text: string, start: RegExp, member: RegExp) => {
    const body = text.slice(text.search(start))
    const block = body.slice(0, body.search(/\n(\}|\n\nclass)/))
    return [...block.matchAll(member)].map(([, name = '']) => name)
  }

  test('are those of the sample desired state', async () => {
    const headers = { authorization: `Bearer ${server.admin.token}` }
    const { components } = documentSchema.parse(
      JSON.parse((await server.send({ path: '/api/openapi.json', headers })).text),
    )
    const typescript = readFileSync('examples/clients/typescript/trueup.ts', 'utf8')
    const python = readFileSync('examples/clients/python/trueup.py', 'utf8')
    const known = Object.keys(components.schemas.Lead.properties)
    const given = [...Object.keys(components.schemas.CreateLeadInput.properties), 'expectedVersion']
    const ofLead = namesIn(typescript, /export interface Lead \{/, /readonly (\w+):/g)
    expect(ofLead.length).toBeGreaterThan(5)
    expect(known).toEqual(expect.arrayContaining(ofLead))
    expect(namesIn(python, /class Lead\(/, /^ {4}(\w+):/gm)).toEqual(ofLead)
    expect(given).toEqual(
      expect.arrayContaining(namesIn(typescript, /export interface LeadInput \{/, /readonly (\w+)\?:/g)),
    )
  })
})
