/** A backup port for the tests of the API: one backup with one set. */
import type { BackupPort, BackupSetView } from './backup-port.ts'

export const testingSet: BackupSetView = {
  id: 'nightly-20261126T030000Z-0a1b2c3d',
  createdAtMs: 0,
  bytes: 4000,
  encrypted: false,
  paths: ['/backups/nightly-20261126T030000Z-0a1b2c3d'],
  problems: [],
  verifiedAtMs: 0,
  verifiedHow: 'restored',
}

export function createTestingBackups(): BackupPort {
  return {
    backups: async () => [
      {
        name: 'nightly',
        summary: '1 set',
        of: ['main'],
        schedule: '0 3 * * *',
        timezone: 'UTC',
        nextAtMs: 0,
        due: false,
        places: [{ place: 'backups/', problem: null }],
        sets: [testingSet],
      },
    ],
    create: async ({ name }) =>
      name === 'nightly'
        ? { is: 'created', actionId: 'a1', set: testingSet }
        : { is: 'not-found', message: `no backup is named ${name}` },
    verify: async ({ id }) => ({ is: 'verified', id, verified: true, how: 'restored', problems: [] }),
    restore: async ({ set }) => ({
      is: 'asked',
      id: 'id' in set ? set.id : testingSet.id,
      createdAtMs: 0,
      olderMs: 'id' in set ? null : set.atMs,
      actionId: 'a2',
      message: 'Restore',
      counts: { added: 1, changed: 0, removed: 0 },
      tables: [{ table: 'leads', added: 1, changed: 0, removed: 0 }],
      passedOver: [],
      withheld: 0,
      sample: ['1'],
      preview: [],
    }),
    restoreAirtable: async ({ table }) => ({ is: 'not-found', message: `the set holds no table ${table}` }),
    restoreIntoFolder: async () => ({
      ...{ is: 'restored', id: testingSet.id, folder: '/ws/restored', withheld: 0 },
      files: [{ name: 'main', file: 'main.db', rows: 1 }],
    }),
    prune: async () => ({ is: 'pruned', actionId: null, ids: [] }),
    figures: async () => [],
  }
}
