/** What keeps a workspace from harm: room on disks, programs told apart, backups, the signed journal and its copies. */
import { join, resolve } from 'node:path'
import { secretReader } from '../../desired/references.ts'
import type { Action } from '../../engine/action.ts'
import type { Obstacle } from '../../engine/gate.ts'
import { createMemory } from '../../engine/memory.ts'
import { errorTable } from '../../errors.ts'
import type { JournalStore } from '../../journal/store.ts'
import { backupKind } from '../../kinds/backup/index.ts'
import { damageAt } from '../../kinds/database/index.ts'
import { readKey } from '../../targets/key-file.ts'
import { createProgramFinder } from '../../targets/sqlite/programs.ts'
import { auditFiles } from '../audit-heads.ts'
import { createAuditPort } from '../audit-port.ts'
import { databaseSets } from '../database-sets.ts'
import { createDatabaseUsers } from '../database-users.ts'
import { decisionFiles } from '../decision-files.ts'
import { createDisks, diskObstacles } from '../disks.ts'
import { personPlacesOf } from '../erasure.ts'
import { createHeadCopies } from '../head-copies.ts'
import { openPrograms } from '../programs.ts'
import { createRoom, roomObstacle } from '../room.ts'
import { createSafeguard } from '../safeguard.ts'
import type { WorkspaceOptions } from '../workspace.ts'
import type { Closers } from './closers.ts'
import { engineOf, type Foundation } from './foundation.ts'
import type { LeadParts } from './leads.ts'
import type { People } from './people.ts'

export function openProtection(
  options: WorkspaceOptions,
  base: Foundation,
  people: People,
  { airtable }: LeadParts,
  closers: Closers,
) {
  const { clock } = options
  const { directory, ownFolder, stateFile, keep, databases, offload, journal, generations, inForce, later } = base
  const { changeSets, checkpointsPath, suppressions } = people
  const memory = createMemory(journal, { keep })
  const programs = openPrograms({ ...options, workspace: directory, ownFolder, keep, memory })
  closers.add(() => programs.close())
  later.refusal = (path) => damageAt(memory, Object.keys(inForce().databases), path)
  const secrets = secretReader(options.environment, directory)
  const users = createDatabaseUsers({ services: programs.services, state: inForce, engine: () => engineOf(later) })
  const { headsPath, keyPath } = auditFiles(ownFolder)
  const backups = backupKind(
    {
      workspace: directory,
      ...{ ownFolder, stateFile, checkpointsPath, headsPath },
      decisions: decisionFiles.map(({ name, file }) => ({ name, path: join(ownFolder, file) })),
      generation: () => generations.inForce().number,
      freeMin: () => inForce().policy.disk.freeMin,
      ...{ databases, changeSets, airtable, offload, secrets, suppressions, users, clock },
      places: () => personPlacesOf(inForce(), directory),
      programsNow: createProgramFinder().programsOf,
    },
    inForce,
  )
  const copies = createHeadCopies({
    headsPath,
    key: () => readKey(keyPath),
    declared: () => {
      const { name, policy } = inForce()
      return { name, folders: policy.audit.heads.to.map((folder) => resolve(directory, folder)) }
    },
    clock,
  })
  later.copies = copies
  const sets = databaseSets({ backups, generations, offload, suppressions, directory, ownFolder, secrets, clock })
  return {
    ...{ memory, programs, secrets, users, backups, copies, sets },
    obstacles: obstaclesOf(options, base),
    audit: createAuditPort({ ownFolder, looksOnly: !keep, databases, offload, copies }),
    safeguard: createSafeguard({
      ...{ backups, sets, state: inForce, workspace: directory },
      engine: () => engineOf(later),
      damaged: (path) => later.refusal?.(path),
    }),
  }
}

/** What holds back everything that is to be carried out now. Who only looks says what would be done, whatever the disk. */
function obstaclesOf(
  { clock, log, serves }: WorkspaceOptions,
  { directory, ownFolder, keep, journal, inForce }: Foundation,
): (action?: Action) => readonly Obstacle[] {
  const disk = () => inForce().policy.disk
  const room = createRoom({ folder: ownFolder, bounds: disk, makes: serves === true && keep, clock, log })
  const disks = createDisks({ workspace: directory, ownFolder, clock, log, state: inForce })
  return (action) => {
    if (!keep) return []
    const ofDisks = diskObstacles(disks.short(), disk(), action?.cost.bucket)
    return [...roomObstacle(room.look(), disk()), ...journalObstacle(journal), ...ofDisks]
  }
}

/** What the gate holds everything back for while the journal cannot be written. */
function journalObstacle(journal: JournalStore): readonly Obstacle[] {
  const trouble = journal.trouble()
  if (trouble === undefined) return []
  return [
    {
      code: 'journal-unwritable',
      message: `the journal cannot be written, and nothing is done without it: ${trouble.message}`,
      nextStep: errorTable.JOURNAL_UNWRITABLE.hint,
    },
  ]
}
