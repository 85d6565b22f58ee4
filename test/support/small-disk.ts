/** A disk of its own for a workspace (tmpfs), which a test fills, empties, and makes read-only. Needs the right to mount. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly folder: string
  freeBytes(): number
  /** Takes room until about so many bytes are free; again with less. */
  fillTo(freeBytes: number): void
  /** Gives all that room back. */
  empty(): void
  /** From now on what is opened below the folder is on a read-only file system. */
  readOnly(below: string): void
  writable(below: string): void
  unmount(): void
}

/** Why no disk can be mounted here; undefined where one can. */
export function cannotMount(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux may mount'
  const probe = mkdtempSync(join(tmpdir(), 'trueup-mount-probe-'))
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe], { encoding: 'utf8' })
  if (done.status === 0) execFileSync('umount', [probe])
  rmdirSync(probe)
  return done.status === 0 ? undefined : `mounting is not allowed here: ${done.stderr ?? ''}`.trim()
}

export function smallDisk(bytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-small-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'tmpfs', folder])
  const below: string[] = []
  const fillers: string[] = []
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  }
  const writable = (path: string) => {
    execFileSync('umount', [path])
    below.splice(below.indexOf(path), 1)
  }
  return {
    folder,
    freeBytes,
    fillTo(wanted) {
      const filler = join(folder, `filler-${fillers.length}`)
      fillers.push(filler)
      const size = freeBytes() - wanted
      if (size > 0) spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096', `count=${Math.ceil(size / 4096)}`])
      else writeFileSync(filler, '')
    },
    empty() {
      for (const filler of fillers.splice(0)) rmSync(filler, { force: true })
    },
    readOnly(path) {
      execFileSync('mount', ['--bind', path, path])
      execFileSync('mount', ['-o', 'remount,ro,bind', path])
      below.push(path)
    },
    writable,
    unmount() {
      for (const path of [...below]) writable(path)
      execFileSync('umount', ['-l', folder])
      rmdirSync(folder)
    },
  }
}
