import { beforeEach, describe, expect, test } from 'vitest'
import type { Conflict, ConflictDraft } from './conflicts.ts'
import { openStoreFile } from './schema.ts'
import { syncStoreOver, type TableStore } from './store.ts'

let store: TableStore
beforeEach(() => {
  store = syncStoreOver(openStoreFile(':memory:')).table('leads')
})

function draft(key: string, local: string): ConflictDraft {
  return { key, field: 'title', kind: 'values', local, remote: 'theirs', base: null, localAtMs: 1, remoteAtMs: 2 }
}

describe('pages of conflicts', () => {
  test('hold each one once, newest first, however many were found in one moment', () => {
    for (let index = 0; index < 25; index += 1) {
      store.conflicts.found(`k${index}`, [draft(`k${index}`, 'ours')], 1000 + Math.floor(index / 10))
    }
    const seen: Conflict[] = []
    for (;;) {
      const last = seen.at(-1)
      const page = store.conflicts.list({
        state: 'open',
        ...(last === undefined ? {} : { after: { foundMs: last.foundMs, id: last.id } }),
        limit: 4,
      })
      if (page.length === 0) break
      seen.push(...page)
    }
    expect(seen).toHaveLength(25)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(25)
    expect(seen.map(({ foundMs }) => foundMs)).toEqual([...seen.map(({ foundMs }) => foundMs)].sort((a, b) => b - a))
  })

  test('are of one state where that is asked for', () => {
    const [id = ''] = store.conflicts.found('k1', [draft('k1', 'ours')], 1000)
    store.conflicts.found('k1', [draft('k1', 'ours, changed')], 2000)
    expect(store.conflicts.get(id)?.state).toBe('gone')
    expect(store.conflicts.list({ state: 'open', limit: 10 })).toMatchObject([{ local: 'ours, changed' }])
    expect(store.conflicts.list({ state: undefined, limit: 10 })).toHaveLength(2)
  })
})
