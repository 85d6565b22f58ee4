/** What differs between a declared database and the file that is there. Pure. */
import type { DriftDraft } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { bytesText, durationText, modeText } from './phrases.ts'
import { recoveryObstacle } from './recovery-plan.ts'
import type { DatabaseDeclaration } from './spec.ts'
import { type DatabaseState, problemsOf, violationsOf } from './state.ts'

/** Permission bits of a database file, its -wal and -shm, and of the folder that holds them. */
const fileMode = 0o600
const folderMode = 0o700

/** A -wal beyond this size tells of a reader that never ends its transaction (SQLite keeps it near 4 MB). */
const walBytesMax = 64_000_000

const none = { count: 0, sample: [] }
const cannotSet = 'Trueup is not the owner of the file and may not do it'

/** The differences. Nothing follows from what could not be read. */
export function differencesOf(
  resource: Declared<DatabaseDeclaration>,
  observation: Observation<DatabaseState>,
): readonly DriftDraft[] {
  switch (observation.is) {
    case 'unreadable':
      return []
    case 'absent':
      return [missing(resource)]
    case 'present':
      return [
        ...integrityDrift(resource, observation.state),
        ...modeDrift(resource, observation.state),
        ...journalDrift(resource, observation.state),
        ...foreignKeyDrift(observation.state),
        ...sizeDrift(resource.spec, observation.state),
        ...freshnessDrift(resource.spec, observation.state),
        ...programDrift(observation.state),
      ]
  }
}

function missing({ spec, observeOnly }: Declared<DatabaseDeclaration>): DriftDraft {
  const byHand = observeOnly
    ? `Correct the path, or restore ${spec.path} from a backup; a database that is only observed is never made.`
    : `Declare a table in it, correct the path, or bring it back: \`trueup backup restore ID --database ${spec.name}\`.`
  return {
    path: 'file',
    severity: 'high',
    category: 'database',
    desired: 'a database file',
    observed: 'absent',
    affected: none,
    message: `There is no file at ${spec.path}.`,
    ...(observeOnly || !spec.holdsTables ? { byHand } : {}),
  }
}

function integrityDrift({ observeOnly, spec }: Declared<DatabaseDeclaration>, state: DatabaseState): DriftDraft[] {
  const problems = problemsOf(state)
  if (problems.length === 0) return []
  const { path } = state.facts.file
  return [
    {
      path: 'integrity',
      severity: 'critical',
      category: 'database',
      desired: 'sound',
      observed: problems,
      affected: none,
      message: `${path} is corrupt: ${problems[0]}${problems.length > 1 ? ` (and ${problems.length - 1} more problems)` : ''}.`,
      ...byHandFor(observeOnly, path, state),
    },
    ...(observeOnly ? [] : unsalvaged(spec, state)),
  ]
}

/** Where the ladder cannot be gone: the file is only observed, or it led to nothing sound. */
function byHandFor(observeOnly: boolean, path: string, { recovery }: DatabaseState): Pick<DriftDraft, 'byHand'> {
  const obstacle = recovery === undefined ? undefined : recoveryObstacle(recovery)
  if (obstacle !== undefined) return { byHand: `${path}: ${obstacle}` }
  if (!observeOnly) return {}
  return {
    byHand:
      `Stop the programs that write it; copy ${path} with its -wal and -shm to a safe place; restore the newest verified ` +
      'backup with `trueup backup restore ID --into DIR`; start the programs again. Without a backup, read what is left table by table from the copy.',
  }
}

function unsalvaged({ path }: DatabaseDeclaration, { recovery }: DatabaseState): DriftDraft[] {
  if (recovery === undefined || recovery.report !== undefined || recoveryObstacle(recovery) !== undefined) return []
  return [
    {
      path: 'quarantine',
      severity: 'high',
      category: 'database',
      desired: 'a copy of the damaged state, and what can be made of it',
      observed: 'none',
      affected: none,
      message: `The damaged state of ${path} is not in the quarantine yet.`,
    },
  ]
}

/** The things whose mode is kept, with the mode they should have. */
export function modesOf(
  state: DatabaseState,
): readonly { readonly part: string; readonly path: string; readonly from: number; readonly to: number }[] {
  const { file, wal, shm, folder } = state.facts
  return [
    { part: 'file', path: file.path, from: file.mode, to: fileMode },
    ...(wal === undefined ? [] : [{ part: 'wal', path: wal.path, from: wal.mode, to: fileMode }]),
    ...(shm === undefined ? [] : [{ part: 'shm', path: shm.path, from: shm.mode, to: fileMode }]),
    ...(state.ownsFolder ? [{ part: 'folder', path: folder.path, from: folder.mode, to: folderMode }] : []),
  ]
}

function modeDrift({ observeOnly, spec }: Declared<DatabaseDeclaration>, state: DatabaseState): DriftDraft[] {
  if (!spec.keepsPrivate) return []
  const own = modesOf(state)
    .filter(({ from, to }) => from !== to)
    .map(({ part, path, from, to }): DriftDraft => {
      const command = `chmod ${modeText(to)} ${path}`
      return {
        path: `mode.${part}`,
        severity: (from & 0o022) !== 0 ? 'high' : 'medium',
        category: 'database',
        desired: modeText(to),
        observed: modeText(from),
        affected: none,
        message: `${path} has mode ${modeText(from)} instead of ${modeText(to)}: ${whoMay(from)}.`,
        ...(observeOnly ? { byHand: `${command} where its owner agrees; it is only observed.` } : {}),
        ...(!observeOnly && !state.maySetModes ? { byHand: `${command} as its owner; ${cannotSet}.` } : {}),
      }
    })
  return [...own, ...sharedFolderDrift(state)]
}

/** Not ours to set: the workspace itself, or a folder outside it. */
function sharedFolderDrift({ ownsFolder, facts: { folder } }: DatabaseState): DriftDraft[] {
  // A sticky folder (/tmp) lets nobody replace a file of somebody else.
  const isOpen = (folder.mode & 0o022) !== 0 && (folder.mode & 0o1000) === 0
  if (ownsFolder || !isOpen) return []
  return [
    {
      path: 'mode.folder',
      severity: 'medium',
      category: 'database',
      desired: 'writable by its owner only',
      observed: modeText(folder.mode),
      affected: none,
      message: `${folder.path}, which holds the database, has mode ${modeText(folder.mode)}: other users can replace the file.`,
      byHand: `chmod go-w ${folder.path}, or move the database into a folder of its own inside the workspace.`,
    },
  ]
}

function whoMay(mode: number): string {
  if ((mode & 0o022) !== 0) return 'other users can write it'
  if ((mode & 0o055) !== 0) return 'other users can read it'
  return 'it is not what its owner needs'
}

function journalDrift({ observeOnly, spec }: Declared<DatabaseDeclaration>, { content }: DatabaseState): DriftDraft[] {
  if (content === undefined || content.journalMode === 'wal' || !spec.keepsWal) return []
  return [
    {
      path: 'journal',
      severity: observeOnly ? 'low' : 'medium',
      category: 'database',
      desired: 'wal',
      observed: content.journalMode,
      affected: none,
      message: `${spec.path} has a rollback journal instead of WAL: its readers and writers shut each other out.`,
      ...(observeOnly ? { byHand: `PRAGMA journal_mode = WAL in one of its programs; it is only observed.` } : {}),
    },
  ]
}

function foreignKeyDrift(state: DatabaseState): DriftDraft[] {
  const violations = violationsOf(state)
  if (violations === undefined || violations.foreignKeyViolations === 0) return []
  const { foreignKeyViolations: count, violatingTables: tables } = violations
  return [
    {
      path: 'foreign-keys',
      severity: 'medium',
      category: 'data',
      desired: 0,
      observed: count,
      affected: { count, sample: [] },
      message: `${count} row${count === 1 ? '' : 's'} in ${tables.join(', ')} point at rows that are not there.`,
      byHand: 'PRAGMA foreign_key_check lists them; delete them or restore the rows they point at.',
    },
  ]
}

function sizeDrift(spec: DatabaseDeclaration, state: DatabaseState): DriftDraft[] {
  const drift: DriftDraft[] = []
  const { file, wal } = state.facts
  if (spec.sizeMax !== null && file.size > spec.sizeMax) {
    drift.push({
      path: 'size',
      severity: 'medium',
      category: 'database',
      desired: `at most ${bytesText(spec.sizeMax)}`,
      observed: bytesText(file.size),
      affected: none,
      message: `${file.path} takes ${bytesText(file.size)}, more than the ${bytesText(spec.sizeMax)} that are declared.`,
      byHand: 'Archive or delete old records and VACUUM it, or raise `sizeMax`.',
    })
  }
  if (wal !== undefined && wal.size > walBytesMax) {
    drift.push({
      path: 'wal-size',
      severity: 'medium',
      category: 'database',
      desired: `at most ${bytesText(walBytesMax)}`,
      observed: bytesText(wal.size),
      affected: none,
      message: `${wal.path} has grown to ${bytesText(wal.size)}: a program keeps a read transaction open.`,
      byHand: `Find the program among ${state.programs.map((one) => `${one.name} (${one.pid})`).join(', ') || 'those that have it open'} and let it end its transaction.`,
    })
  }
  return drift
}

function freshnessDrift(spec: DatabaseDeclaration, state: DatabaseState): DriftDraft[] {
  if (spec.freshWithinMs === null) return []
  const ageMs = state.observedAtMs - lastWriteAtMs(state)
  if (ageMs <= spec.freshWithinMs) return []
  return [
    {
      path: 'freshness',
      severity: 'medium',
      category: 'data',
      desired: `written within ${durationText(spec.freshWithinMs)}`,
      observed: new Date(lastWriteAtMs(state)).toISOString(),
      affected: none,
      message: `Nothing was written to ${spec.path} for more than ${durationText(spec.freshWithinMs)}.`,
      byHand: 'Look whether the programs that should write it are running.',
    },
  ]
}

/** When the database was last written, in milliseconds since the epoch. */
export function lastWriteAtMs({ facts }: DatabaseState): number {
  return Math.max(facts.file.modifiedAtMs, (facts.wal?.size ?? 0) > 0 ? (facts.wal?.modifiedAtMs ?? 0) : 0)
}

function programDrift({ content, programs }: DatabaseState): DriftDraft[] {
  const affected = programs.filter((one) => one.safety === 'affected')
  if (content?.journalMode !== 'wal' || affected.length === 0) return []
  const names = [...new Set(affected.map((one) => `${one.name} (SQLite ${one.sqlite})`))].sort()
  return [
    {
      path: 'programs.sqlite',
      severity: 'low',
      category: 'database',
      desired: '3.51.3, 3.50.7, 3.44.6 or newer in these lines',
      observed: names,
      affected: none,
      message: `${names.join(', ')} can, rarely, corrupt a WAL database that several programs write (the WAL-reset bug).`,
      byHand: 'Upgrade their SQLite to 3.51.3, or to 3.50.7 or 3.44.6 in the older lines.',
    },
  ]
}
