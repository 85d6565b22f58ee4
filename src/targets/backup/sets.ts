/**
 * The sets in a folder. A set is whole or not there: it is built under a name that begins with a dot, made durable, and
 * renamed; then it is never written again. That it was verified is noted beside it. What is pruned lies aside for a while.
 */
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, OperationalError } from '../../errors.ts'
import { syncFolder, writeDurably } from '../durable-files.ts'
import { existingFolderOf } from '../free-room.ts'
import { codeOf } from '../sqlite/database-error.ts'
import {
  actionMarkOf,
  type Manifest,
  manifestName,
  noteSchema,
  parseSetId,
  readManifest,
  type VerifiedNote,
  writeManifest,
} from './manifest.ts'

const makingPrefix = '.making-'
const verifiedFolder = '.verified'
export const prunedFolder = '.pruned'
/** On a shelf: bytes of the objects of a set, and why its store cannot be used. */
export const objectsName = '.objects.json'
export const shelfProblemName = '.problem'
const goingPrefix = '.going-'

/** One set as a look finds it, without reading its content. */
export interface SetSeen {
  readonly id: string
  readonly path: string
  /** Undefined where it cannot be read. */
  readonly manifest: Manifest | undefined
  /** What is wrong with it at first sight; undefined as a rule. */
  readonly problem: string | undefined
  /** Undefined where it was never found sound as it is now. */
  readonly verified: VerifiedNote | undefined
}

/** The sets of one backup in a folder, oldest first; none where there is no folder. */
export function listSets(folder: string, backup: string): readonly SetSeen[] {
  return namesIn(folder)
    .filter((name) => parseSetId(name)?.backup === backup)
    .sort()
    .map((id) => readSet(folder, id))
}

/** Looks at one set. */
export function readSet(folder: string, id: string): SetSeen {
  const path = join(folder, id)
  try {
    const text = readFileSync(join(path, manifestName), 'utf8')
    const manifest = readManifest(text)
    const objects = objectsOf(path)
    const wrong = manifest.id === id ? undefined : `${manifestName} is that of ${manifest.id}`
    const problem =
      wrong ?? manifest.members.map((member) => sizeProblem(path, member, objects)).find((one) => one !== undefined)
    const note = noteOf(folder, id)
    const verified = problem === undefined && note?.manifestSha256 === sha256Of(text) ? note : undefined
    return { id, path, manifest, problem, verified }
  } catch (error) {
    const problem = codeOf(error) === 'ENOENT' ? `${manifestName} is missing` : messageOf(error)
    return { id, path, manifest: undefined, problem, verified: undefined }
  }
}

const objectsSchema = z.record(z.string(), z.number())

/** Of a set on a shelf; undefined for one that lies here itself. */
function objectsOf(path: string): Readonly<Record<string, number>> | undefined {
  const file = join(path, objectsName)
  return existsSync(file) ? objectsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}

function sizeProblem(
  path: string,
  { file, bytes }: Manifest['members'][number],
  objects: Readonly<Record<string, number>> | undefined,
): string | undefined {
  const size = objects === undefined ? statSync(join(path, file), { throwIfNoEntry: false })?.size : objects[file]
  if (size === undefined) return `${file} is missing`
  return size === bytes ? undefined : `${file} has ${size} bytes, not the ${bytes} that were written`
}

function noteOf(folder: string, id: string): VerifiedNote | undefined {
  try {
    return noteSchema.safeParse(JSON.parse(readFileSync(join(folder, verifiedFolder, `${id}.json`), 'utf8'))).data
  } catch (error) {
    // A note that is not there, or damaged: the set counts as not verified, and is verified again.
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Why sets cannot be read from and written to a folder; undefined where they can. Changes nothing. */
export function folderProblem(folder: string): string | undefined {
  try {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) return 'it is no folder'
    const problem = join(folder, shelfProblemName)
    if (existsSync(problem)) return readFileSync(problem, 'utf8')
    accessSync(existingFolderOf(folder), constants.R_OK | constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** A fresh folder in which a set is built. What an earlier try left behind goes. Throws BACKUP_TARGET_UNUSABLE. */
export function beginSet(folder: string, id: string): string {
  const making = join(folder, `${makingPrefix}${id}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of namesIn(folder)) {
      if (
        name.startsWith(makingPrefix) &&
        parseSetId(name.slice(makingPrefix.length))?.backup === parseSetId(id)?.backup
      )
        rmSync(join(folder, name), { recursive: true, force: true })
    }
    mkdirSync(making, { mode: 0o700 })
    return making
  } catch (error) {
    throw targetError(error, folder)
  }
}

/** Writes the manifest last and gives the set its name, all of it durable. */
export function publishSet(folder: string, making: string, manifest: Manifest): void {
  try {
    writeDurably(join(making, manifestName), writeManifest(manifest), 'wx')
    syncFolder(making)
    renameSync(making, join(folder, manifest.id))
    syncFolder(folder)
  } catch (error) {
    throw targetError(error, folder)
  }
}

/** The set that an action made, where it is there. */
export function setOfAction(folder: string, backup: string, actionId: string): SetSeen | undefined {
  return listSets(folder, backup).find(({ id }) => parseSetId(id)?.actionMark === actionMarkOf(actionId))
}

/** Notes that a set was found sound. */
export function noteVerified(folder: string, set: SetSeen, note: Omit<VerifiedNote, 'manifestSha256'>): void {
  try {
    const manifestSha256 = sha256Of(readFileSync(join(set.path, manifestName), 'utf8'))
    const notes = join(folder, verifiedFolder)
    mkdirSync(notes, { recursive: true, mode: 0o700 })
    const part = join(notes, `.${set.id}.part`)
    rmSync(part, { force: true })
    writeDurably(part, `${JSON.stringify({ manifestSha256, ...note })}\n`, 'wx')
    renameSync(part, join(notes, `${set.id}.json`))
    syncFolder(notes)
  } catch (error) {
    throw targetError(error, folder)
  }
}

/** Takes back that a set was found sound. */
export function forgetVerified(folder: string, id: string): void {
  rmSync(join(folder, verifiedFolder, `${id}.json`), { force: true })
}

/** Puts a set aside, whole, with the moment; false where it is not there any more. */
export function putAside(folder: string, id: string, nowMs: number): boolean {
  if (!existsSync(join(folder, id))) return false
  try {
    mkdirSync(join(folder, prunedFolder), { recursive: true, mode: 0o700 })
    // Before the rename: a crash between must not leave it aside with a moment of long ago.
    utimesSync(join(folder, id), nowMs / 1000, nowMs / 1000)
    renameSync(join(folder, id), join(folder, prunedFolder, id))
    syncFolder(folder)
    return true
  } catch (error) {
    throw targetError(error, folder)
  }
}

/** Takes a set back that was put aside; false where it is gone for good. */
export function takeBack(folder: string, id: string): boolean {
  if (!existsSync(join(folder, prunedFolder, id))) return false
  renameSync(join(folder, prunedFolder, id), join(folder, id))
  syncFolder(folder)
  return true
}

export function isAside(folder: string, id: string): boolean {
  return existsSync(join(folder, prunedFolder, id))
}

/** Removes for good what was put aside before a moment. What is half removed cannot be taken back any more. */
export function removeAside(folder: string, backup: string, beforeMs: number): void {
  const aside = join(folder, prunedFolder)
  for (const name of namesIn(aside)) {
    if (parseSetId(name)?.backup !== backup || statSync(join(aside, name)).mtimeMs >= beforeMs) continue
    forgetVerified(folder, name)
    renameSync(join(aside, name), join(aside, `${goingPrefix}${name}`))
  }
  for (const name of namesIn(aside)) {
    if (name.startsWith(goingPrefix) && parseSetId(name.slice(goingPrefix.length))?.backup === backup)
      rmSync(join(aside, name), { recursive: true, force: true })
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    // A folder that may not be read is told by `folderProblem`; nothing can be said of its sets.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) return []
    throw error
  }
}

/** What the file system says of a place for backups, as an error of our table. */
export function targetError(error: unknown, folder: string): unknown {
  if (error instanceof OperationalError) return error
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new OperationalError('DISK_FULL', `there is no room left in ${folder}`, { cause: error })
  return code !== undefined && /^E[A-Z]+$/.test(code)
    ? new OperationalError('BACKUP_TARGET_UNUSABLE', `${folder}: ${messageOf(error)}`, { cause: error })
    : error
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
