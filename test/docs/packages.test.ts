import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { lockProblems } from '../../scripts/lock-problems.mjs'

const good = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==`, license: 'MIT' }
const of = (entry: object, path = 'node_modules/one') =>
  lockProblems({ packages: { '': {}, [path]: { ...good, ...entry } } })

describe('the packages of the lock file', () => {
  it('are such that anybody can install them', () => {
    expect(lockProblems(JSON.parse(readFileSync('package-lock.json', 'utf8')))).toEqual([])
  })

  it.each([
    ['no hash', { integrity: undefined }, 'no SHA-512'],
    ['a weak hash', { integrity: 'sha1-AAAA' }, 'no SHA-512'],
    ['a host', { resolved: 'https://registry.example/one.tgz' }, 'https://registry.example/one.tgz'],
    ['a program that runs at install', { hasInstallScript: true }, 'runs a program'],
    ['no licence', { license: undefined }, 'not stated'],
    ['a licence that binds those who use it', { license: 'AGPL-3.0-only' }, 'AGPL-3.0-only'],
    ['one of two licences that both hold', { license: '(MIT AND GPL-3.0-only)' }, 'GPL-3.0-only'],
  ])('%s is named', (_, entry, said) => {
    expect(of(entry)).toEqual([expect.stringContaining(said)])
    expect(of(entry)[0]).toMatch(/^one 1\.0\.0: /)
  })

  it('may have one of several licences, another one where they only serve the work, and a native module that is known', () => {
    expect(of({ license: '(GPL-3.0-only OR MIT)' })).toEqual([])
    expect(of({ license: 'MPL-2.0', dev: true })).toEqual([])
    expect(of({ license: 'MPL-2.0' })).toHaveLength(1)
    expect(of({ hasInstallScript: true }, 'node_modules/better-sqlite3')).toEqual([])
  })
})
