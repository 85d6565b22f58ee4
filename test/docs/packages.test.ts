import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { lockProblems } from '../../scripts/lock-problems.mjs'
import { shippedPackages } from '../../scripts/shipped.mjs'

const good = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==`, license: 'MIT' }
const of = (entry: object, path = 'node_modules/one', shipped: readonly string[] = ['one@1.0.0']) =>
  lockProblems({ packages: { '': {}, [path]: { ...good, ...entry } } }, new Set(shipped))
const lockSchema = z.object({ packages: z.record(z.string(), z.looseObject({})) })
const ourLock = () => lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')))

describe('the packages of the lock file', () => {
  it('are such that anybody can install them', () => {
    expect(lockProblems(ourLock(), shippedPackages(ourLock()))).toEqual([])
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
    expect(of({ license: 'MPL-2.0' }, 'node_modules/one', [])).toEqual([])
    expect(of({ license: 'MPL-2.0' })).toHaveLength(1)
    expect(of({ hasInstallScript: true }, 'node_modules/better-sqlite3')).toEqual([])
  })
})

describe('what is shipped', () => {
  it('is what the build took in and what is installed beside it, and no tool', () => {
    const names = [...shippedPackages(ourLock())].map((one) => one.slice(0, one.lastIndexOf('@')))
    expect(names).toEqual(expect.arrayContaining(['graphql-yoga', 'preact', 'better-sqlite3', 'zod', 'sonic-boom']))
    expect(names.filter((name) => /vitest|biome|typescript|playwright/.test(name))).toEqual([])
  })

  it('is on the bill of materials, each with its hash, and nothing else is', () => {
    const billSchema = z.object({
      metadata: z.object({ component: z.object({ name: z.string() }) }),
      components: z.array(z.object({ name: z.string(), version: z.string(), hashes: z.array(z.unknown()).min(1) })),
    })
    const bill = billSchema.parse(JSON.parse(execFileSync('node', ['scripts/sbom.mjs'], { encoding: 'utf8' })))
    expect(bill.metadata.component.name).toBe('trueup')
    const listed = new Set(bill.components.map(({ name, version }) => `${name}@${version}`))
    expect([...listed].sort()).toEqual([...shippedPackages(ourLock())].sort())
  })
})
