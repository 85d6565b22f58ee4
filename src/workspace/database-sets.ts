/** What the kind of databases asks of backups: which verified sets hold one, and that one out of a set. */
import { join } from 'node:path'
import type { BackupKind } from '../kinds/backup/index.ts'
import { setsOf } from '../kinds/backup/index.ts'
import type { DatabaseSets, SetOfDatabase } from '../kinds/database/index.ts'
import { readSet } from '../targets/backup/sets.ts'
import { findSet, type SetPlaces, unpack } from './restore-set.ts'

export function databaseSets(ports: SetPlaces & { readonly backups: BackupKind }): DatabaseSets {
  const { backups, generations } = ports
  const declared = (database: string) =>
    backups.list(generations.inForce().state).filter(({ spec }) => spec.databases.some(({ name }) => name === database))
  return {
    of(database) {
      const found = declared(database).flatMap(({ spec }) =>
        setsOf(spec).flatMap((set): SetOfDatabase[] => {
          const [folder] = set.folders
          if (set.verified === undefined || set.problems.length > 0 || folder === undefined) return []
          const { manifest } = readSet(folder, set.id)
          const member = manifest?.members.find(({ is, name }) => is === 'database' && name === database)
          if (member === undefined) return []
          const { id, createdAtMs, isEncrypted } = set
          return [{ id, createdAtMs, isEncrypted, tables: member.tables }]
        }),
      )
      return found.sort((one, other) => other.createdAtMs - one.createdAtMs)
    },
    async restore(id, database, into, context) {
      const { path } = findSet(ports, id)
      await unpack(ports, { path, into, identities: [], members: [database] }, context)
      return join(into, `${database}.db`)
    },
  }
}
