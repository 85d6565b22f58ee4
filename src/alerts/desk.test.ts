import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { afterEach, describe, expect, it } from 'vitest'
import { type DesiredState, desiredStateSchema } from '../desired/schema.ts'
import { figure } from '../metrics/catalogue.ts'
import { seededRandom } from '../random.ts'
import { createVirtualClock } from '../sim/virtual-clock.ts'
import { createOutgoing } from '../targets/outgoing/guard.ts'
import { createAlertDesk } from './desk.ts'
import { type AlertStore, openAlertStore } from './store.ts'

const closers: (() => unknown)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'alerts-'))
  closers.push(() => rmSync(folder, { recursive: true }))
  return folder
}

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A target that people could have; `answer` is its status, and null stands for one that hangs up. */
async function startTarget(answer: (at: number) => number | null = () => 200) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += String(part)
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      const status = answer(received.length - 1)
      if (status === null) request.socket.destroy()
      else response.writeHead(status).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  closers.push(() => server.closeAllConnections())
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/hook`,
    received,
  }
}

function stateOf(alerts: object): DesiredState {
  return desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'leads', alerts })
}

const signal = new AbortController().signal
const critical = (count: number) => figure('drift_open_items', count, { severity: 'critical' })
const webhook = {
  channels: { ops: { webhook: { env: 'HOOK' } } },
  rules: [{ when: 'drift.critical > 0', to: 'ops' }],
}

function deskOn(
  store: AlertStore,
  state: DesiredState,
  secrets: Readonly<Record<string, string>>,
  clock = createVirtualClock(Date.UTC(2026, 0, 5, 12)),
) {
  const desk = createAlertDesk({
    store,
    state: () => state,
    secret: async (reference) => ('env' in reference ? (secrets[reference.env] ?? '') : ''),
    outgoing: createOutgoing(),
    clock,
    random: seededRandom(1),
    dashboard: () => 'http://127.0.0.1:4000/',
  })
  return { desk, clock, store }
}

function memoryStore(): AlertStore {
  const store = openAlertStore(':memory:')
  closers.push(() => store.close())
  return store
}

describe('a webhook', () => {
  it('gets one document that says what, since when, what to do and where to look, and one when it is over', async () => {
    const target = await startTarget()
    const { desk, clock } = deskOn(memoryStore(), stateOf(webhook), { HOOK: target.url })
    for (let count = 1; count <= 1000; count += 1) desk.round(critical(count), true)
    await desk.deliver(signal)
    expect(target.received).toHaveLength(1)
    expect(JSON.parse(target.received[0]?.body ?? '')).toMatchObject({
      version: 1,
      workspace: 'leads',
      alerts: [
        {
          status: 'firing',
          severity: 'critical',
          rule: 'drift.critical > 0',
          message: 'drift.critical is 1; the rule is drift.critical > 0.',
          next: 'Look at `trueup drift`.',
          link: 'http://127.0.0.1:4000/resources',
        },
      ],
    })
    for (let minute = 0; minute < 10; minute += 1) {
      desk.round(critical(0), true)
      await desk.deliver(signal)
      await clock.advance(60_000)
    }
    expect(target.received.map(({ body }) => JSON.parse(body).alerts[0].status)).toEqual(['firing', 'resolved'])
  })

  it('gets one document of a service that flaps all day, and one when that is over', async () => {
    const target = await startTarget()
    const rules = [{ when: 'servicesDown > 0', to: 'ops' }]
    const { desk, clock } = deskOn(memoryStore(), stateOf({ ...webhook, rules }), { HOOK: target.url })
    for (let minute = 0; minute < 26 * 60; minute += 1) {
      const isDown = minute < 24 * 60 && minute % 8 < 4
      desk.round(figure('services_down', isDown ? 1 : 0), true)
      await desk.deliver(signal)
      await clock.advance(60_000)
    }
    expect(
      target.received.map(({ body }) => {
        const { status, rule } = JSON.parse(body).alerts[0]
        return [status, rule]
      }),
    ).toEqual([
      ['firing', 'servicesDown > 0'],
      ['resolved', 'servicesDown > 0'],
    ])
  })

  it('that signs can be checked by who has the key, and an old document is told from a new one', async () => {
    const target = await startTarget()
    const state = stateOf({ ...webhook, channels: { ops: { webhook: { env: 'HOOK' }, sign: { env: 'KEY' } } } })
    const { desk, clock } = deskOn(memoryStore(), state, { HOOK: target.url, KEY: 'hush' })
    desk.round(critical(1), true)
    await desk.deliver(signal)
    const [{ headers, body } = { headers: {}, body: '' }] = target.received
    const [, at = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-trueup-signature'])) ?? []
    expect(Number(at)).toBe(Math.floor(clock.nowMs() / 1000))
    expect(mac).toBe(createHmac('sha256', 'hush').update(`${at}.${body}`).digest('hex'))
    expect(headers['x-trueup-delivery']).toBe(JSON.parse(body).id)
  })

  it('that is down loses nothing: it is tried again with growing pauses, also after a restart, and gets the same ids', async () => {
    const path = join(newFolder(), '.trueup', 'alerts.db')
    const target = await startTarget((at) => (at === 0 ? 503 : at === 1 ? null : at === 2 ? 302 : 200))
    const clock = createVirtualClock(Date.UTC(2026, 0, 5, 12))
    const first = deskOn(openAlertStore(path), stateOf(webhook), { HOOK: target.url }, clock)
    first.desk.round(critical(1), true)
    await first.desk.deliver(signal)
    expect(target.received).toHaveLength(1)
    expect(first.desk.channels()).toMatchObject([{ waiting: 1, problem: 'OUTGOING_FAILED: the target answered 503' }])
    // As after kill -9: nothing is closed, another life opens the file.
    const second = deskOn(openAlertStore(path), stateOf(webhook), { HOOK: target.url }, clock)
    closers.push(() => first.store.close())
    closers.push(() => second.store.close())
    await second.desk.deliver(signal)
    expect(target.received, 'not before its pause is over').toHaveLength(1)
    for (let turn = 0; turn < 40; turn += 1) {
      await clock.advance(10_000)
      second.desk.round(critical(5), true)
      await second.desk.deliver(signal)
    }
    expect(target.received.map(({ body }) => JSON.parse(body).alerts[0].id)).toEqual(
      Array.from({ length: 4 }, () => expect.stringMatching(/^firing:/)),
    )
    expect(new Set(target.received.map(({ headers }) => headers['x-trueup-delivery'])).size).toBe(1)
    expect(second.desk.log(10).map(({ is }) => is)).toEqual(['delivered', 'failed', 'failed', 'failed'])
    expect(second.desk.channels()).toMatchObject([{ waiting: 0, problem: null }])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('that is down does not hold up another channel', async () => {
    const target = await startTarget()
    const state = stateOf({
      channels: { down: { webhook: { env: 'DOWN' } }, ops: { slack: { env: 'HOOK' } } },
      rules: ['down', 'ops'].map((to) => ({ when: 'drift.critical > 0', to })),
    })
    const { desk } = deskOn(memoryStore(), state, { HOOK: target.url, DOWN: 'http://127.0.0.1:1/' })
    desk.round(critical(1), true)
    await desk.deliver(signal)
    expect(JSON.parse(target.received[0]?.body ?? '').text).toContain(
      '*[leads] drift.critical is 1; the rule is drift.critical &gt; 0.*',
    )
    expect(desk.channels().map(({ name, waiting }) => [name, waiting])).toEqual([
      ['down', 1],
      ['ops', 0],
    ])
  })

  it('several alerts of one moment are one message', async () => {
    const target = await startTarget()
    const rules = ['drift.critical > 0', 'approvals > 3', 'jobsLate > 0'].map((when) => ({ when, to: 'ops' }))
    const { desk } = deskOn(memoryStore(), stateOf({ ...webhook, rules }), { HOOK: target.url })
    desk.round([...critical(1), ...figure('approval_pending', 4), ...figure('jobs_late', 1)], true)
    await desk.deliver(signal)
    expect(target.received.map(({ body }) => JSON.parse(body).subject)).toEqual(['[leads] 3 alerts'])
  })

  it('is told nothing that looks like a person or a secret', async () => {
    const target = await startTarget()
    const { desk } = deskOn(memoryStore(), stateOf(webhook), { HOOK: target.url })
    desk.post('ops', { subject: 'of ann@acme.example', text: 'with xoxb-1234567890-abcdef' })
    desk.round(figure('quality_score', 1, { table: 'leads' }), true)
    await desk.deliver(signal)
    expect(target.received[0]?.body).not.toMatch(/ann@|xoxb/)
  })
})

describe('quiet hours', () => {
  const quiet = { between: '22:00-07:00', timezone: 'Europe/Berlin' }
  const state = stateOf({
    channels: { ops: { webhook: { env: 'HOOK' }, quiet } },
    rules: [
      { when: 'approvals > 0', to: 'ops', severity: 'medium' },
      { when: 'jobsLate > 0', to: 'ops', severity: 'high' },
      { when: 'drift.critical > 0', to: 'ops' },
    ],
  })

  it('hold back what can wait until they end, by the clock of their zone, and let through what cannot', async () => {
    const target = await startTarget()
    // 23:30 in Berlin.
    const clock = createVirtualClock(Date.UTC(2026, 0, 5, 22, 30))
    const { desk } = deskOn(memoryStore(), state, { HOOK: target.url }, clock)
    desk.round([...figure('approval_pending', 1), ...figure('jobs_late', 1), ...critical(1)], true)
    await desk.deliver(signal)
    expect(
      target.received.map(({ body }) => JSON.parse(body).alerts.map(({ rule }: { rule: string }) => rule)),
    ).toEqual([['drift.critical > 0']])
    await clock.advance(7.4 * 3_600_000)
    await desk.deliver(signal)
    expect(target.received).toHaveLength(1)
    await clock.advance(0.2 * 3_600_000)
    await desk.deliver(signal)
    expect(JSON.parse(target.received[1]?.body ?? '').subject).toBe('[leads] 2 alerts')
  })
})

/** A mail server that people could have; while it is not up it answers that it will be later. */
async function startMailServer(port = 0, isUp = () => true) {
  const mails: { from: string; to: string[]; text: string }[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    onAuth: ({ username, password }, _session, callback) =>
      username === 'bob' && password === 'hush' ? callback(null, { user: 'bob' }) : callback(new Error('no')),
    onData(stream, { envelope }, callback) {
      let text = ''
      stream.on('data', (part) => {
        text += String(part)
      })
      stream.on('end', () => {
        if (!isUp()) return callback(Object.assign(new Error('later'), { responseCode: 451 }))
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text })
        callback()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
  closers.push(() => server.close())
  const address = server.server.address()
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { mails, close, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

describe('mail', () => {
  const state = stateOf({
    channels: { ops: { email: { to: ['ops@leads.example', 'boss@leads.example'], smtp: { env: 'SMTP' } } } },
    rules: [{ when: 'drift.critical > 0', to: 'ops' }],
  })

  it('arrives with subject, text and an id, signed in as the address of the server says', async () => {
    const server = await startMailServer()
    const SMTP = `smtp://bob:hush@127.0.0.1:${server.port}?from=trueup@leads.example`
    const { desk } = deskOn(memoryStore(), state, { SMTP })
    desk.round(critical(2), true)
    await desk.deliver(signal)
    expect(server.mails).toMatchObject([
      { from: 'trueup@leads.example', to: ['ops@leads.example', 'boss@leads.example'] },
    ])
    expect(server.mails[0]?.text).toMatch(/^Subject: \[leads\] drift.critical is 2/m)
    expect(server.mails[0]?.text).toMatch(/^Message-ID: <[0-9a-f]{12}@trueup>/im)
    expect(server.mails[0]?.text).toContain('http://127.0.0.1:4000/resources')
  })

  it('is not lost while no server listens', async () => {
    const gone = await startMailServer()
    const { port } = gone
    await gone.close()
    const { desk, clock } = deskOn(memoryStore(), state, { SMTP: `smtp://bob:hush@127.0.0.1:${port}` })
    desk.round(critical(2), true)
    for (let turn = 0; turn < 3; turn += 1) {
      await desk.deliver(signal)
      await clock.advance(600_000)
    }
    expect(desk.channels()).toMatchObject([{ waiting: 1, problem: expect.stringMatching(/^OUTGOING_FAILED/) }])
    const back = await startMailServer(port)
    await clock.advance(3_600_000)
    await desk.deliver(signal)
    expect(back.mails.map(({ to }) => to)).toEqual([['ops@leads.example', 'boss@leads.example']])
    expect(desk.channels()).toMatchObject([{ waiting: 0, problem: null }])
  })

  it('is not lost while the server refuses, and a wrong password is said without repeating it', async () => {
    let isUp = false
    const server = await startMailServer(0, () => isUp)
    const { desk, clock } = deskOn(memoryStore(), state, { SMTP: `smtp://bob:hush@127.0.0.1:${server.port}` })
    desk.round(critical(2), true)
    await desk.deliver(signal)
    expect(desk.channels()).toMatchObject([{ waiting: 1, problem: 'OUTGOING_FAILED: the mail server answered 451' }])
    isUp = true
    await clock.advance(60_000)
    await desk.deliver(signal)
    expect(server.mails).toHaveLength(1)
    const wrong = deskOn(memoryStore(), state, { SMTP: `smtp://bob:secretword@127.0.0.1:${server.port}` })
    const refusal = await wrong.desk.test('ops', signal).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'OUTGOING_FAILED', message: 'the mail server answered 535' })
    expect(JSON.stringify(wrong.desk.log(5))).not.toContain('secretword')
  })
})

describe('a test of a channel', () => {
  it('arrives as each kind of target expects it', async () => {
    const [hook, slack] = [await startTarget(), await startTarget()]
    const mail = await startMailServer()
    const channels = {
      hook: { webhook: { env: 'HOOK' } },
      chat: { slack: { env: 'SLACK' } },
      post: { email: { to: ['ops@leads.example'], smtp: { env: 'SMTP' } } },
    }
    const { desk } = deskOn(memoryStore(), stateOf({ channels }), {
      HOOK: hook.url,
      SLACK: slack.url,
      SMTP: `smtp://bob:hush@127.0.0.1:${mail.port}?from=trueup@leads.example`,
    })
    for (const name of Object.keys(channels)) await desk.test(name, signal)
    expect(JSON.parse(hook.received[0]?.body ?? '')).toMatchObject({ subject: '[leads] A test of the channel hook' })
    expect(JSON.parse(slack.received[0]?.body ?? '').text).toContain('[leads] A test of the channel chat')
    expect(mail.mails).toMatchObject([{ to: ['ops@leads.example'] }])
    expect(mail.mails[0]?.text).toMatch(/^Subject: \[leads\] A test of the channel post/m)
  })

  it('goes out at once and is in the log; an unknown channel and a missing secret are said', async () => {
    const target = await startTarget()
    const { desk } = deskOn(memoryStore(), stateOf(webhook), { HOOK: target.url })
    await desk.test('ops', signal)
    expect(JSON.parse(target.received[0]?.body ?? '').subject).toBe('[leads] A test of the channel ops')
    expect(desk.log(1)).toMatchObject([{ is: 'delivered', detail: 'test' }])
    await expect(desk.test('none', signal)).rejects.toMatchObject({ code: 'NOT_FOUND', hint: 'Declared are: ops.' })
    const without = deskOn(memoryStore(), stateOf(webhook), {})
    await expect(without.desk.test('ops', signal)).rejects.toMatchObject({ code: 'OUTGOING_REFUSED' })
  })
})
