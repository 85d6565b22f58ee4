/** Persisted operations: who does not see the schema runs what is on the list, and nothing else. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { documents } from '../dashboard/app/api/documents.ts'
import { testingDesiredState } from '../leads/testing-table.ts'
import { listOf } from './http/persisted-operations.ts'
import { startTestingServer, type TestingServer } from './testing-server.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const count = 'query Count { leads { totalCount } }'
const names = 'query Names { leads(first: 5) { nodes { id company } } }'
const access = {
  roles: { sales: { can: ['leads.read', 'state.read'] } },
  persistedOperations: { file: 'operations.json' },
}

let server: TestingServer
let sales = ''
const write = (content: unknown) => writeFileSync(join(server.folder, 'operations.json'), JSON.stringify(content))
beforeAll(async () => {
  server = await startTestingServer(testingDesiredState({ access }))
  sales = server.tokenOf('sales')
})
afterAll(() => server.close())

async function post(body: object, token = sales) {
  const headers = { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` }
  const answer = await server.send({ method: 'POST', path: '/graphql', headers, body: JSON.stringify(body) })
  const { data, errors } = JSON.parse(answer.text)
  return { status: answer.status, data, code: errors?.[0]?.extensions?.code, message: errors?.[0]?.message }
}
const byHash = (hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: hash } } })

describe('a list of operations', () => {
  test('those on it are run, by their text or by their hash; it is read anew when it changes', async () => {
    write({ [sha256(count)]: count })
    expect((await post({ query: count })).data).toEqual({ leads: { totalCount: 0 } })
    expect((await post(byHash(sha256(count)))).data).toEqual({ leads: { totalCount: 0 } })
    expect((await post(byHash(sha256(names)))).code).toBe('PERSISTED_QUERY_NOT_FOUND')
    write({ 'names-of-pages': names })
    expect((await post(byHash('names-of-pages'))).data).toEqual({ leads: { nodes: [] } })
    expect((await post(byHash(sha256(names)))).status).toBe(200)
    expect((await post({ query: count })).status).toBe(403)
  })

  test('any other text is refused, with its hash and the way out, however it comes', async () => {
    write({ [sha256(count)]: count })
    // Somebody who may has asked it twice: the short cut knows it then.
    for (const _ of [1, 2]) expect((await post({ query: names }, server.admin.token)).status).toBe(200)
    for (const body of [{ query: names }, { query: names, ...byHash(sha256(names)) }, { query: `${count} ` }]) {
      const refused = await post(body)
      expect([refused.status, refused.code]).toEqual([403, 'OPERATION_NOT_LISTED'])
      expect(refused.message).toMatch(/[0-9a-f]{64}.*access\.persistedOperations.*schema\.read/)
    }
    const get = `/graphql?query=${encodeURIComponent('subscription { events { cursor } }')}`
    const stream = await server.send({
      path: get,
      headers: { accept: 'text/event-stream', authorization: `Bearer ${sales}` },
    })
    expect(stream.text).toContain('OPERATION_NOT_LISTED')
  })

  test('a text under the hash of another one is refused', async () => {
    expect((await post({ query: count, ...byHash(sha256(names)) })).code).toBe('PERSISTED_QUERY_HASH_MISMATCH')
  })

  test('the dashboard works for who does not see the schema', async () => {
    expect((await post({ query: documents.viewer })).data.viewer.role).toBe('sales')
    expect((await post({ query: documents.controller })).status).toBe(200)
  })

  test('REST paths are on it, as far as their operations are our own', async () => {
    write({ [sha256(count)]: count })
    const get = async (path: string, token: string) => {
      const { status, text } = await server.send({ path, headers: { authorization: `Bearer ${token}` } })
      return { status, ...JSON.parse(text) }
    }
    expect(await get('/api/leads', sales)).toMatchObject({ status: 200, items: [] })
    const chosen = await get('/api/leads?fields=company', sales)
    expect([chosen.status, chosen.error.code]).toEqual([403, 'OPERATION_NOT_LISTED'])
    expect((await get('/api/leads?fields=company', server.admin.token)).status).toBe(200)
    // What a role may not do it may not do this way either.
    expect((await get('/api/suppressions', sales)).status).toBe(403)
  })

  test('who sees the schema asks what they like, and by hash too', async () => {
    expect((await post({ query: names }, server.admin.token)).status).toBe(200)
    expect((await post(byHash(sha256(count)), server.admin.token)).status).toBe(200)
  })

  test('one that cannot be read allows nobody more', async () => {
    writeFileSync(join(server.folder, 'operations.json'), '{"')
    expect((await post({ query: count })).code).toBe('OPERATION_NOT_LISTED')
    expect((await post({ query: documents.viewer })).status).toBe(200)
  })

  test('without one, any operation is run that the role may', async () => {
    server.swap(testingDesiredState({ access: { roles: access.roles } }))
    expect((await post({ query: names })).status).toBe(200)
  })

  test('is a mapping, or a manifest of Apollo; a hash of another text is an error that names it', () => {
    const apollo = {
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: 'a', name: 'Count', type: 'query', body: count }],
    }
    expect([...listOf(JSON.stringify(apollo)).byName.keys()]).toEqual(['a', sha256(count)])
    expect(() => listOf(JSON.stringify({ [sha256(names)]: count }))).toThrow(
      `${sha256(names)} is not the SHA-256 of its text`,
    )
    expect(() => listOf('[1]')).toThrow('neither')
  })
})
