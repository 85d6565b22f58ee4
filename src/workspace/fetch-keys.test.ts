import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createOutgoing } from '../targets/outgoing/guard.ts'
import { keysThrough } from './fetch-keys.ts'

const elsewhere: string[] = []
const provider = createServer((request, response) => {
  if (request.url !== '/keys') elsewhere.push(request.url ?? '')
  if (request.url === '/moved') response.writeHead(302, { location: '/other' }).end()
  else response.end('{"keys":[]}')
})
let port = 0
beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  const address = provider.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
afterAll(() => provider.close())

const ask = (url: string) =>
  keysThrough(createOutgoing(), new AbortController().signal)(url, {
    ...{ method: 'GET', redirect: 'manual', headers: new Headers() },
    signal: AbortSignal.timeout(5000),
  })

test('the keys of a provider are asked for where the desired state says', async () => {
  expect(await (await ask(`http://127.0.0.1:${port}/keys`)).json()).toEqual({ keys: [] })
})

test('nothing is asked where clouds keep credentials, and nobody is followed elsewhere', async () => {
  await expect(ask('http://169.254.169.254/keys')).rejects.toMatchObject({ code: 'OUTGOING_REFUSED' })
  expect((await ask(`http://127.0.0.1:${port}/moved`)).status).toBe(302)
  expect(elsewhere).toEqual(['/moved'])
})
