/**
 * Watches one file and tells, once per edit, what it holds after the edit has settled. It is level-triggered: events
 * only cause a look, and only a look that finds other content than the last one told causes a notification. So it does
 * not matter how an editor saves: in place, by truncating, by renaming over, by deleting, or by moving a link.
 */
import { lstat, open, readlink, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import type { Clock, Timer } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { textHashOf } from './generation.ts'
import { fileBytesMax } from './source-text.ts'

/** What a look finds. */
export type WatchedContent =
  /** A file that is too large is cut behind the bound, which is enough for the parser to refuse it. */
  | { readonly is: 'content'; readonly bytes: Uint8Array; readonly textHash: string }
  | { readonly is: 'missing' }
  | { readonly is: 'unreadable'; readonly reason: string }

export interface WatchOptions {
  readonly clock: Clock
  /** Called for faults of the watching itself; the slow poll goes on. */
  readonly warn: (message: string) => void
  /** Quiet time after an event before a look, and between the two looks that must agree. */
  readonly settleMs?: number
  /** How long a file must have been missing or empty before that is told: editors pass through both. */
  readonly absentMs?: number
  /** How often it is looked at without an event, for file systems that send none. */
  readonly pollEveryMs?: number
}

export interface FileWatch {
  /** What the file held when the watch began; later content is notified. */
  readonly initial: WatchedContent
  close(): Promise<void>
}

/** Begins to watch. Once it has resolved, every edit that changes the content is notified. */
export async function watchFile(
  file: string,
  options: WatchOptions,
  notify: (content: WatchedContent) => void,
): Promise<FileWatch> {
  const watched = new Watched(resolve(file), options, notify)
  const initial = await watched.begin()
  return { initial, close: () => watched.close() }
}

/** The life of one watch: events, the looks they cause, and the last content that was told. */
class Watched {
  readonly #path: string
  readonly #options: Required<WatchOptions>
  readonly #notify: (content: WatchedContent) => void
  /** Full paths whose change can change the content: the file, and every symbolic link on the way to it. */
  #places: ReadonlySet<string> = new Set()
  #watcher: FSWatcher | undefined
  #settling: Timer | undefined
  #polling: Timer | undefined
  #looking = false
  /** An event came while a look was under way, so that what it found may be old. */
  #eventDuringLook = false
  #closed = false
  /** What was told last, and what the last look found that the next one must confirm. */
  #told = ''
  #candidate: string | undefined

  constructor(path: string, options: WatchOptions, notify: (content: WatchedContent) => void) {
    this.#path = path
    this.#options = { settleMs: 50, absentMs: 150, pollEveryMs: 2000, ...options }
    this.#notify = notify
  }

  /** The content is read after the events are on, so that no edit falls between the two. */
  async begin(): Promise<WatchedContent> {
    this.#places = await placesOf(this.#path)
    await this.#openWatcher()
    const initial = await readContent(this.#path)
    this.#told = keyOf(initial)
    this.#pollLater()
    return initial
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#settling?.cancel()
    this.#polling?.cancel()
    await this.#watcher?.close()
  }

  /** Folders are watched, not files: a file that is replaced takes its watch with it. */
  #openWatcher(): Promise<void> {
    const watcher = watch([...foldersOf(this.#places)], {
      depth: 0,
      followSymlinks: false,
      ignoreInitial: true,
      ignored: (path) => !this.#places.has(path) && !foldersOf(this.#places).has(path),
    })
    this.#watcher = watcher
    // chokidar's own events are held back after the first of a burst; the raw ones of the system are not.
    watcher.on('raw', (_event, name: unknown) => {
      const changed = typeof name === 'string' ? basename(name) : undefined
      if (changed === undefined || [...this.#places].some((place) => basename(place) === changed)) this.#event()
    })
    watcher.on('all', () => this.#event())
    watcher.on('error', (error) => this.#options.warn(`watching ${this.#path}: ${messageOf(error)}`))
    return new Promise((ready) => {
      watcher.once('ready', () => ready())
    })
  }

  #event(): void {
    if (this.#looking) this.#eventDuringLook = true
    else this.#lookAfter(this.#options.settleMs)
  }

  /** A later event takes the place of the one that waits, so that a burst ends in one look. */
  #lookAfter(delayMs: number): void {
    if (this.#closed) return
    this.#settling?.cancel()
    this.#settling = this.#options.clock.after(delayMs, () => void this.#look())
  }

  #pollLater(): void {
    if (this.#closed) return
    this.#polling = this.#options.clock.after(this.#options.pollEveryMs, () => {
      if (!this.#looking) void this.#look()
      this.#pollLater()
    })
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#closed) return
    this.#looking = true
    this.#eventDuringLook = false
    const found = await Promise.all([readContent(this.#path), placesOf(this.#path)]).catch((error: unknown) => {
      this.#options.warn(`looking at ${this.#path}: ${messageOf(error)}`)
      return undefined
    })
    this.#looking = false
    if (found === undefined || this.#closed) return
    const [content, places] = found
    this.#follow(places)
    if (this.#eventDuringLook) {
      this.#candidate = undefined
      this.#lookAfter(this.#options.settleMs)
    } else this.#decide(content)
  }

  /** Tells content that two looks in a row found; nothing when it is what was told already. */
  #decide(content: WatchedContent): void {
    const key = keyOf(content)
    if (key === this.#told) this.#candidate = undefined
    else if (key === this.#candidate) {
      this.#candidate = undefined
      this.#told = key
      this.#notify(content)
    } else {
      this.#candidate = key
      const passing = content.is !== 'content' || content.bytes.length === 0
      this.#lookAfter(passing ? this.#options.absentMs : this.#options.settleMs)
    }
  }

  /** Watches where the links lead now. */
  #follow(places: ReadonlySet<string>): void {
    const before = foldersOf(this.#places)
    const after = foldersOf(places)
    this.#places = places
    const added = [...after].filter((folder) => !before.has(folder))
    const left = [...before].filter((folder) => !after.has(folder))
    if (added.length > 0) this.#watcher?.add(added)
    if (left.length > 0) this.#watcher?.unwatch(left)
  }
}

const foldersOf = (places: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...places].map((place) => dirname(place)))

const keyOf = (content: WatchedContent): string => (content.is === 'content' ? content.textHash : content.is)

/** More links than this in one path are a circle. */
const linksMax = 40

/** The symbolic links on the way to a file, as far as it exists, and the file at their end. */
async function placesOf(path: string): Promise<ReadonlySet<string>> {
  const places = new Set<string>()
  let done: string = sep
  let rest = path.split(sep).filter((step) => step !== '')
  while (rest.length > 0) {
    const [step = '', ...later] = rest
    const here = join(done, step)
    const target = await linkTarget(here)
    if (target === undefined) {
      done = here
      rest = later
      continue
    }
    places.add(here)
    if (places.size > linksMax) return places
    const full = resolve(done, target)
    done = sep
    rest = [...full.split(sep).filter((part) => part !== ''), ...later]
  }
  return places.add(done)
}

/** Where a symbolic link leads; undefined for everything else, also for what is not there. */
async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Errors that mean that there is nothing at a path, or that it went away between two calls. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ENOENT', 'ENOTDIR', 'EINVAL', 'ELOOP', 'EACCES'].includes(String(error.code))
  )
}

/** One look at the file. Anything that is no regular file is unreadable, and never waited for. */
async function readContent(path: string): Promise<WatchedContent> {
  try {
    if (!(await stat(path)).isFile()) return { is: 'unreadable', reason: 'is no regular file' }
    const handle = await open(path, 'r')
    try {
      const buffer = Buffer.alloc(fileBytesMax + 1)
      let length = 0
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
        length += bytesRead
        if (bytesRead === 0 || length === buffer.length) break
      }
      const bytes = new Uint8Array(buffer.subarray(0, length))
      return { is: 'content', bytes, textHash: textHashOf(bytes) }
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return { is: 'missing' }
    return { is: 'unreadable', reason: messageOf(error) }
  }
}
