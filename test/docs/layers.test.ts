import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { codeIn, repositoryFiles, tableRowsBelow, textOf } from './files.ts'

const rulesSchema = z.object({
  forbidden: z.array(z.object({ name: z.string(), to: z.looseObject({ pathNot: z.unknown().optional() }) })),
})
const { forbidden } = rulesSchema.parse(createRequire(import.meta.url)('../../.dependency-cruiser.cjs'))

/** What a folder may import, as the rule `<folder>-keeps-its-direction` says. */
const enforced = Object.fromEntries(
  forbidden.flatMap(({ name, to }) => {
    const folder = /^([a-z]+)-keeps-its-direction$/.exec(name)?.[1]
    if (folder === undefined) return []
    const [pattern = ''] = z.array(z.string()).parse(to.pathNot)
    const folders = /\(([a-z|]+)\)/.exec(pattern)?.[1]?.split('|') ?? []
    return [[folder, folders.filter((one) => one !== folder).sort()]]
  }),
)

describe('the layers', () => {
  it('of docs/ARCHITECTURE.md are those that are enforced', () => {
    const described = Object.fromEntries(
      tableRowsBelow(textOf('docs/ARCHITECTURE.md'), '## Layers').map(([folder = '', imports = '']) => [
        codeIn(folder),
        [...imports.matchAll(/`([a-z]+)`/g)].map(([, one = '']) => one).sort(),
      ]),
    )
    expect(Object.keys(enforced).length).toBeGreaterThan(10)
    expect(described).toEqual(enforced)
  })

  it('bind every folder of src', () => {
    const folders = new Set(repositoryFiles().flatMap((path) => /^src\/([^/]+)\//.exec(path)?.[1] ?? []))
    expect([...folders].filter((folder) => !(folder in enforced))).toEqual([])
  })
})
