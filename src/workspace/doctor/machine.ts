/** The machine: what runs Trueup, and what it has left. */
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { messageOf } from '../../errors.ts'
import { createMachine } from '../../targets/process/machine.ts'
import { checksOf, type DoctorCheck } from './check.ts'

const { ok, warn, fail } = checksOf('machine')

/** The first version of Node.js that Trueup is tested with; package.json says the same, which a test compares. */
export const nodeMin = [20, 19] as const
/** Journal and own tables are STRICT tables, which SQLite has since then. */
const sqliteMin = [3, 37] as const
/** As the kind `machine` warns. */
const diskFreeMin = { bytes: 500e6, share: 0.05 } as const
/** A controller takes about 200 MB; a look at a million rows 300 MB more. */
const memoryMin = { warn: 512e6, fail: 128e6 } as const
const loadPerCoreMax = 8
const descriptorsMin = { warn: 1024, fail: 256 } as const

/** Whether a version such as `20.19.4` is at least `min`. */
export function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [own = 0, ownMinor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return own > major || (own === major && ownMinor >= minor)
}

/** @param folder whose disk is meant. */
export async function checkMachine(folder: string): Promise<readonly DoctorCheck[]> {
  const facts = await createMachine().look(folder, [])
  return [
    nodeCheck(),
    process.platform === 'linux' && existsSync('/proc/self/stat')
      ? ok('system', `Linux with /proc, ${process.arch}`)
      : warn(
          'system',
          `${process.platform}, or no /proc`,
          'Run it on Linux with /proc mounted: services are recognised by what /proc says of them.',
        ),
    await sqliteCheck(),
    diskCheck('disk', `the disk of ${folder}`, facts.disk),
    temporaryCheck(),
    ...memoryAndLoad(facts),
    descriptorsCheck(),
  ]
}

function nodeCheck(): DoctorCheck {
  const { node } = process.versions
  return isAtLeast(node, nodeMin)
    ? ok('node', `Node.js ${node}`)
    : fail('node', `Node.js ${node} is too old`, `Install Node.js ${nodeMin.join('.')} or later.`)
}

/** SQLite is loaded here and not before, so that a missing build is told as such. */
async function sqliteCheck(): Promise<DoctorCheck> {
  try {
    const { default: Database } = await import('better-sqlite3')
    const db = new Database(':memory:')
    try {
      const version = String(db.prepare('SELECT sqlite_version()').pluck().get())
      db.exec("CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'trigram')")
      if (isAtLeast(version, sqliteMin)) return ok('sqlite', `SQLite ${version}, with full-text search`)
      return fail('sqlite', `SQLite ${version} is too old`, 'Install the better-sqlite3 that package.json names.')
    } finally {
      db.close()
    }
  } catch (error) {
    return fail(
      'sqlite',
      `better-sqlite3 cannot be loaded: ${messageOf(error).split('\n')[0]}`,
      'Run `npm rebuild better-sqlite3` with this Node.js; it needs python3, make and a C++ compiler.',
    )
  }
}

function diskCheck(name: string, what: string, disk: { readonly freeBytes: number; readonly totalBytes: number }) {
  const said = `${gigabytes(disk.freeBytes)} of ${gigabytes(disk.totalBytes)} free on ${what}`
  if (disk.freeBytes < diskFreeMin.bytes) return fail(name, said, 'Free space, or move it to a larger disk.')
  if (disk.freeBytes < disk.totalBytes * diskFreeMin.share)
    return warn(name, said, 'Free space, or move it to a larger disk.')
  return ok(name, said)
}

/** Databases are read by private copies there where no program has them open. */
function temporaryCheck(): DoctorCheck {
  const folder = tmpdir()
  const remedy = 'Set TMPDIR to a folder that this user may write, on a disk with room for a copy of each database.'
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, blocks, bsize } = statfsSync(folder)
    const found = diskCheck('temporary', folder, { freeBytes: bavail * bsize, totalBytes: blocks * bsize })
    return found.status === 'ok' ? found : { ...found, remedy }
  } catch (error) {
    return fail('temporary', `${folder} cannot be written: ${messageOf(error)}`, remedy)
  }
}

function memoryAndLoad({
  memory,
  load,
}: Awaited<ReturnType<ReturnType<typeof createMachine>['look']>>): readonly DoctorCheck[] {
  if (memory === undefined || load === undefined)
    return [warn('memory', 'memory and load cannot be read', 'Mount /proc: Trueup reads both there.')]
  const available = `${gigabytes(memory.availableBytes)} of ${gigabytes(memory.totalBytes)} of memory available`
  const more = 'Give the machine more memory, or end other programs; docs/OPERATIONS.md has the figures.'
  const cores = `${load.cores} cores at a load of ${load.perCore.toFixed(2)} each`
  return [
    memory.availableBytes < memoryMin.fail
      ? fail('memory', available, more)
      : memory.availableBytes < memoryMin.warn
        ? warn('memory', available, more)
        : ok('memory', available),
    load.perCore > loadPerCoreMax
      ? warn('cpu', cores, 'Find what keeps the machine busy with `top`; looks and answers come late.')
      : ok('cpu', cores),
  ]
}

/** The soft limit, as the kernel tells it; Infinity where there is none, undefined without /proc. */
export function descriptorsLimitIn(limits: string): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1]
  if (soft === undefined) return undefined
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}

function descriptorsCheck(): DoctorCheck {
  const limit = existsSync('/proc/self/limits')
    ? descriptorsLimitIn(readFileSync('/proc/self/limits', 'utf8'))
    : undefined
  const remedy = `Raise it to ${descriptorsMin.warn} or more: \`ulimit -n 4096\` in a shell, LimitNOFILE= in a systemd unit.`
  if (limit === undefined) return warn('descriptors', 'the limit of open files cannot be read', remedy)
  const said = Number.isFinite(limit) ? `${limit} open files allowed` : 'open files are not limited'
  if (limit < descriptorsMin.fail) return fail('descriptors', said, remedy)
  return limit < descriptorsMin.warn ? warn('descriptors', said, remedy) : ok('descriptors', said)
}

function gigabytes(bytes: number): string {
  const amount = bytes / 1e9
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} GB`
}
