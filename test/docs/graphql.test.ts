/**
 * docs/graphql.md: that it is the newest, and that its operations do what they say. They are sent to a controller on the sample
 * workspace with its services and its base, with ids that earlier answers gave.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { topicsOf } from '../../src/api/reference/topics.ts'
import { generateWorkspace } from '../../src/demo/generate.ts'
import type { JsonObject } from '../../src/json.ts'
import { trueup } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'
import { removeFolder } from '../support/remove.ts'
import { textOf } from './files.ts'

const fields = topicsOf(buildSchema(textOf('schema.graphql'))).flatMap((topic) => topic.fields)
const examples = new Map(fields.map(({ kind, field, example }) => [`${kind}.${field.name}`, example]))
const coordinates = (kind: string): string[] => [...examples.keys()].filter((name) => name.startsWith(`${kind}.`))

let folder: string
let controller: RunningController
const world = {
  lead: '',
  resource: '',
  waiting: ['', ''],
  action: '',
  write: '',
  set: '',
  silence: '',
  token: '',
}
/** Records of the test's own: those of the sample may be merged meanwhile. */
let made: readonly string[] = []
/** Whom the channel of the sample tells, and how often that was done. */
let told = 0
const channel = createServer((request, response) => {
  told += 1
  request.resume()
  response.end()
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-graphql-'))
  await generateWorkspace({ into: folder, rows: 300, seed: 4, mess: 'heavy', services: true, writeAirtableBase: true })
  await once(channel.listen(0, '127.0.0.1'), 'listening')
  const address = z.object({ port: z.number() }).parse(channel.address())
  process.env.ALERT_WEBHOOK_URL = `http://127.0.0.1:${address.port}/`
  controller = await startRun(folder)
  const found = await eventually(waitingNow, (ids) => ids.length > 1)
  const first = z
    .object({ resource: idOnly, leads: z.object({ nodes: z.tuple([idOnly]) }) })
    .parse(await controller.query('{ resource(kind: "table", name: "leads") { id } leads(first: 1) { nodes { id } } }'))
  const [{ id: lead }] = first.leads.nodes
  Object.assign(world, { waiting: found, action: found[0], resource: first.resource.id, lead })
}, 120_000)

afterAll(async () => {
  await controller?.stop()
  channel.close()
  await trueup(['service', 'stop', '--all'], { in: folder })
  removeFolder(folder)
})

const idOnly = z.object({ id: z.string() })
const actionOnly = z.object({ actionId: z.string() })

it('docs/graphql.md is what the checked-in desired state gives (`npm run generate:schemas` renews it)', () => {
  const out = join(folder, 'graphql.md')
  const cli = resolve('dist/cli/main.js')
  execFileSync(process.execPath, [cli, 'schema', '--reference', '--out', out, '--state', resolve('desired-state.yaml')])
  expect(readFileSync(out, 'utf8') === textOf('docs/graphql.md'), 'the page is stale').toBe(true)
})

const queue = z.object({ interventionQueue: z.array(z.object({ action: z.object({ id: z.string() }).nullable() })) })

/** The repairs that wait, as they are planned now. */
async function waitingNow(): Promise<readonly string[]> {
  const answer = queue.parse(await controller.query('{ interventionQueue { action { id } } }'))
  return answer.interventionQueue.flatMap(({ action }) => (action === null ? [] : [action.id]))
}

/** Sends the operation of the page; gives the answer of its root field. */
async function send(coordinate: string, variables: JsonObject): Promise<unknown> {
  const operation = examples.get(coordinate)?.operation ?? ''
  const { data, errors } = await controller.ask(operation, variables)
  expect(errors ?? []).toEqual([])
  return z.record(z.string(), z.unknown()).parse(data)[coordinate.split('.')[1] ?? '']
}

describe('every query of the page is answered', () => {
  const known: Readonly<Record<string, () => JsonObject>> = {
    'Query.node': () => ({ id: world.resource }),
    'Query.action': () => ({ id: world.action }),
    'Query.lead': () => ({ id: world.lead }),
    'Query.programOutput': () => ({ name: 'daily-sync' }),
  }
  /** A job that never ran has written nothing. */
  const empty = new Set(['Query.programOutput'])

  it.each(coordinates('Query'))('%s', async (coordinate) => {
    const answer = await send(coordinate, known[coordinate]?.() ?? examples.get(coordinate)?.variables ?? {})
    if (!empty.has(coordinate)) expect(answer).toBeTruthy()
  })
})

interface Step {
  readonly variables: () => JsonObject | Promise<JsonObject>
  /** What the controller mends meanwhile can come between the look and the request: then it looks again. */
  readonly again?: true
  /** The type of the answer. */
  readonly answers: string
  /** Keeps what a later step needs. */
  readonly take?: (answer: unknown) => void
}

const input = (value: JsonObject): JsonObject => ({ input: value })
const asOnThePage = (coordinate: string) => () => examples.get(coordinate)?.variables ?? {}
const program = (answers = 'ProgramRequested'): Step => ({ variables: () => input({ name: 'email-engager' }), answers })
const takeSet = (answer: unknown): void => {
  world.set = idOnly.parse(answer).id
}
const takeToken = (answer: unknown): void => {
  world.token = z.object({ record: idOnly }).parse(answer).record.id
}

async function suggested(): Promise<JsonObject> {
  const asked = await controller.query('{ quality(table: "leads") { suggestions(limit: 1) { recordId check } } }')
  const shape = z.object({ suggestions: z.tuple([z.object({ recordId: z.string(), check: z.string() })]) })
  const [{ suggestions }] = z.object({ quality: z.tuple([shape]) }).parse(asked).quality
  return input({ id: suggestions[0].recordId, check: suggestions[0].check })
}

async function failing(): Promise<JsonObject> {
  const asked = await controller.query('{ leads(last: 50) { nodes { id dataQuality { issues { check } } } } }')
  const issues = z.object({ issues: z.array(z.object({ check: z.string() })) })
  const shape = z.object({ leads: z.object({ nodes: z.array(idOnly.extend({ dataQuality: issues })) }) })
  const found = shape.parse(asked).leads.nodes.find(({ dataQuality }) => dataQuality.issues.length > 0)
  return input({
    id: found?.id ?? '',
    checks: [found?.dataQuality.issues[0]?.check ?? ''],
    changeReason: 'it is right',
  })
}

/** In the order in which they are sent. */
const steps: Readonly<Record<string, Step>> = {
  'Mutation.reconcile': { variables: asOnThePage('Mutation.reconcile'), answers: 'ReconcileReceipt' },
  'Mutation.suspendResource': { variables: asOnThePage('Mutation.suspendResource'), answers: 'SuspensionChanged' },
  'Mutation.resumeResource': { variables: asOnThePage('Mutation.resumeResource'), answers: 'SuspensionChanged' },
  'Mutation.applyDesiredState': {
    variables: () => input({ yaml: readFileSync(join(folder, 'desired-state.yaml'), 'utf8'), dryRun: true }),
    answers: 'DesiredStateAccepted',
  },
  'Mutation.rejectActions': {
    variables: () => input({ actionIds: [world.waiting[1] ?? ''], reason: 'right as it is' }),
    answers: 'Rejected',
  },
  'Mutation.approveActions': {
    // While the services of the sample write, what waited a moment ago may be planned anew.
    variables: async () => input({ actionIds: [(await waitingNow())[0] ?? ''], comment: 'looked at the preview' }),
    answers: 'Approved',
    again: true,
  },
  'Mutation.createLeads': {
    variables: asOnThePage('Mutation.createLeads'),
    answers: 'CreateLeadsDone',
    take: (answer) => {
      const saved = z.object({ results: z.array(z.object({ lead: idOnly })) }).parse(answer)
      made = saved.results.map(({ lead }) => lead.id)
    },
  },
  'Mutation.createLead': {
    variables: asOnThePage('Mutation.createLead'),
    answers: 'LeadSaved',
    take: (answer) => {
      const saved = actionOnly.extend({ lead: idOnly }).parse(answer)
      world.lead = saved.lead.id
    },
  },
  'Mutation.updateLead': {
    variables: () => input({ id: world.lead, title: 'Head of Sales', changeReason: 'she told us' }),
    answers: 'LeadSaved',
    take: (answer) => {
      world.write = actionOnly.parse(answer).actionId
    },
  },
  'Mutation.undo': { variables: () => input({ id: world.write }), answers: 'Undoing' },
  'Mutation.mergeLeads': {
    variables: () => input({ ids: [world.lead, made[0] ?? ''], dryRun: true }),
    answers: 'LeadMergePreview',
  },
  'Mutation.markNotDuplicate': {
    variables: () => input({ ids: [world.lead, made[0] ?? ''], changeReason: 'father and son' }),
    answers: 'MarkedNotDuplicate',
  },
  'Mutation.updateLeads': {
    variables: () => input({ items: [{ id: world.lead, verified: true }] }),
    answers: 'UpdateLeadsDone',
  },
  'Mutation.eraseLead': {
    variables: () => input({ id: world.lead, reason: 'asked by letter', dryRun: true }),
    answers: 'ErasurePreview',
  },
  'Mutation.deleteLead': { variables: () => input({ id: world.lead }), answers: 'RecordDeleted' },
  'Mutation.deleteLeads': { variables: () => input({ items: [{ id: world.lead }] }), answers: 'DeleteLeadsDone' },
  'Mutation.recordExport': { variables: asOnThePage('Mutation.recordExport'), answers: 'ExportRecorded' },
  'Mutation.allowContact': {
    variables: () => input({ id: made[0] ?? '', reason: 'asked' }),
    answers: 'ContactAllowed',
  },
  // The sample has no erased person and no conflict.
  'Mutation.liftSuppression': { variables: asOnThePage('Mutation.liftSuppression'), answers: 'NotFound' },
  'Mutation.resolveConflict': { variables: asOnThePage('Mutation.resolveConflict'), answers: 'NotFound' },
  'Mutation.acceptSuggestion': { variables: suggested, answers: 'SuggestionAccepted', again: true },
  'Mutation.waiveCheck': {
    variables: failing,
    answers: 'CheckWaived',
    again: true,
  },
  'Mutation.push': { variables: asOnThePage('Mutation.push'), answers: 'SyncReceipt' },
  'Mutation.pull': { variables: asOnThePage('Mutation.pull'), answers: 'SyncReceipt' },
  'Mutation.stopService': program(),
  'Mutation.startService': program(),
  'Mutation.restartService': program(),
  'Mutation.runJob': { variables: asOnThePage('Mutation.runJob'), answers: 'ProgramRequested' },
  'Mutation.createBackup': {
    variables: asOnThePage('Mutation.createBackup'),
    answers: 'BackupCreated',
    take: takeSet,
  },
  'Mutation.verifyBackup': { variables: () => input({ id: world.set }), answers: 'BackupVerified' },
  'Mutation.restoreBackup': {
    variables: () => input({ id: world.set, database: 'main', tables: ['leads'] }),
    answers: 'RestoreAsked',
  },
  'Mutation.pruneBackup': { variables: asOnThePage('Mutation.pruneBackup'), answers: 'BackupPruned' },
  'Mutation.testAlertChannel': {
    variables: asOnThePage('Mutation.testAlertChannel'),
    answers: 'AlertChannelTested',
    take: () => expect(told).toEqual(1),
  },
  'Mutation.silenceAlert': {
    variables: asOnThePage('Mutation.silenceAlert'),
    answers: 'AlertSilenced',
    take: (answer) => {
      world.silence = z.object({ silence: idOnly }).parse(answer).silence.id
    },
  },
  'Mutation.liftAlertSilence': { variables: () => input({ id: world.silence }), answers: 'AlertSilenceLifted' },
  'Mutation.createToken': {
    variables: asOnThePage('Mutation.createToken'),
    answers: 'TokenCreated',
    take: takeToken,
  },
  'Mutation.rotateToken': {
    variables: () => input({ id: world.token, overlapHours: 2 }),
    answers: 'TokenRotated',
    take: takeToken,
  },
  'Mutation.revokeToken': { variables: () => input({ id: world.token }), answers: 'TokenRevoked' },
}

const typeOf = (answer: unknown): string => z.object({ __typename: z.string() }).parse(answer).__typename

describe('every mutation of the page is carried out, or refused for the reason that it gives', () => {
  it('all are here', () => {
    expect(Object.keys(steps).sort()).toEqual(coordinates('Mutation').sort())
  })

  it.each(Object.keys(steps))('%s', { timeout: 60_000 }, async (coordinate) => {
    const step = steps[coordinate]
    const ask = async () => send(coordinate, (await step?.variables()) ?? {})
    const answer = step?.again ? await eventually(ask, (one) => typeOf(one) === step.answers) : await ask()
    expect(answer, JSON.stringify(answer)).toMatchObject({ __typename: step?.answers })
    step?.take?.(answer)
  })
})

describe('subscriptions of the page', () => {
  it.each(['Subscription.events', 'Subscription.workUnderWay'])('%s begins at once', async (coordinate) => {
    const ended = new AbortController()
    const { operation = '', variables = {} } = examples.get(coordinate) ?? {}
    const response = await fetch(new URL('/graphql', controller.url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${controller.token}`,
      },
      body: JSON.stringify({ query: operation, variables }),
      signal: ended.signal,
    })
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      if (text.includes('"data"')) break
    }
    ended.abort()
    expect(text).toContain(`"${coordinate.split('.')[1]}"`)
    expect(text).not.toContain('"errors"')
  })
})
