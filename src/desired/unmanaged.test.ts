import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { desiredStateSchema } from './schema.ts'
import { notManagedSections } from './unmanaged.ts'

const example = desiredStateSchema.parse(
  parse(readFileSync(new URL('./fixtures/example.yaml', import.meta.url), 'utf8')),
)

const everyKind = [
  'database',
  'table',
  'standardization',
  'quality',
  'duplicates',
  'import',
  'airtable-schema',
  'sync',
  'service',
  'job',
  'backup',
  'alert',
  'role',
]

describe('what the file declares and this version does not manage', () => {
  it('is nothing when every kind is there', () => {
    expect(notManagedSections(example, new Set(everyKind))).toEqual([])
  })

  it('is named with its entries, section by section', () => {
    const kinds = new Set(['database', 'table', 'standardization', 'quality', 'duplicates', 'import'])
    const message = 'not managed by this version'
    expect(notManagedSections(example, kinds)).toEqual([
      { section: 'airtable', kind: 'airtable-schema', names: ['leads'], message },
      { section: 'tables.*.airtable', kind: 'sync', names: ['leads'], message },
      {
        section: 'services',
        kind: 'service',
        names: ['website-scraper', 'message-generator', 'campaign-brain'],
        message,
      },
      { section: 'jobs', kind: 'job', names: ['daily-sync'], message },
      { section: 'backups', kind: 'backup', names: ['nightly'], message },
      {
        section: 'alerts',
        kind: 'alert',
        names: ['errorPercent > 5', 'backupAge > 26h', 'drift.critical > 0'],
        message,
      },
      { section: 'access.roles', kind: 'role', names: ['sales'], message },
    ])
  })

  it('covers every section of the example: without kinds, each is named', () => {
    const named = new Set(notManagedSections(example, new Set()).map(({ section }) => section.split('.')[0]))
    // What plug-ins are is read at the start, before there are kinds.
    const settings = ['apiVersion', 'name', 'policy', 'plugins']
    expect([...named].sort()).toEqual(
      Object.keys(example)
        .filter((key) => !settings.includes(key))
        .sort(),
    )
  })

  it('does not name what is not declared', () => {
    const empty = desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'empty' })
    expect(notManagedSections(empty, new Set())).toEqual([])
  })
})
