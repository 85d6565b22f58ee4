/** Copies of the signed heads in folders elsewhere: real files, as a person or an intruder leaves them. */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../clock.ts'
import { headLine, signHead } from '../journal/heads.ts'
import { createHeadCopies } from './head-copies.ts'

const key = 'd4'.repeat(32)
const headOf = (entries: number) =>
  headLine(signHead(key, { at: '2026-01-01T00:00:00.000Z', entries, hash: 'e5'.repeat(32) }))
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function copiesOf() {
  const root = mkdtempSync(join(tmpdir(), 'heads-'))
  folders.push(root)
  const headsPath = join(root, 'audit.heads')
  const elsewhere = join(root, 'elsewhere')
  mkdirSync(elsewhere)
  const declared = { name: 'leads', folders: [elsewhere] }
  const copies = createHeadCopies({ headsPath, key: () => key, declared: () => declared, clock: systemClock })
  const [name = ''] = copies.states().map(({ file }) => file)
  return { headsPath, elsewhere, copies, declared, copy: name ?? '', state: () => copies.states()[0] }
}

test('follow the heads of the workspace, and are only ever added to', async () => {
  const { headsPath, elsewhere, copies, copy } = copiesOf()
  await copies.send()
  expect(readdirSync(elsewhere)).toEqual([])
  writeFileSync(headsPath, headOf(1) + headOf(2))
  await copies.send()
  appendFileSync(headsPath, headOf(3))
  await copies.send()
  await copies.send()
  expect(readFileSync(copy, 'utf8')).toBe(headOf(1) + headOf(2) + headOf(3))
  expect(await copies.heads()).toHaveLength(3)
})

test('a line that a crash cut off is completed', async () => {
  const { headsPath, copies, copy, state } = copiesOf()
  writeFileSync(headsPath, headOf(1) + headOf(2) + headOf(3))
  writeFileSync(copy, headOf(1) + headOf(2).slice(0, 20))
  await copies.send()
  expect(readFileSync(copy, 'utf8')).toBe(headOf(1) + headOf(2) + headOf(3))
  expect(state()).toMatchObject({ problem: undefined })
})

test('a head that the workspace lacks shows that its file was cut or exchanged', async () => {
  const { headsPath, copies, copy, state } = copiesOf()
  writeFileSync(headsPath, headOf(1) + headOf(2))
  await copies.send()
  writeFileSync(headsPath, headOf(1) + headOf(9))
  await copies.send()
  expect(state()).toMatchObject({ isTampered: true, problem: expect.stringContaining('line 2 of') })
  expect(readFileSync(copy, 'utf8')).toBe(headOf(1) + headOf(2))
})

test('a folder that is not there is told, and taken up once it is', async () => {
  const { headsPath, elsewhere, copies, state } = copiesOf()
  rmSync(elsewhere, { recursive: true })
  writeFileSync(headsPath, headOf(1))
  await copies.send()
  expect(state()).toMatchObject({ isTampered: false, problem: expect.stringContaining('ENOENT') })
  mkdirSync(elsewhere)
  await copies.send()
  expect(state()).toMatchObject({ problem: undefined, sinceMs: undefined })
})
