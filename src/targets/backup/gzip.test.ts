import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { gunzipFile, gzipFile } from './gzip.ts'

const folder = mkdtempSync(join(tmpdir(), 'trueup-gzip-'))
const path = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true }))

const contents: Readonly<Record<string, Buffer>> = {
  empty: Buffer.alloc(0),
  small: Buffer.from('one line\n'),
  'of many blocks': Buffer.concat([randomBytes(3 << 20), Buffer.alloc(5 << 20, 'wordy '), randomBytes(7)]),
}

test.each(Object.entries(contents))(
  'a file that is %s is packed so that any program unpacks it',
  async (name, content) => {
    writeFileSync(path(name), content)
    const facts = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }
    const { plain, stored } = await gzipFile(path(name), path(`${name}.gz`))
    expect(plain).toEqual(facts)
    const packed = readFileSync(path(`${name}.gz`))
    expect(stored).toEqual({ bytes: packed.length, sha256: createHash('sha256').update(packed).digest('hex') })
    expect(statSync(path(`${name}.gz`)).mode & 0o777).toBe(0o600)
    const maxBuffer = 1 << 27
    expect(execFileSync('gunzip', ['-c', path(`${name}.gz`)], { maxBuffer }).equals(content)).toBe(true)
    const script = 'import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())'
    expect(execFileSync('python3', ['-c', script, path(`${name}.gz`)], { maxBuffer }).equals(content)).toBe(true)
    expect(await gunzipFile(path(`${name}.gz`), path(`${name}.back`), { isDurable: false })).toEqual(facts)
    expect(readFileSync(path(`${name}.back`)).equals(content)).toBe(true)
  },
)

test('what was packed in one piece is unpacked too; what is cut off is not, or is another file', async () => {
  writeFileSync(path('old.gz'), gzipSync('of an older set'))
  expect(await gunzipFile(path('old.gz'), path('old'), { isDurable: true })).toMatchObject({ bytes: 15 })
  truncateSync(path('old.gz'), 20)
  await expect(gunzipFile(path('old.gz'), path('cut'), { isDurable: false })).rejects.toMatchObject({
    code: 'Z_BUF_ERROR',
  })
})

test('what cannot be read or written is told, and nothing is left to run on', async () => {
  await expect(gzipFile(path('nowhere'), path('nowhere.gz'))).rejects.toMatchObject({ code: 'ENOENT' })
  writeFileSync(path('there'), 'x')
  await expect(gzipFile(path('there'), path('there'))).rejects.toMatchObject({ code: 'EEXIST' })
})
