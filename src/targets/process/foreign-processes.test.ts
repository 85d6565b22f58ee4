import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { foreignProcesses } from './foreign-processes.ts'

let folder: string
let program: ChildProcess
const mark = `foreign-${process.pid}-${Date.now()}`
const pidFile = () => join(folder, 'program.pid')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-foreign-'))
  program = spawn('sh', ['-c', 'echo up; read line', mark], { stdio: ['pipe', 'pipe', 'ignore'] })
  await new Promise((done) => program.stdout?.once('data', done))
})
afterAll(() => {
  program.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test('a program that others started is found by the file with its pid, with its figures', () => {
  writeFileSync(pidFile(), `${program.pid}\n`)
  expect(foreignProcesses.byPidFile(pidFile(), Date.now())).toMatchObject({
    is: 'running',
    pids: [program.pid],
    memoryBytes: expect.any(Number),
  })
})

test('a pid file that is older than the process of that number means another one', () => {
  writeFileSync(pidFile(), `${program.pid}`)
  const longAgo = new Date(Date.now() - 3_600_000)
  utimesSync(pidFile(), longAgo, longAgo)
  expect(foreignProcesses.byPidFile(pidFile(), Date.now())).toMatchObject({
    is: 'stopped',
    why: expect.stringContaining('another one'),
  })
})

test('no file, no such process, no number: each is told', () => {
  expect(foreignProcesses.byPidFile(join(folder, 'none.pid'), Date.now())).toMatchObject({ is: 'stopped' })
  writeFileSync(pidFile(), '4194303')
  expect(foreignProcesses.byPidFile(pidFile(), Date.now())).toMatchObject({ is: 'stopped' })
  writeFileSync(pidFile(), 'none')
  expect(foreignProcesses.byPidFile(pidFile(), Date.now())).toMatchObject({ is: 'unknown' })
})

test('a program is found by a part of its command line', () => {
  expect(foreignProcesses.byPattern(mark, Date.now())).toMatchObject({ is: 'running', pids: [program.pid] })
  expect(foreignProcesses.byPattern(`${mark}-other`, Date.now())).toMatchObject({ is: 'stopped' })
})
