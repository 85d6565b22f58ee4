/** Which set a restore to a moment takes. */
import type { SetChoice } from '../api/backup-port.ts'
import { isoOf } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import { ageText, type BackupSet, setsOf } from '../kinds/backup/index.ts'
import type { Workspace } from './workspace.ts'

export interface ChosenSet {
  readonly id: string
  readonly createdAtMs: number
  /** How much older it is than the moment that was asked for; null where it was named. */
  readonly olderMs: number | null
}

/**
 * The newest verified set that was made at a moment or before. What is damaged or was never verified is not taken: who wants
 * it all the same names it. The stores must have been asked before (`refreshSets`).
 * @param member only sets that hold it (`main`, `airtable/leads`); null for whole sets, which are then those of one backup
 * Throws NOT_FOUND; USAGE where several backups could be meant.
 */
export function setAt(
  { backups, generations }: Pick<Workspace, 'backups' | 'generations'>,
  { atMs, backup }: Extract<SetChoice, { atMs: number }>,
  member: string | null,
): ChosenSet {
  const all = backups.list(generations.inForce().state).map(({ spec }) => spec)
  const names = all.map(({ name }) => name).join(', ')
  const meant = backup === undefined ? all : all.filter(({ name }) => name === backup)
  if (meant.length === 0)
    throw new OperationalError(
      'NOT_FOUND',
      backup === undefined ? 'no backup is declared' : `no backup is named ${backup}`,
      {
        hint: names === '' ? 'Declare one under `backups` in the desired state.' : `Declared are: ${names}.`,
      },
    )
  // Whole sets of two backups hold different things: the newer one is no better answer than the other.
  if (member === null && meant.length > 1)
    throw new OperationalError('USAGE', 'several backups are declared: name the one whose set is to be restored', {
      hint: `Give --backup NAME; declared are: ${names}.`,
    })
  const holding = meant.flatMap(setsOf).filter((set) => member === null || set.holds.includes(member))
  const taken = newestOf(holding.filter((set) => isProved(set) && set.createdAtMs <= atMs))
  if (taken === undefined) throw noneAt(atMs, member ?? backup ?? meant[0]?.name ?? '', holding)
  return { id: taken.id, createdAtMs: taken.createdAtMs, olderMs: atMs - taken.createdAtMs }
}

/** `nightly-…, made at 2026-11-26T03:00:00.000Z: the newest verified set until then, 5 hours older than the moment`. */
export function chosenText({ id, createdAtMs, olderMs }: ChosenSet): string {
  const made = `${id}, made at ${isoOf(createdAtMs)}`
  if (olderMs === null) return made
  const later = olderMs === 0 ? 'of that very moment' : `${ageText(olderMs)} older than the moment`
  return `${made}: the newest verified set until then, ${later}`
}

function isProved({ verified, problems }: BackupSet): boolean {
  return verified !== undefined && problems.length === 0
}

function newestOf(sets: readonly BackupSet[]): BackupSet | undefined {
  return [...sets].sort((one, other) => other.createdAtMs - one.createdAtMs)[0]
}

/** Says what there is instead, so that a person can choose. */
function noneAt(atMs: number, of: string, holding: readonly BackupSet[]): OperationalError {
  const until = holding.filter(({ createdAtMs }) => createdAtMs <= atMs)
  const later = holding.filter((set) => isProved(set) && set.createdAtMs > atMs)
  const first = later.reduce<BackupSet | undefined>(
    (known, set) => (known === undefined || set.createdAtMs < known.createdAtMs ? set : known),
    undefined,
  )
  const unproved = newestOf(until)
  const there =
    unproved !== undefined
      ? `; ${unproved.id} is not verified${unproved.problems.length > 0 ? `, it is damaged: ${unproved.problems.join('; ')}` : ''}`
      : ''
  const next =
    first === undefined ? '' : `; the first verified one after it is ${first.id}, made at ${isoOf(first.createdAtMs)}`
  return new OperationalError(
    'NOT_FOUND',
    `no verified set of ${of} was made at ${isoOf(atMs)} or before${there}${next}`,
    {
      hint:
        unproved !== undefined && unproved.problems.length === 0
          ? `Verify it with \`trueup backup verify ${unproved.id}\` and ask again, or name a set; \`trueup backup list\` shows them.`
          : 'Name a later moment, or a set; `trueup backup list` shows them.',
    },
  )
}
