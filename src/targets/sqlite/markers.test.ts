import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { markStep, pruneMarkers, stepOf, stepsOf } from './markers.ts'

const at = '2026-11-23T01:30:00.000Z'

test('a marker stands or falls with the transaction of its effect', () => {
  const db = new Database(':memory:')
  const fail = db.transaction(() => {
    markStep(db, 'a', 0, at)
    throw new Error('the effect failed')
  })
  expect(() => fail()).toThrow('the effect failed')
  expect(stepsOf(db, 'a')).toEqual([])
  db.transaction(() => markStep(db, 'a', 0, at))()
  expect(stepsOf(db, 'a')).toEqual([{ step: 0, at, note: null }])
})

test('outside a transaction nothing can be marked, and a step only once', () => {
  const db = new Database(':memory:')
  expect(() => markStep(db, 'a', 0, at)).toThrow(RangeError)
  const mark = db.transaction(() => markStep(db, 'a', 0, at))
  mark()
  expect(() => mark()).toThrow(/UNIQUE/)
})

test('steps are given in order, with their notes, by action', () => {
  const db = new Database(':memory:')
  db.transaction(() => {
    for (const step of [10, 2, 0]) markStep(db, 'a', step, at, `note ${step}`)
    markStep(db, 'b', 7, at)
  })()
  expect(stepsOf(db, 'a').map((marker) => marker.step)).toEqual([0, 2, 10])
  expect(stepOf(db, 'a', 2)).toEqual({ step: 2, at, note: 'note 2' })
  expect(stepOf(db, 'a', 3)).toBeUndefined()
})

test('pruning keeps every step of an action whose last step is young enough', () => {
  const db = new Database(':memory:')
  expect(pruneMarkers(db, Date.parse(at))).toBe(0)
  db.transaction(() => {
    markStep(db, 'old', 0, '2026-01-01T00:00:00.000Z')
    markStep(db, 'long', 0, '2026-01-01T00:00:00.000Z')
    markStep(db, 'long', 1, at)
  })()
  expect(pruneMarkers(db, Date.parse('2026-06-01T00:00:00.000Z'))).toBe(1)
  expect(stepsOf(db, 'old')).toEqual([])
  expect(stepsOf(db, 'long').length).toBe(2)
})
