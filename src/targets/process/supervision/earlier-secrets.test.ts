/** Secrets that programs had earlier, in what they wrote: found by marks from which nobody can read them. */
import { expect, test } from 'vitest'
import type { JsonValue } from '../../../json.ts'
import { noteSecrets, withoutEarlierSecrets } from './earlier-secrets.ts'

function storeOf() {
  const kept = new Map<string, JsonValue>()
  return {
    kept,
    get: (collection: string, name: string) => kept.get(`${collection} ${name}`),
    set: (collection: string, name: string, document: JsonValue) => void kept.set(`${collection} ${name}`, document),
  }
}
const declared = { ONE: { env: 'ONE' }, TWO: { file: 'two' }, PLAIN: 'not-a-secret' }

test('are blotted out wherever they stand, whole and beside each other, and nothing else is', () => {
  const store = storeOf()
  noteSecrets(declared, { ONE: 'hush-hush', TWO: 'pässwörd-ünd', PLAIN: 'not-a-secret' }, store)
  noteSecrets(declared, { ONE: 'hush-hush-2', TWO: 'short', PLAIN: '' }, store)
  const clean = (text: string) => withoutEarlierSecrets(text, store, '•')
  expect(clean('a hush-hush b pässwörd-ünd; hush-hush-2hush-hush')).toBe('a • b •; ••')
  for (const text of ['not-a-secret short', 'hushhush- x', 'shuh-hsuh', 'ä'.repeat(50), ''])
    expect(clean(text)).toBe(text)
  expect(JSON.stringify([...store.kept])).not.toMatch(/hush|pässw/)
})

test('a long text takes little time', () => {
  const store = storeOf()
  for (let n = 0; n < 300; n += 1) noteSecrets(declared, { ONE: `secret-number-${n}`, TWO: '' }, store)
  const text = `${'all is well with secret-numbers here\n'.repeat(2000)}secret-number-299`
  const startedMs = performance.now()
  expect(withoutEarlierSecrets(text, store, '•').slice(-20)).not.toContain('299')
  expect(performance.now() - startedMs).toBeLessThan(2000)
})
