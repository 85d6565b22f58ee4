import { describe, expect, it } from 'vitest'
import { desiredStateSchema } from '../desired/schema.ts'
import { notManagedSections } from '../desired/unmanaged.ts'
import { managedKinds } from './registry.ts'

describe('the registry', () => {
  it('manages databases, tables, standardization, imports, services, jobs and backups, and says so of nothing else', () => {
    const state = desiredStateSchema.parse({
      apiVersion: 'trueup/v1',
      name: 'x',
      databases: { main: { path: 'a.db' } },
      tables: { leads: { database: 'main', key: 'id', fields: { email: { type: 'email', standardize: 'email' } } } },
      services: { one: { command: ['true'] } },
      jobs: { daily: { schedule: '0 6 * * *', command: ['true'] } },
      backups: { nightly: { of: ['main'], schedule: '0 3 * * *', to: ['backups/'] } },
      alerts: {
        channels: { ops: { webhook: { env: 'URL' } } },
        rules: [{ when: 'backupAge > 26h', to: 'ops' }],
      },
    })
    expect(notManagedSections(state, managedKinds)).toEqual([])
  })
})
