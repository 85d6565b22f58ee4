import { beforeEach, describe, expect, test } from 'vitest'
import { askedOf, isAsked, noteAsked, takeAsked } from './asked.ts'
import { openStoreFile } from './store/schema.ts'
import { syncStoreOver, type TableStore } from './store/store.ts'

let store: TableStore
beforeEach(() => {
  store = syncStoreOver(openStoreFile(':memory:')).table('leads')
})

describe('what is asked for', () => {
  test('stays until a look has done it', () => {
    const mark = noteAsked(store, 'pull')
    expect(askedOf(store)).toMatchObject({ push: false, pull: true, full: false })
    expect(isAsked(store, mark)).toBe(true)
    takeAsked(store, askedOf(store))
    expect(isAsked(store, mark)).toBe(false)
    expect(askedOf(store)).toMatchObject({ push: false, pull: false, full: false })
  })

  test('to compare all is to pull, too', () => {
    noteAsked(store, 'full')
    expect(askedOf(store)).toMatchObject({ pull: true, full: true })
  })

  test('during a look is for the next one, also when it is the same', () => {
    const first = noteAsked(store, 'push')
    const look = askedOf(store)
    const second = noteAsked(store, 'push')
    takeAsked(store, look)
    expect(isAsked(store, first)).toBe(false)
    expect(isAsked(store, second)).toBe(true)
    expect(askedOf(store)).toMatchObject({ push: true })
  })

  test('of one table is not asked of another', () => {
    const db = syncStoreOver(openStoreFile(':memory:'))
    noteAsked(db.table('leads'), 'push')
    expect(askedOf(db.table('contacts'))).toMatchObject({ push: false })
  })
})
