import { expect, it } from 'vitest'
import { type Manifest, parseSetId, readManifest, setIdOf, writeManifest } from './manifest.ts'

const manifest: Manifest = {
  version: 1,
  id: 'nightly-20261126T030000Z-0a1b2c3d',
  backup: 'nightly',
  actionId: 'a1b2',
  createdAtMs: 1,
  generation: 1,
  compression: 'gzip',
  recipients: null,
  members: [
    {
      name: 'main',
      is: 'database',
      file: 'main.db.gz',
      restoredAs: 'main.db',
      bytes: 1,
      sha256: 'aa',
      plainBytes: 2,
      plainSha256: 'bb',
      tables: [{ name: 'leads', rows: 3, sha256: 'cc' }],
    },
  ],
}

it('a manifest is read as it was written, and any other byte in it is found', () => {
  const bytes = Buffer.from(writeManifest(manifest))
  expect(readManifest(bytes.toString())).toEqual(manifest)
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() => readManifest(changed.toString())).toThrow('manifest.json is not what was written')
  }
  for (const text of ['', bytes.toString().slice(0, -1), `${bytes} `])
    expect(() => readManifest(text)).toThrow('manifest.json is not what was written')
})

it('the id of a set says whose it is, whatever dashes its name has', () => {
  const id = setIdOf('two-words', Date.UTC(2026, 10, 26, 3), 'a1')
  expect(id).toMatch(/^two-words-20261126T030000Z-[0-9a-f]{8}$/)
  expect(parseSetId(id)?.backup).toBe('two-words')
  expect(parseSetId('.making-two-words')).toBeUndefined()
})
