/**
 * Makes sure of the bytes: what was deleted is moved out of the -wal files, the files are searched for the person's
 * addresses, those that still hold one are rewritten and searched again, and what remains is told.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import { entryUrl } from '../process/entry-url.ts'
import type { Offload } from '../process/ports.ts'

export interface CleaningPorts {
  readonly offload: Offload
  /** Database files that were cleaned. */
  readonly databases: readonly string[]
  readonly otherFiles: () => readonly { readonly file: string; readonly reason: string }[]
  readonly ownFolder: string
  /** How a file is named to people. */
  readonly nameOf: (path: string) => string
}

export interface Cleaned {
  /** Files searched, as they are named to people. */
  readonly searched: readonly string[]
  readonly remains: readonly { readonly file: string; readonly reason: string }[]
}

const deadlineMs = 1_200_000
const foldersDeepMax = 6
/** Files up to this size are always rewritten, larger ones where an address is found in them. */
const rewriteBytesMax = 256 * 2 ** 20

const compactedSchema = z.object({ failed: z.array(z.object({ path: z.string(), reason: z.string() })) })
const tracedSchema = z.object({ holding: z.array(z.string()), unreadable: z.array(z.string()) })

/**
 * Trouble with a file is told and not thrown, since the person is gone from the tables by then.
 *
 * @param addresses undefined after a crash, when they are not known any more: then everything is rewritten unsearched.
 */
export async function cleanFiles(
  ports: CleaningPorts,
  addresses: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Cleaned> {
  try {
    return await clean(ports, addresses, signal)
  } catch (error) {
    if (signal.aborted) throw error
    return { searched: [], remains: [{ file: '*', reason: `the files could not be searched: ${messageOf(error)}` }] }
  }
}

/** Only searches: which files hold one of the addresses. */
export async function searchFiles(
  ports: CleaningPorts,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly searched: readonly string[]; readonly holding: readonly string[] }> {
  const files = filesOf(ports, ports.databases)
  if (addresses.length === 0) return { searched: [], holding: [] }
  const entry = entryUrl('./trace-entry', import.meta.url)
  const order = { files: [...files], texts: [...addresses] }
  const { holding } = tracedSchema.parse(await ports.offload.process(entry, order, { deadlineMs, signal }))
  return { searched: files.map(ports.nameOf), holding: holding.map(ports.nameOf) }
}

/** Databases with what lies beside them, all of Trueup's own, and the others: those that are there. */
function filesOf(ports: CleaningPorts, databases: readonly string[]): readonly string[] {
  const beside = databases.flatMap((path) => [path, `${path}-wal`, `${path}-journal`])
  const others = ports.otherFiles().map(({ file }) => file)
  return [...new Set([...beside, ...filesIn(ports.ownFolder, foldersDeepMax), ...others])].filter((file) =>
    existsSync(file),
  )
}

async function clean(
  ports: CleaningPorts,
  addresses: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Cleaned> {
  const options = { deadlineMs, signal }
  const compact = async (paths: readonly string[], rewrite: boolean) => {
    const entry = entryUrl('./compact-entry', import.meta.url)
    return compactedSchema.parse(await ports.offload.process(entry, { paths: [...paths], rewrite }, options)).failed
  }
  const trace = async (files: readonly string[], texts: readonly string[]) =>
    tracedSchema.parse(
      await ports.offload.process(
        entryUrl('./trace-entry', import.meta.url),
        { files: [...files], texts: [...texts] },
        options,
      ),
    )
  const named = (file: string, reason: string) => ({ file: ports.nameOf(file), reason })

  const databases = [...new Set(ports.databases)].filter((path) => existsSync(path))
  // What was deleted or overwritten before may stand in free places of a file, under whatever address it was then.
  const small = databases.filter((path) => addresses === undefined || statSync(path).size <= rewriteBytesMax)
  const large = databases.filter((path) => !small.includes(path))
  const troubles = [...(await compact(small, true)), ...(large.length === 0 ? [] : await compact(large, false))]
  const failed = new Map(troubles.map(({ path, reason }) => [path, reason]))
  const untidy = () => [...failed].map(([path, reason]) => named(path, `it could not be rewritten: ${reason}`))
  if (addresses === undefined || addresses.length === 0) return { searched: [], remains: untidy() }

  const others = new Map(ports.otherFiles().map(({ file, reason }) => [file, reason]))
  const files = filesOf(ports, databases)
  const first = await trace(files, addresses)
  const toRewrite = large.filter((path) =>
    [path, `${path}-wal`, `${path}-journal`].some((file) => first.holding.includes(file)),
  )
  for (const { path, reason } of toRewrite.length === 0 ? [] : await compact(toRewrite, true)) failed.set(path, reason)
  const second = toRewrite.length === 0 ? first : await trace(first.holding, addresses)
  const holding = second.holding.map((file) => {
    const other = others.get(file)
    if (other !== undefined) return named(file, other)
    if (isWithin(file, join(ports.ownFolder, 'quarantine')))
      return named(file, 'it is what a damaged database held; remove its folder when you are done with it')
    const reason = failed.get(file.replace(/-(wal|journal)$/, ''))
    return named(file, reason ?? 'another record or text in it still holds an address of the person')
  })
  const unread = first.unreadable.map((file) => named(file, 'it could not be read, so nobody knows'))
  return { searched: files.map(ports.nameOf), remains: [...holding, ...unread] }
}

function isWithin(file: string, folder: string): boolean {
  return file.startsWith(`${folder}${sep}`)
}

function filesIn(folder: string, deep: number): readonly string[] {
  if (deep === 0 || !existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path, deep - 1) : entry.isFile() ? [path] : []
  })
}
