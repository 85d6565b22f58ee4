/**
 * The demo workspace of `npm start`: whatever of it is absent is made whole beside its place and then moved there in one
 * step, so that an interrupted first start leaves nothing half-made and no file of the owner is ever touched.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Log } from '../log.ts'
import { airtableBaseFile, databasePaths, generateWorkspace, jsonFolder, stateFile } from './generate.ts'
import { serviceFiles } from './service-files.ts'

export interface DemoWorkspaceOptions {
  /** Folder of the workspace; made where it is absent. */
  readonly directory: string
  readonly log: Log
}

/** Size and seed of the demo: large enough that bulk repairs pass the blast radius, small enough to be made in a second. */
const demoData = { rows: 5000, seed: 20_261_120, mess: 'heavy' } as const
const workFolderPrefix = 'demo-'

/** What is made and moved as one: files, and the folder of the JSON files with its content. */
const parts: readonly string[] = [
  ...Object.values(databasePaths),
  jsonFolder,
  airtableBaseFile,
  ...serviceFiles().map(({ path }) => path),
  stateFile,
]

/** A journal without its database is the rest of somebody's data: a new file beside it would be taken for its owner. */
function isTaken(path: string): boolean {
  return [path, `${path}-wal`, `${path}-journal`, `${path}-shm`].some((name) => existsSync(name))
}

function syncToDisk(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Moves a file to a place that must be free; gives false where it no longer is. A rename would replace what came meanwhile. */
function moveFileToFreePlace(from: string, to: string): boolean {
  try {
    linkSync(from, to)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
  rmSync(from)
  return true
}

/** Removes what starts that were cut off have left behind. */
function removeLeftovers(stateFolder: string): void {
  for (const name of readdirSync(stateFolder)) {
    if (name.startsWith(workFolderPrefix)) rmSync(join(stateFolder, name), { recursive: true, force: true })
  }
}

/**
 * Makes the absent parts of the demo workspace: four databases (5,000 leads), the JSON lead files, what a new sandbox
 * begins with, the programs of the sample services and the desired state.
 * Gives `created: false` where all were there. Run it by one process at a time, as the holder of the workspace.
 */
export async function ensureDemoWorkspace({ directory, log }: DemoWorkspaceOptions): Promise<{ created: boolean }> {
  const absent = parts.filter((part) => !isTaken(join(directory, part)))
  if (absent.length === 0) return { created: false }

  // Inside .trueup, so that it is on the same file system and nobody takes it for data.
  const stateFolder = join(directory, '.trueup')
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 })
  removeLeftovers(stateFolder)
  const work = mkdtempSync(join(stateFolder, workFolderPrefix))
  try {
    log.info({ rows: demoData.rows }, 'making the demo workspace')
    const { files } = await generateWorkspace({ into: work, services: true, writeAirtableBase: true, ...demoData })
    for (const file of files) syncToDisk(join(work, file))
    const moved = moveParts(work, directory, absent)
    log.info({ files: moved }, 'the demo workspace is ready')
    return { created: moved.length > 0 }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Moves the parts into place; gives those that were moved. */
function moveParts(work: string, directory: string, absent: readonly string[]): readonly string[] {
  // On a first start all data appear at once.
  if (!existsSync(join(directory, 'data'))) {
    renameSync(join(work, 'data'), join(directory, 'data'))
    const rest = absent.filter((part) => existsSync(join(work, part)))
    return [...absent.filter((part) => !rest.includes(part)), ...moveSingly(work, directory, rest)]
  }
  return moveSingly(work, directory, absent)
}

function moveSingly(work: string, directory: string, wanted: readonly string[]): readonly string[] {
  return wanted.filter((part) => {
    const to = join(directory, part)
    mkdirSync(dirname(to), { recursive: true })
    if (part !== jsonFolder) return moveFileToFreePlace(join(work, part), to)
    // A rename of a folder fails where the place holds files.
    renameSync(join(work, part), to)
    return true
  })
}
