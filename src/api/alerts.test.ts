import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestingServer, type TestingServer } from './testing-server.ts'

let server: TestingServer
beforeAll(async () => {
  server = await startTestingServer()
})
afterAll(() => server.close())

describe('alerts', () => {
  it('are told with rules, channels and deliveries, and no address of a channel', async () => {
    const { data } = await server.query(
      `{ alerts { items { key rule severity state valueText since next silenced } rules { when } channels { name kind waiting problem }
           deliveries(limit: 5) { at channel outcome detail } silences { id } } }`,
    )
    expect(data?.alerts).toMatchObject({
      items: [{ rule: 'backupAge > 26h', severity: 'HIGH', state: 'firing', valueText: '27 h', silenced: false }],
      channels: [{ name: 'ops', kind: 'webhook', waiting: 0, problem: null }],
      deliveries: [{ outcome: 'delivered' }],
    })
  })

  it('are silenced and tested by those who may, and silences end', async () => {
    const silence = await server.query(
      `mutation { silenceAlert(input: { of: "*", minutes: 30, reason: "maintenance" }) { ... on AlertSilenced { silence { id of by } } } }`,
    )
    expect(silence.data?.silenceAlert?.silence).toEqual({ id: 's1', of: '*', by: 'token:admin' })
    const test = (channel: string) =>
      server.query('mutation ($channel: String!) { testAlertChannel(input: { channel: $channel }) { __typename } }', {
        channel,
      })
    expect((await test('ops')).data?.testAlertChannel).toEqual({ __typename: 'AlertChannelTested' })
    expect((await test('none')).errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND' })
    const lift = (id: string) =>
      server.query('mutation ($id: String!) { liftAlertSilence(input: { id: $id }) { __typename } }', { id })
    expect((await lift('s1')).data?.liftAlertSilence).toEqual({ __typename: 'AlertSilenceLifted' })
    expect((await lift('s2')).data?.liftAlertSilence).toEqual({ __typename: 'NotFound' })
  })
})

describe('the report', () => {
  const send = (path: string, token: string) => server.send({ path, headers: { authorization: `Bearer ${token}` } })

  it('is a page without a script, in which no text is HTML and nobody has an address', async () => {
    const page = await send('/report?days=7', server.admin.token)
    expect(page.status).toBe(200)
    expect(page.text).toContain('&lt;b&gt;3&lt;/b&gt; rows of ***@***')
    expect(page.text).toContain('Nothing needs a person.')
    expect(page.text).not.toMatch(/<script|style=/)
    expect((await send('/report.css', server.admin.token)).text).toContain('@media print')
    expect((await server.send({ path: '/report' })).status).toBe(401)
  })

  it('is Markdown in which no text is a mark', async () => {
    const { data } = await server.query(
      '{ healthReport(since: "1970-01-01T00:00:00Z") { verdict markdown sections { title } } }',
    )
    expect(data?.healthReport).toMatchObject({
      verdict: 'All is true.',
      sections: [{}, { title: 'What was done' }],
    })
    expect(data?.healthReport?.markdown).toContain('\\<b\\>3\\</b\\> rows of \\*\\*\\*@\\*\\*\\*')
  })
})
