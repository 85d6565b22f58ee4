/** What makes a lock file one that nobody should install from. */
import { nameOf } from './shipped.mjs'

/** Licences under which a package may be used and passed on with Trueup, which is under Apache-2.0. */
const allowed = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0'])
/** Only used to build and check, never passed on. */
const allowedForWork = new Set([...allowed, 'MPL-2.0', 'CC0-1.0', 'CC-BY-4.0', 'Python-2.0', 'Unlicense'])

/** Packages that may run a program of theirs while they are installed, each with the reason. */
const mayRunAtInstall = new Map([
  ['better-sqlite3', 'fetches or compiles its native module'],
  ['fsevents', 'native module, macOS only'],
])

/** An SPDX expression holds where one side of every OR, and both of an AND, are allowed. */
function isAllowed(expression, licences) {
  const plain = expression.replace(/^\((.*)\)$/, '$1')
  if (plain.includes(' AND ')) return plain.split(' AND ').every((one) => isAllowed(one, licences))
  return plain.split(' OR ').some((one) => licences.has(one))
}

/**
 * One sentence for each problem; `lock` is the content of package-lock.json, version 3, and `shipped` holds `name@version` of
 * what is passed on.
 */
export function lockProblems(lock, shipped) {
  const problems = []
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '' || entry.link === true) continue
    const name = nameOf(path)
    const says = (problem) => problems.push(`${name} ${entry.version}: ${problem}`)
    if (!/^sha512-/.test(entry.integrity ?? '')) says('no SHA-512 of its content')
    if (entry.resolved !== undefined)
      says(`names the host ${entry.resolved}; see omit-lockfile-registry-resolved in .npmrc`)
    if (entry.hasInstallScript === true && !mayRunAtInstall.has(name))
      says('runs a program while it is installed; if it must, name it with the reason in scripts/lock-problems.mjs')
    const licences = shipped.has(`${name}@${entry.version}`) ? allowed : allowedForWork
    if (!isAllowed(entry.license ?? 'none', licences)) says(`its licence is ${entry.license ?? 'not stated'}`)
  }
  return problems
}
