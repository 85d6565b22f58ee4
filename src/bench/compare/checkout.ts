/** Another commit of this project, built in a folder of its own, with the packages of its own lock file. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** A commit, as git names it in full. Throws where git knows none of that name. */
export function commitOf(revision: string, root: string): string {
  try {
    return execFileSync('git', ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`], {
      cwd: root,
      encoding: 'utf8',
    }).trim()
  } catch (cause) {
    throw new Error(`git knows no commit ${revision} here; give a branch, a tag or a hash`, { cause })
  }
}

/**
 * Checks the commit out into `folder`, which must not exist, and builds it. The packages are those of `root` where both lock files
 * are the same, and installed otherwise.
 */
export function checkOut(commit: string, root: string, folder: string, say: (message: string) => void): void {
  execFileSync('git', ['worktree', 'add', '--detach', '--quiet', folder, commit], { cwd: root, stdio: 'inherit' })
  const lockOf = (place: string) => readFileSync(join(place, 'package-lock.json'), 'utf8')
  const packages = join(root, 'node_modules')
  if (lockOf(root) === lockOf(folder) && existsSync(packages)) symlinkSync(packages, join(folder, 'node_modules'))
  else {
    say(`its packages are other ones: npm ci in ${folder}`)
    execFileSync('npm', ['ci', '--ignore-scripts=false', '--no-audit', '--no-fund'], {
      cwd: folder,
      stdio: ['ignore', 2, 2],
    })
  }
  say('building it')
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: folder, stdio: ['ignore', 2, 2] })
}

/** Takes a checkout away again. */
export function removeCheckout(root: string, folder: string): void {
  execFileSync('git', ['worktree', 'remove', '--force', folder], { cwd: root, stdio: ['ignore', 2, 2] })
}
