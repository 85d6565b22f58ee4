import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { seededRandom } from '../../random.ts'
import { openKeyIndex, writeKeyIndex } from './key-index.ts'

const folder = mkdtempSync(join(tmpdir(), 'key-index-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('finds the rows and the number of every fingerprint, the first and the last too, and none of others', () => {
  const random = seededRandom(5)
  const rows = 5000
  const any = () => Uint32Array.from({ length: rows }, () => 1 + Math.floor(random.next() * 3000) * 1_400_000)
  const [rule, key, feature] = [any(), any(), any()]
  const path = join(folder, 'a.keys')
  const none = { sketches: [], commonness: [] }
  writeKeyIndex(path, { rows, prints: [feature], keys: [[key]], rules: [rule], ...none }, (row) => row * 2 + 1)
  const index = openKeyIndex(path)
  try {
    for (const print of [...new Set([...rule, ...key, ...feature, 1, 2, 4_294_967_295])]) {
      const rowIds = (column: Uint32Array) =>
        [...column.keys()].filter((row) => column[row] === print).map((row) => row * 2 + 1)
      if (print % 40 !== 1 && print > 2) continue
      expect(index.rowIdsWith(0, print)).toEqual(rowIds(rule))
      expect(index.rowIdsWith(1, print)).toEqual(rowIds(key))
      expect(index.countOf(0, print)).toBe(rowIds(feature).length)
    }
  } finally {
    index.close()
  }
})
