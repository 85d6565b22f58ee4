/**
 * Paths stay inside the workspace: by their text, and by where the links on the way lead now. Whoever reads the files of an
 * import resolves links once more when it opens them.
 */
import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Path } from '../problem.ts'
import type { Check } from './check.ts'

/** What is wrong with a path of a file or folder, or undefined when it stays inside the workspace. */
function pathProblem(path: string, workspace: string): string | undefined {
  if (path.startsWith('~')) return 'starts with ~, which is not replaced; write a path relative to the workspace'
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return 'is a web address; a file path is needed'
  if (path.includes('\n')) return 'holds a line break'
  // Said already, of every text of the file; no path with it can be asked for.
  if (path.includes('\0')) return undefined
  const absolute = resolve(workspace, path)
  if (isOutside(workspace, absolute))
    return 'lies outside the workspace (the folder of the desired state); only paths inside it are allowed'
  if (isOutside(realOf(workspace), realOf(absolute)))
    return 'leads out of the workspace by a symbolic link; mount what it leads to, or copy it into the workspace'
  return undefined
}

function isOutside(folder: string, path: string): boolean {
  const inside = relative(folder, path)
  return inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)
}

/** Where a path leads, all links resolved; what is not there yet keeps its name. A link that leads nowhere leads outside. */
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ELOOP') return sep
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EACCES' && code !== 'ENAMETOOLONG') throw error
    const folder = dirname(path)
    return folder === path || isLink(path) ? sep : join(realOf(folder), basename(path))
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

/** Reports a path that leaves the workspace; gives the resolved path of a good one. */
export function checkPath(check: Check, path: Path, text: string): string | undefined {
  if (text.includes('${')) return undefined
  const problem = pathProblem(text, check.workspace)
  if (problem === undefined) return resolve(check.workspace, text)
  check.problem(path, problem)
  return undefined
}

/** Whether a path that may lie anywhere lies in the workspace. */
export function isWithin({ workspace }: Check, path: string): boolean {
  return !path.includes('${') && !isOutside(realOf(workspace), realOf(resolve(workspace, path)))
}

/** Patterns are checked by their text as well: no alternative of theirs may climb. */
export function checkPattern(check: Check, path: Path, pattern: string): void {
  if (pattern.includes('${')) return
  const fixed = pattern.split(/[*?{[!]/, 1)[0] ?? ''
  const problem = pathProblem(fixed === '' ? '.' : fixed, check.workspace)
  if (problem !== undefined) check.problem(path, problem)
  else if (/(^|[/{,(|])\.\.($|[/},)|])/.test(pattern))
    check.problem(path, 'climbs out of its folder with "..", which is not allowed')
}
