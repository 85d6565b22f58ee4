/** A secret that changes is drift of whoever was started with the old one, and no record holds either. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { secretReader } from '../../desired/references.ts'
import { killAll, liveOnce } from '../../sim/testing-life.ts'
import { environmentOf } from '../../targets/process/supervision/proc.ts'
import { recordedOf } from './testing-record.ts'

const key = { kind: 'service', name: 'one' }
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-secrets-'))
  mkdirSync(join(folder, '.trueup'))
})
afterEach(async () => {
  await killAll(folder, 'one')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const token = (value: string) => writeFileSync(join(folder, 'token.txt'), `${value}\n`)

function life(service: object = {}) {
  const services = {
    one: { command: ['sleep', '600'], environment: { TOKEN: { file: 'token.txt' }, PLAIN: 'x' }, ...service },
  }
  return liveOnce({ folder, services, secrets: secretReader({}, folder) })
}

const pid = () => recordedOf(folder, 'one')?.instance.main?.pid ?? 0

test('waits for a person where that is declared, and is restarted with the new one where not', async () => {
  token('hush-hush-first')
  await life()
  const first = pid()
  expect(environmentOf(first, 'TOKEN')).toBe('hush-hush-first')
  expect((await life()).executed).toEqual([])

  token('hush-hush-second')
  const asked = await life()
  expect(asked.executed).toEqual([])
  const status = asked.engine.statuses.get(key)
  expect(status?.drift.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'secrets: one runs with an earlier secret in TOKEN.',
  ])
  expect(status?.actions).toMatchObject([
    { action: { verb: 'restart', risk: 'high', resolves: ['secrets'] }, gate: { runnable: false } },
  ])
  expect(pid()).toBe(first)

  await life({ onChange: 'restart' })
  expect(pid()).not.toBe(first)
  expect(environmentOf(pid(), 'TOKEN')).toBe('hush-hush-second')
  expect((await life()).engine.statuses.get(key)?.drift).toEqual([])

  const files = readdirSync(join(folder, '.trueup'), { recursive: true, encoding: 'utf8' })
  for (const file of files.map((name) => join(folder, '.trueup', name)).filter((path) => statSync(path).isFile()))
    expect(readFileSync(file).includes('hush-hush'), file).toBe(false)
})

test('a changed variable or command waits for a person too, also when it was changed while no Trueup ran', async () => {
  token('hush-hush-first')
  await life()
  const first = pid()
  const changed = { environment: { TOKEN: { file: 'token.txt' }, PLAIN: 'y' } }
  const asked = await life(changed)
  expect(asked.executed).toEqual([])
  expect(asked.engine.statuses.get(key)?.actions).toMatchObject([
    { action: { verb: 'restart', risk: 'high', resolves: ['declaration'] }, gate: { runnable: false } },
  ])
  expect(pid()).toBe(first)
  await life({ ...changed, onChange: 'restart' })
  expect(environmentOf(pid(), 'PLAIN')).toBe('y')
})

test('is named, and nothing is ended, while it cannot be read', async () => {
  token('hush-hush-first')
  await life({ onChange: 'restart' })
  const first = pid()
  rmSync(join(folder, 'token.txt'))
  // Its command has changed too: to end it now would be to lose it.
  const ended = await life({ onChange: 'restart', command: ['sleep', '601'] })
  expect(ended.executed).toEqual([])
  expect(ended.engine.statuses.get(key)?.drift.map(({ path }) => path)).toEqual(['declaration', 'secrets-unreadable'])
  expect(pid()).toBe(first)
  token('hush-hush-first')
  await life({ onChange: 'restart', command: ['sleep', '601'] })
  expect(pid()).not.toBe(first)
})

test('starts at once what has said, by its exit status, that its configuration was wrong', async () => {
  const command = ['sh', '-c', '[ "$TOKEN" = right ] && exec sleep 600; exit 78']
  token('wrong')
  await life({ command })
  for (let turn = 0; turn < 200 && recordedOf(folder, 'one')?.startedAtMs === null; turn += 1)
    await systemClock.sleep(20)
  const waiting = await life({ command })
  expect(waiting.executed).toEqual([])
  expect(recordedOf(folder, 'one')?.starts).toBe(1)
  token('right')
  await life({ command })
  expect(recordedOf(folder, 'one')?.starts).toBe(2)
})

test('is blotted out of what was written with it, also when it has changed and the program has ended', async () => {
  // It says its secret, as programs do when they fail.
  const command = ['sh', '-c', 'echo "token: $TOKEN"; exit 1']
  const service = { command, onChange: 'restart', backoff: { from: '100ms', to: '100ms' } }
  token('hush-hush-first')
  await life(service)
  await untilLogged('hush-hush-first')
  token('hush-hush-second')
  await life(service)
  await untilLogged('hush-hush-second')
  const { engine } = await life(service)
  const told = JSON.stringify(engine.statuses.get(key))
  expect(told).toContain('token: ••••••')
  expect(told).not.toContain('hush-hush')
})

/** Its log holds what it wrote, as it wrote it: only what is shown of it is blotted. */
async function untilLogged(text: string): Promise<void> {
  const log = join(folder, '.trueup/logs/one.log')
  for (let turn = 0; turn < 500; turn += 1) {
    if (existsSync(log) && readFileSync(log, 'utf8').includes(text)) return
    await systemClock.sleep(20)
    if (turn % 50 === 49)
      await life({
        command: ['sh', '-c', 'echo "token: $TOKEN"; exit 1'],
        onChange: 'restart',
        backoff: { from: '100ms', to: '100ms' },
      })
  }
  throw new Error(`${text} was not logged`)
}
