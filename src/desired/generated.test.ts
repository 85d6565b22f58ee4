import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { standardizeRules } from '../values/rules/index.ts'
import { renderJsonSchema } from './json-schema.ts'
import { renderReference } from './reference.ts'

const checkedIn = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const hint =
  'run `npm run build && node dist/desired/write-json-schema.js desired-state.schema.json docs/desired-state.md`'

describe('what is generated from the schema and checked in', () => {
  it('the JSON Schema is the newest', () => {
    expect(checkedIn('desired-state.schema.json') === renderJsonSchema(standardizeRules), hint).toBe(true)
  })

  it('the reference is the newest', () => {
    expect(checkedIn('docs/desired-state.md') === renderReference(standardizeRules), hint).toBe(true)
  })
})
