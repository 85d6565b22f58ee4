/**
 * Replays the recorded traffic, every request in its order. The sandbox's clock is set to the recorded moments and its
 * chance mints the recorded ids, so answers are compared whole: status, content type and every value of the body.
 */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../src/json.ts'
import { type Random, seededRandom } from '../../src/random.ts'
import { tokenProfile } from '../../src/sandbox/access/tokens.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import {
  isRecorded,
  type RecordedPair,
  type RecordedRecord,
  readPairs,
  recordedTables,
  recordsOf,
} from './recorded-traffic.ts'
import { quiet, type VirtualClock, virtualClock } from './support.ts'

const brian = { id: 'usrPnLezZNh82BzJC', email: 'brian.leonard@grouparoo.com', name: 'Brian Leonard' }
const brandon = { id: 'usrhlQNsalTkImrLc', email: 'bsegal@spotify.com', name: 'Brandon Segal' }
const resultsTable = '📈 Results'
const button = { label: 'Open URL', url: 'https://www.grouparoo.com' }

/** Chance that mints the ids it is given, then ids of a seed. */
function scriptedRandom(): Random & { mint(ids: readonly string[]): void } {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  const plain = seededRandom(7)
  let script: string[] = []
  const next = () => {
    const char = script.shift()
    return char === undefined ? plain.next() : (alphabet.indexOf(char) + 0.5) / alphabet.length
  }
  const mint = (ids: readonly string[]) => {
    script = ids.flatMap((id) => [...id.slice(3)])
  }
  return { ...plain, next, mint }
}

interface Replay {
  readonly sandbox: Sandbox
  readonly clock: VirtualClock
  readonly random: ReturnType<typeof scriptedRandom>
  readonly ask: (
    method: string,
    address: string,
    body: JsonValue,
    token: string,
  ) => { status: number; contentType: string; body: JsonValue }
}

function openReplay(metadataHidden: boolean): Replay {
  const clock = virtualClock(Date.UTC(2021, 11, 28, 19, 0, 56))
  const random = scriptedRandom()
  const sandbox = createSandbox({
    path: ':memory:',
    clock,
    random,
    log: quiet,
    behaviour: '2022',
    // The recordings do not say when requests were sent, so the pace is not what is compared here.
    limits: { requestsPerSecond: 1000, requestsPerSecondAndUser: 1000 },
    tokens: [
      tokenProfile('keyBrian', { user: brian, metadataHidden }),
      tokenProfile('keyBrandon', { user: brandon, metadataHidden }),
    ],
  })
  const ask: Replay['ask'] = (method, address, body, token) => {
    const [path = '', query = ''] = address.split('?')
    const reply = sandbox.exchange({
      method,
      path,
      query,
      authorization: `Bearer ${token}`,
      body: body === null ? '' : JSON.stringify(body),
    })
    if (reply.kind !== 'answer') throw new Error('a request got no answer')
    const { answer } = reply
    const value: JsonValue = JSON.parse(answer.body.toString('utf8'))
    return { status: answer.status, contentType: answer.contentType, body: value }
  }
  return { sandbox, clock, random, ask }
}

/** The base as the recordings show it before anything is written. */
function seedBase(replay: Replay, pairs: readonly RecordedPair[], tables: ReturnType<typeof recordedTables>): void {
  const baseId = pairs.map(({ path }) => /app\w{14}/.exec(path)?.[0]).find((id) => id !== undefined) ?? ''
  const bases = pairs.find(({ path, status }) => path === '/v0/meta/bases' && status === 200)?.body
  const name = /"name":"([^"]*)"/.exec(JSON.stringify(bases ?? null))?.[1] ?? ''
  const ids = idsOfTables(pairs)
  const field = (table: string, wanted: string) =>
    tables.find((each) => each.name === table)?.fields.find((each) => each.name === wanted)?.id
  const firstNumber = pairs.flatMap(({ method, body }) => (method === 'POST' ? recordsOf(body) : []))[0]?.fields
    .f_autoNumber
  replay.sandbox.control.ensureBase({
    baseId,
    name,
    tables: tables.map((table) => ({
      ...table,
      id: ids.get(table.name) ?? table.id,
      ...(table.name === 'Empty' && typeof firstNumber === 'number' ? { nextAutoNumber: firstNumber } : {}),
      fields: table.fields.map(({ options, ...rest }) => ({
        ...rest,
        ...(options === undefined ? {} : { options: withTableIds(options, tables, ids) }),
        rule: ruleOf(rest.name, rest.type, field(table.name, 'f_multipleRecordLinks'), field),
      })),
    })),
  })
  seedAll(replay, baseId, ids.get('All') ?? '', pairs)
}

/** The table ids of the base that a recording was made with; the two bases are copies with other ids. */
function idsOfTables(pairs: readonly RecordedPair[]): Map<string, string> {
  const paths = pairs.map(({ path }) => path).join(' ')
  const shown = (suffix: string) => new RegExp(`tbl\\w${suffix}`).exec(paths)?.[0]
  const all = shown('dYOTFAzBLHXTr')
  const empty = shown('73pmkdKl4Khj1')
  return new Map([
    ...(all === undefined ? [] : [['All', all] as const]),
    ...(empty === undefined ? [] : [['Empty', empty] as const]),
  ])
}

function withTableIds(
  options: JsonObject,
  tables: ReturnType<typeof recordedTables>,
  ids: Map<string, string>,
): JsonObject {
  const linked = tables.find(({ id }) => id === options.linkedTableId)
  const id = linked === undefined ? undefined : ids.get(linked.name)
  return id === undefined ? options : { ...options, linkedTableId: id }
}

function ruleOf(
  name: string,
  type: string,
  link: string | undefined,
  field: (table: string, name: string) => string | undefined,
) {
  if (type === 'button') return { constant: JSON.stringify(button) }
  if (name === 'f_formula') return { formula: '{Name} & {f_autoNumber}' }
  if (link === undefined) return {}
  if (type === 'count') return { recordLinkFieldId: link }
  if (type === 'rollup')
    return { recordLinkFieldId: link, formula: 'AVERAGE(values)', fieldIdInLinkedTable: field(resultsTable, 'Spend') }
  if (name === 'f_multipleLookupValues')
    return { recordLinkFieldId: link, fieldIdInLinkedTable: field(resultsTable, 'Impressions') }
  return {}
}

const written = (record: RecordedRecord, leave: readonly string[]) =>
  Object.fromEntries(
    Object.entries(record.fields).filter(
      ([name]) =>
        !/^f_(autoNumber|button|count|createdBy|createdTime|formula|lastModifiedBy|lastModifiedTime|rollup|multipleLookupValues)$/.test(
          name,
        ) && !leave.includes(name),
    ),
  )

/** Writes the records of the table "All" through the API, at the moments and by the people that the recording shows. */
function seedAll(replay: Replay, baseId: string, tableId: string, pairs: readonly RecordedPair[]): void {
  const lists = pairs.filter(({ path, status }) => status === 200 && /\/(All|tbl\wdYOTFAzBLHXTr)$/.test(path))
  const records = recordsOf(lists.find(({ body }) => recordsOf(body).length === 3)?.body ?? null)
  for (const record of records) {
    const links = z.array(z.string()).parse(record.fields.f_multipleRecordLinks ?? [])
    const impressions = z.array(z.number()).parse(record.fields.f_multipleLookupValues ?? [])
    const spend = record.fields.f_rollup ?? null
    for (const [index, link] of links.entries()) {
      replay.random.mint([link])
      const linked = { fields: { Impressions: impressions[index] ?? null, Spend: spend } }
      expect(replay.ask('POST', `/v0/${baseId}/${encodeURIComponent(resultsTable)}`, linked, 'keyBrian').status).toBe(
        200,
      )
    }
    const creator = JSON.stringify(record.fields.f_createdBy).includes(brandon.id) ? 'keyBrandon' : 'keyBrian'
    replay.random.mint([record.id])
    const created = replay.ask('POST', `/v0/${baseId}/${tableId}`, { fields: written(record, ['f_barcode']) }, creator)
    expect(created).toMatchObject({ status: 200, body: { id: record.id } })
  }
  for (const record of records) {
    const { f_lastModifiedTime: modified, f_barcode: barcode } = record.fields
    replay.clock.set(Date.parse(String(modified)))
    const patch = { fields: { f_barcode: barcode ?? null } }
    expect(replay.ask('PATCH', `/v0/${baseId}/${tableId}/${record.id}`, patch, 'keyBrian').status).toBe(200)
  }
}

/** The latest moment that an answer tells of: the request was carried out then. */
function momentOf(body: JsonValue): number {
  const times = JSON.stringify(body).match(/"f_lastModifiedTime":"([^"]+)"/g) ?? []
  return Math.max(0, ...times.map((text) => Date.parse(text.slice(22, -1))))
}

/**
 * What the sandbox cannot know: it downloads no attachment, so size, type, thumbnails and ids of attachments are left
 * out on both sides; and the second copy of the base shows nobody as the last editor of records made in the first.
 */
function comparable(body: JsonValue, expected: JsonValue): JsonValue {
  const nobody = !JSON.stringify(expected).includes('f_lastModifiedBy')
  const text = JSON.stringify(body, (name, value: JsonValue) => {
    if (name === 'f_lastModifiedBy' && nobody) return undefined
    if (name !== 'f_multipleAttachments' || !Array.isArray(value)) return value
    return value.map(({ url, filename }: { url: string; filename: string }) => ({ url, filename }))
  })
  const result: JsonValue = JSON.parse(text)
  return result
}

describe.skipIf(!isRecorded)(
  'the sandbox answers as Airtable was recorded to answer (skipped without ../shared/data)',
  () => {
    const pairs = isRecorded ? readPairs() : []
    const recordings = [...new Set(pairs.map(({ recording }) => recording))]
    const tables = isRecorded ? recordedTables(pairs) : []

    it('has all 240 pairs to compare', () => {
      expect(pairs).toHaveLength(240)
      expect(recordings).toHaveLength(12)
    })

    it.each(recordings)('%s', (recording) => {
      const own = pairs.filter((pair) => pair.recording === recording)
      const access = recording.split('/')[0]
      const replay = openReplay(access === 'no-meta-access')
      seedBase(
        replay,
        // Ids and records of a base are taken from all recordings that were made with it.
        pairs.filter(
          (pair) => pair.recording.startsWith(`${access}/`) && (pair.recording === recording || pair.method === 'GET'),
        ),
        tables,
      )
      for (const [index, pair] of own.entries()) {
        if (pair.method !== 'GET') replay.clock.set(Math.max(replay.clock.nowMs(), momentOf(pair.body)))
        if (pair.method === 'POST') replay.random.mint(recordsOf(pair.body).map(({ id }) => id))
        const answer = replay.ask(
          pair.method,
          pair.address,
          pair.requestBody,
          pair.status === 401 ? 'keyJunk' : 'keyBrian',
        )
        const where = `${index}: ${pair.method} ${pair.address}`
        expect(answer.status, where).toBe(pair.status)
        expect(answer.contentType, where).toBe(pair.contentType)
        expect(comparable(answer.body, pair.body), where).toEqual(comparable(pair.body, pair.body))
      }
    })
  },
)
