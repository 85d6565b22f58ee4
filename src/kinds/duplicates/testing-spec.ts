/** A spec for tests of single parts. */
import { type DuplicatesSpec, specSchema } from './spec.ts'

export function testingSpec(given: Partial<DuplicatesSpec> = {}): DuplicatesSpec {
  const field = (name: string, type: string) => ({ name, type, choices: null, rules: [] })
  return specSchema.parse({
    database: 'main',
    path: 'data/leads.db',
    table: 'leads',
    key: 'id',
    fields: [
      field('full_name', 'text'),
      field('email', 'email'),
      field('tags', 'text'),
      field('score', 'integer'),
      field('message', 'longtext'),
      field('changed', 'datetime'),
    ],
    stamps: [],
    recency: 'changed',
    formerTable: null,
    formerColumns: {},
    rules: [
      { name: 'email', exact: ['email'], confidence: 0.97 },
      { name: 'name', fuzzy: ['full_name'], threshold: 0.85 },
    ],
    strategy: 'most_recent',
    choosers: {},
    automaticFrom: 0.95,
    ...given,
  })
}
