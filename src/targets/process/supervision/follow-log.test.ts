import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { followLog } from './follow-log.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-follow-'))
  path = join(folder, 'one.log')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('gives what comes after it began, across a rotation, each line once and whole', () => {
  writeFileSync(path, 'before\n')
  const follower = followLog(path)
  expect(follower.read()).toBe('')
  appendFileSync(path, 'one\ntw')
  expect(follower.read()).toBe('one\n')
  appendFileSync(path, 'o\nthr')
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'ee\nfour\n')
  expect(follower.read()).toBe('two\nthree\nfour\n')
  appendFileSync(path, 'no end')
  expect(follower.read()).toBe('')
  expect(follower.read()).toBe('no end')
})

test('begins with a file that comes later, or at the beginning where that is asked for', () => {
  const follower = followLog(path)
  expect(follower.read()).toBe('')
  writeFileSync(path, 'first\n')
  expect(follower.read()).toBe('first\n')
  expect(followLog(path, 'beginning').read()).toBe('first\n')
})

test('leaves out of a flood what is too much, with a note, and goes on with whole lines', () => {
  const follower = followLog(path)
  writeFileSync(path, 'é0123456789\n'.repeat(100_000))
  const text = follower.read()
  expect(text).toMatch(/^\[\d+ bytes left out\]\né0123456789\n/)
  expect(text.length).toBeLessThan(270_000)
  expect(text.endsWith('é0123456789\n')).toBe(true)
})

test('loses and doubles nothing, however writes, reads and rotations follow each other', () => {
  const step = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'é', '\n'), maxLength: 20 }).map((text) => ({ text })),
    fc.constant('read' as const),
    fc.constant('rotate' as const),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      rmSync(path, { force: true })
      rmSync(`${path}.1`, { force: true })
      writeFileSync(path, '')
      const follower = followLog(path)
      let [written, read, rotated] = ['', '', false]
      for (const one of steps) {
        if (one === 'read') {
          read += follower.read()
          rotated = false
        } else if (one === 'rotate') {
          // Two between two reads are more than it claims to follow.
          if (rotated) continue
          rotated = true
          renameSync(path, `${path}.1`)
          writeFileSync(path, '')
        } else {
          appendFileSync(path, one.text)
          written += one.text
        }
      }
      expect(read + follower.read() + follower.read()).toBe(written)
    }),
  )
})
