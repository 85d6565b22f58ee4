/** Who comes in, what they see and what stays of it, on a running controller by way of the command line and HTTP. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { plantedSecrets } from '../../src/testing-secrets.ts'
import { trueup, trueupJson } from '../support/cli.ts'
import { eventually } from '../support/controller.ts'
import { annKey, annText, personWorlds } from '../support/person-world.ts'
import type { Workspace } from '../support/workspace.ts'

const secret = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'
/** Of no form that could be known. */
const plainSecret = 'correct-horse-battery-staple'
const tokenSchema = z.object({
  id: z.string(),
  token: z.string(),
  role: z.string(),
  scope: z.array(z.string()).nullable(),
})
const announcementSchema = z.object({ url: z.string(), adminToken: z.string(), signIn: z.string() })
const exportSchema = z.object({ items: z.array(z.object({ type: z.string(), actor: z.string(), body: z.json() })) })

const worlds = personWorlds({ imports: false })
let workspace: Workspace
let child: ChildProcess
let ended: Promise<unknown>
let log = ''
let url: string
let signIn: string
let admin: string
/** Everything that was answered to who sees people masked, and what everybody may see. */
const answers: string[] = []

const make = async (...args: readonly string[]) =>
  (await trueupJson(['token', ...args], tokenSchema, { in: workspace.folder })).document

async function ask(token: string, query: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  })
  return { status: response.status, text: await response.text() }
}

async function asMasked(token: string, query: string): Promise<string> {
  const { text } = await ask(token, query)
  answers.push(text)
  return text
}

let early: z.output<typeof tokenSchema>
beforeAll(async () => {
  workspace = worlds.fresh()
  workspace.edit(
    (yaml) => `${yaml}
access: { roles: { sales: { can: [leads.read, state.read], unmasked: [title] }, steward: { can: [state.apply] } } }
backups: { nightly: { of: [main], schedule: "0 3 1 1 *", to: [backups/] } }
services:
  leaky: { command: [sh, -c, "cat planted.txt; tail -n 8 planted.txt; exit 1"], restart: never }
  keeper:
    command: [sh, -c, 'echo "my token is $SERVICE_TOKEN"; exec sleep 25']
    environment: { SERVICE_TOKEN: { file: service.token } }
    restart: never
`,
  )
  writeFileSync(
    workspace.path('planted.txt'),
    plantedSecrets.map(({ text }) => `cannot sign in with ${text}, sorry\n`).join(''),
  )
  writeFileSync(workspace.path('service.token'), plainSecret)
  workspace.write(`UPDATE leads SET title = 'CTO, ${secret}' WHERE id = '${annKey}'`)
  early = await make('create', '--role', 'viewer', '--subject', 'vic')
  child = spawn(
    process.execPath,
    [resolve('dist/cli/main.js'), 'run', '--json', '--port', '0', '--state', workspace.path('desired-state.yaml')],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TRUEUP_LOG: 'trace' } },
  )
  ended = new Promise((done) => child.once('close', done))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const { stdout } = child
  if (stdout === null) throw new Error('the controller did not start')
  const line = await new Promise<string>((gotLine, failed) => {
    createInterface(stdout).once('line', gotLine)
    child.once('close', () => failed(new Error(log)))
  })
  const announced = announcementSchema.parse(JSON.parse(line))
  url = announced.url
  signIn = announced.signIn
  admin = readFileSync(announced.adminToken, 'utf8').trim()
}, 120_000)
afterAll(async () => {
  child?.kill('SIGKILL')
  await ended
  worlds.remove()
})

test('a token made before, one made through the controller, and a narrower one open what they should', async () => {
  expect(JSON.parse((await ask(early.token, '{ viewer { subject role } }')).text)).toEqual({
    data: { viewer: { subject: 'vic', role: 'viewer' } },
  })
  const narrow = await make('create', '--role', 'operator', '--subject', 'olga', '--scope', 'state.read')
  expect(narrow.scope).toEqual(['state.read'])
  expect((await ask(narrow.token, '{ controller { name } }')).status).toBe(200)
  expect((await ask(narrow.token, '{ leads { totalCount } }')).status).toBe(403)
})

test('who may replace the desired state cannot give rights by it', async () => {
  const { token } = await make('create', '--role', 'steward', '--subject', 'stan')
  const yaml = readFileSync(workspace.path('desired-state.yaml'), 'utf8')
  const apply = async (text: string) => {
    const query = `mutation { applyDesiredState(input: { yaml: ${JSON.stringify(text)}, dryRun: true }) { __typename } }`
    return (await ask(token, query)).text
  }
  expect(await apply(yaml.replace('can: [state.apply]', 'can: [state.apply, tokens.manage]'))).toContain('Forbidden')
  expect(await apply(yaml.replace('percent: 100', 'percent: 90'))).toContain('DesiredStateAccepted')
})

test('a rotated token is replaced at once where no overlap is asked for', async () => {
  const old = await make('create', '--role', 'sales', '--subject', 'sue', '--expires', '30d')
  const next = await make('rotate', old.id, '--overlap', '0h')
  expect((await ask(old.token, '{ viewer { role } }')).status).toBe(401)
  expect((await ask(next.token, '{ viewer { role } }')).status).toBe(200)
  await trueup(['token', 'revoke', next.id], { in: workspace.folder })
  expect((await ask(next.token, '{ viewer { role } }')).status).toBe(401)
})

test('who sees people masked sees none on any page, in any list, event, metric or error', async () => {
  const { token } = await make('create', '--role', 'sales', '--subject', 'sam')
  const fields = 'id recordKey rowVersion full_name email phone linkedin_url unreadableValues { field text }'
  const preview = 'id summary preview { key field before after } gate { reasons { message } } findings { message }'
  for (const one of [early.token, token]) {
    await asMasked(one, `{ leads { nodes { ${fields} } } contacts_: node(id: "x") { id } }`)
    await asMasked(one, `{ leads { edges { node { ${fields} } } } lead(id: "${annKey}") { ${fields} } }`)
    await asMasked(
      one,
      `{ resources { summary drift { message desired observed affected { sample } } conditions { message } } }`,
    )
    await asMasked(
      one,
      `{ plan { actions { ${preview} } } actions { ${preview} result } interventionQueue { message nextStep } }`,
    )
    await asMasked(one, '{ events(first: 200) { events { message } } healthReport { issues { message suggestion } } }')
    await asMasked(
      one,
      '{ leads(filter: { email: { contains: "forgettable@" } }) { totalCount } }'.replace('forgettable', 'x'),
    )
    await asMasked(one, 'mutation { createLead(input: { full_name: "x" }) { __typename } }')
    for (const path of ['/', '/metrics', '/nothing']) {
      const response = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${one}` } })
      answers.push(await response.text())
    }
  }
  const all = answers.join('\n')
  expect(all).toContain('a***@***')
  expect(all.toLowerCase()).not.toContain(annText)
  expect(all).not.toContain('555-2671')
  expect(all).not.toContain('4155552671')
  // `sales` sees titles in full, as declared; nobody else does, and a viewer not the secret in one.
  expect((await ask(early.token, `{ lead(id: "${annKey}") { title } }`)).text).toContain('CTO, [secret]')
  expect((await ask(token, `{ lead(id: "${annKey}") { title } }`)).text).toContain(secret)
})

test('none of 204 planted secrets comes out anywhere: answers, events, metrics, errors, output of programs, process list', async () => {
  const query = async (text: string) => (await ask(admin, text)).text
  const [planted = { text: '', core: '' }] = plantedSecrets
  await eventually(
    () => query('{ services { name state } programOutput(name: "keeper", bytes: 4000) }'),
    (text) => /leaky[^}]*"done"/.test(text) && text.includes('my token is'),
  )
  const seen = [
    await query(
      '{ services { summary lastExits { reason } } jobs { summary } programOutput(name: "leaky", bytes: 200000) }',
    ),
    await query('{ programOutput(name: "keeper", bytes: 4000) }'),
    await query(
      '{ resources { summary drift { message observed } conditions { message nextStep } error { message hint } checks { message } } }',
    ),
    await query(
      '{ events(first: 200) { events { message } } healthReport { components { checks { message } } issues { message } } }',
    ),
    // What people type by mistake: a reason, a comment, a search, a desired state, a query that is none.
    await query(
      `mutation { suspendResource(input: { kind: "service", name: "leaky", reason: "old ${planted.text}" }) { __typename } }`,
    ),
    await query(`{ leads(search: "${planted.text}") { totalCount } nothing }`),
    await query(
      `mutation { applyDesiredState(input: { yaml: ${JSON.stringify(plantedSecrets.map(({ text }, at) => `k${at}: ${text}`).join('\n'))} }) { __typename ... on UserError { message } ... on DesiredStateInvalid { problems { message } } } }`,
    ),
    await query('{ auditLog(first: 200) { entries { body actor } } desiredState { problems { message } } }'),
    await (await fetch(new URL('/metrics', url), { headers: { authorization: `Bearer ${admin}` } })).text(),
    (await trueup(['audit', 'export'], { in: workspace.folder })).stdout,
    (await trueup(['why', 'service/leaky'], { in: workspace.folder })).stdout,
    (await trueup(['service', 'logs', 'leaky'], { in: workspace.folder })).stdout,
  ]
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  for (const pid of processes) if (existsSync(`/proc/${pid}/cmdline`)) seen.push(cmdlineOf(pid))
  expect(seen.join('\n')).toContain('my token is ••••••')
  expect(seen.join('\n')).toContain('cannot sign in with')
  const leaks = [...seen, log, ...answers].flatMap((text, at) =>
    [...plantedSecrets, { core: plainSecret }].flatMap(({ core }) => (text.includes(core) ? [`${at}: ${core}`] : [])),
  )
  expect(leaks).toEqual([])
}, 60_000)

/** Empty for one that has ended meanwhile. */
function cmdlineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

test('signing in, seeing people in full, exporting and being refused are on record, without a word about whom', async () => {
  expect((await ask(admin, `{ lead(id: "${annKey}") { full_name email } }`)).text.toLowerCase()).toContain(annText)
  expect((await fetch(signIn, { redirect: 'manual' })).status).toBe(303)
  expect((await fetch(signIn, { redirect: 'manual' })).status).toBe(401)
  await ask(early.token, '{ tokens { id } }')
  const exported = await trueup(['leads', 'export', '--fields', 'email', '--out', workspace.path('out.csv')], {
    in: workspace.folder,
  })
  expect(exported.status).toBe(0)
  const made = await ask(
    admin,
    'mutation { createBackup(input: { name: "nightly" }) { __typename ... on UserError { message } } }',
  )
  expect(made.text).toContain('BackupCreated')
  child.kill('SIGTERM')
  await ended
  const { items } = (await trueupJson(['audit', 'export'], exportSchema, { in: workspace.folder })).document
  const has = (type: string, actor: string, body: object = {}) =>
    expect(items).toContainEqual({ type, actor, body: expect.objectContaining(body) })
  has('token.created', expect.stringMatching(/^local:/), { subject: 'vic', role: 'viewer' })
  has('token.created', 'token:admin', { subject: 'sue' })
  has('token.rotated', 'token:admin', { subject: 'sue' })
  has('access.unmasked', 'token:admin', { table: 'leads', fields: expect.arrayContaining(['email']) })
  has('access.signed-in', 'token:admin', { by: 'link' })
  has('access.sign-in-refused', 'nobody')
  has('access.refused', 'token:vic', { permission: 'tokens.manage' })
  has('leads.exported', 'token:admin', { table: 'leads', fields: ['email'], format: 'csv' })
  const record = JSON.stringify(items)
  expect(record.toLowerCase()).not.toContain(annText)
  for (const text of [secret, admin, early.token, '4155552671']) expect(record).not.toContain(text)
})

test('log and manifest of a backup hold nobody and no secret', () => {
  const manifests = readdirSync(workspace.path('backups'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /manifest/.test(name))
    .map((name) => readFileSync(join(workspace.path('backups'), name), 'utf8'))
  expect(manifests.length).toBeGreaterThan(0)
  for (const text of [log, ...manifests]) {
    expect(text.length).toBeGreaterThan(100)
    expect(text.toLowerCase()).not.toContain(annText)
    for (const one of [
      secret,
      admin,
      early.token,
      '4155552671',
      plainSecret,
      ...plantedSecrets.map(({ core }) => core),
    ])
      expect(text).not.toContain(one)
  }
  for (const line of log.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
})
