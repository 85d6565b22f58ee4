/** What Airtable refuses is one clear item with its remedy, and everything local goes on working. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TokenProfile, tokenProfile, tokenRestrictions } from '../../src/sandbox/access/tokens.ts'
import { documents, trueupJson } from '../support/cli.ts'
import { createSyncWorld, type SyncWorld } from '../support/sync-world.ts'

let world: SyncWorld
beforeAll(async () => {
  world = await createSyncWorld({ leads: 3 })
  world.workspace.edit((yaml) =>
    yaml.replace('unique: true, airtable: Email', 'unique: true, standardize: [trim, lowercase], airtable: Email'),
  )
}, 120_000)
afterAll(() => world.close())

/** One apply after a messy row was written; gives what is said of it. */
async function applied(name: string) {
  world.workspace.write(
    `INSERT INTO leads (id, full_name, email) VALUES ('${name}', 'Ada ${name}', '  Ada@${name.toUpperCase()}.example ')`,
  )
  await trueupJson(['apply'], documents.apply, { in: world.workspace.folder })
  const { document } = await trueupJson(['status'], documents.status, { in: world.workspace.folder })
  const troubles = document.items.flatMap(({ id, error }) => (error === null ? [] : [{ id, ...error }]))
  return { sentence: document.sentence, troubles, email: world.here(name)?.email }
}

const refused: readonly (readonly [string, Partial<TokenProfile>, string, RegExp])[] = [
  ['a revoked key', tokenRestrictions.revoked, 'AIRTABLE_UNAUTHORIZED', /airtable\.com\/create\/tokens/],
  ['a missing scope', tokenRestrictions.readOnlyScopes, 'AIRTABLE_FORBIDDEN', /scopes data\.records:read/],
]

describe.each(refused)('%s', (name, profile, code, remedy) => {
  beforeAll(() => world.control.setToken(tokenProfile('any', profile)))
  afterAll(() => world.control.setToken(tokenProfile('any')))

  test('is one item with its remedy, and rows are standardized all the same', async () => {
    const { sentence, troubles, email } = await applied(name.replaceAll(' ', '-'))
    expect(sentence).toMatch(/^1 resource cannot be read( and with it 1 more)?[,.]/)
    expect(new Set(troubles.map((trouble) => trouble.code))).toEqual(new Set([code]))
    for (const { hint } of troubles) expect(hint).toMatch(remedy)
    expect(email).toBe(`ada@${name.replaceAll(' ', '-')}.example`)
  })
})

test('a used-up month is one item, and what was kept back is pushed when there are calls again', async () => {
  world.control.setLimits({ monthlyCalls: 1 })
  const { sentence, troubles, email } = await applied('month')
  expect(sentence).toMatch(/^1 resource cannot be read/)
  expect(troubles).toMatchObject([{ id: 'sync/leads', code: 'AIRTABLE_QUOTA_EXHAUSTED' }])
  expect(email).toBe('ada@month.example')
  world.control.setLimits({ monthlyCalls: 1_000_000 })
})

test('a base that is not there is one item that names what to check', async () => {
  world.workspace.edit((yaml) => yaml.replace(/base: app\w+/, 'base: appNotThere000001'))
  const { sentence, troubles, email } = await applied('nobase')
  expect(sentence).toMatch(/^1 resource cannot be read and with it 1 more/)
  expect(troubles.map(({ code }) => code)).toEqual(['AIRTABLE_FORBIDDEN', 'AIRTABLE_FORBIDDEN'])
  expect(email).toBe('ada@nobase.example')
  world.workspace.edit((yaml) => yaml.replace('base: appNotThere000001', `base: ${world.baseId}`))
  const after = await applied('again')
  expect(after.troubles).toEqual([])
  expect(world.remote().get('again')?.cells.Email).toBe('ada@again.example')
})
