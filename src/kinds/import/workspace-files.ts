/**
 * Finds and reads an import's JSON files. Nothing outside of the workspace is read, whatever links say, and a file that
 * could be a database is never opened: closing it would drop the locks that SQLite holds on it.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { messageOf } from '../../errors.ts'
import { matchesPart, parseGlob } from './glob.ts'

/** One file that a pattern names. */
interface FoundFile {
  /** Relative to the workspace, parts joined by `/`. */
  readonly path: string
  /** The real path. */
  readonly absolute: string
}

export interface FoundFiles {
  /** Sorted by path. */
  readonly files: readonly FoundFile[]
  /** What the pattern names too but is not read, and why. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[]
}

export interface FindSettings {
  readonly workspace: string
  readonly pattern: string
  /** Absolute paths of the declared databases. */
  readonly databases: readonly string[]
}

const filesMax = 10_000
const foldersDeepMax = 32
const fileBytesMax = 2_000_000_000
const endings = /\.(json|jsonl|ndjson)$/i

/** Every file that the pattern names, or why it cannot be read. Throws only when the workspace is not there. */
export function findFiles(settings: FindSettings): FoundFiles {
  const parsed = parseGlob(settings.pattern)
  if ('reason' in parsed) return { files: [], refused: [{ path: settings.pattern, reason: parsed.reason }] }
  const search = new Search(settings)
  for (const parts of parsed.glob) search.walk('', parts, 0)
  return search.result()
}

class Search {
  /** By real path, so that a file with several names is read once. */
  private readonly files = new Map<string, FoundFile>()
  private readonly refused = new Map<string, string>()
  private readonly visited = new Set<string>()
  private readonly root: string
  private readonly databaseInodes: ReadonlySet<string>

  constructor(settings: FindSettings) {
    this.root = realpathSync(settings.workspace)
    this.databaseInodes = new Set(settings.databases.flatMap((path) => inodeOf(path)))
  }

  result(): FoundFiles {
    const byPath = (one: { path: string }, other: { path: string }) => (one.path < other.path ? -1 : 1)
    const files = [...this.files.values()].sort(byPath)
    const refused = [...this.refused].map(([path, reason]) => ({ path, reason })).sort(byPath)
    return { files, refused }
  }

  walk(folder: string, parts: readonly string[], depth: number): void {
    const [part, ...rest] = parts
    if (part === undefined || depth > foldersDeepMax) return
    // By its real path: links to folders above would otherwise be followed round and round.
    const visit = `${this.realOf(folder)}\n${parts.join('/')}`
    if (this.visited.has(visit)) return
    this.visited.add(visit)
    if (part === '**') {
      if (rest.length > 0) this.walk(folder, rest, depth)
      for (const entry of this.entries(folder)) {
        if (entry.name.startsWith('.')) continue
        const path = join(folder, entry.name)
        if (this.isFolder(path, entry.link)) this.walk(path, parts, depth + 1)
        else if (rest.length === 0) this.take(path)
      }
      return
    }
    for (const entry of this.entries(folder)) {
      if (!matchesPart(part, entry.name)) continue
      const path = join(folder, entry.name)
      if (rest.length === 0) this.take(path)
      else if (this.isFolder(path, entry.link)) this.walk(path, rest, depth + 1)
    }
  }

  private realOf(folder: string): string {
    try {
      return realpathSync(join(this.root, folder))
    } catch {
      // It went away meanwhile; reading its entries finds the same.
      return folder
    }
  }

  private entries(folder: string): readonly { name: string; link: boolean }[] {
    try {
      return readdirSync(join(this.root, folder), { withFileTypes: true })
        .map((entry) => ({ name: entry.name, link: entry.isSymbolicLink() }))
        .sort((one, other) => (one.name < other.name ? -1 : 1))
    } catch (error) {
      // A folder that the pattern names and that is not there holds no files; any other reason is told.
      if (!isMissing(error)) this.refused.set(folder, messageOf(error))
      return []
    }
  }

  private isFolder(path: string, link: boolean): boolean {
    try {
      if (!statSync(join(this.root, path)).isDirectory()) return false
    } catch {
      return false
    }
    if (!link) return true
    if (this.isInside(path)) return true
    this.refused.set(path, 'is a link that leaves the workspace')
    return false
  }

  private take(path: string): void {
    if (this.refused.has(path)) return
    const reason = this.problemOf(path)
    if (reason !== undefined) this.refused.set(path, reason)
  }

  /** Adds a file that may be read, or gives the reason why not. Folders are passed over. */
  private problemOf(path: string): string | undefined {
    const absolute = join(this.root, path)
    try {
      const stat = statSync(absolute)
      if (stat.isDirectory()) return undefined
      if (!stat.isFile()) return 'is no regular file'
      if (!this.isInside(path)) return 'is a link that leaves the workspace'
      if (!endings.test(path)) return 'has a name that does not end in .json, .jsonl or .ndjson'
      if (this.databaseInodes.has(inode(stat))) return 'is a declared database'
      if (stat.size > fileBytesMax) return `is larger than ${fileBytesMax / 1e9} GB; cut it into several files`
      if (this.files.size >= filesMax) return `is beyond the ${filesMax} files that one import reads`
      const shown = path.split(sep).join('/')
      const real = realpathSync(absolute)
      if (!this.files.has(real)) this.files.set(real, { path: shown, absolute: real })
      return undefined
    } catch (error) {
      return isMissing(error) ? 'is a link to nothing' : messageOf(error)
    }
  }

  private isInside(path: string): boolean {
    const real = relative(this.root, realpathSync(join(this.root, path)))
    return real !== '..' && !real.startsWith(`..${sep}`) && resolve(real) !== real
  }
}

function inodeOf(path: string): readonly string[] {
  // The files beside a database carry its locks too.
  return ['', '-wal', '-shm', '-journal'].flatMap((suffix) => {
    try {
      return [inode(statSync(path + suffix))]
    } catch {
      return []
    }
  })
}

function inode(stat: { dev: number; ino: number }): string {
  return `${stat.dev}:${stat.ino}`
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

const chunkBytes = 1 << 18

/** The bytes of a file in chunks of one buffer, which is overwritten by the next. Throws when it is no longer a file. */
export function* readChunks(path: string): Generator<Uint8Array> {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('is no regular file')
    const buffer = Buffer.allocUnsafe(chunkBytes)
    for (;;) {
      const count = readSync(descriptor, buffer, 0, chunkBytes, null)
      if (count === 0) return
      yield buffer.subarray(0, count)
    }
  } finally {
    closeSync(descriptor)
  }
}
