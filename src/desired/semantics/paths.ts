/**
 * Paths stay inside the workspace. This check reads only the text; symbolic links are resolved by the targets when
 * they open a file.
 */
import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { Path } from '../problem.ts'
import type { Check } from './check.ts'

/** What is wrong with a path of a file or folder, or undefined when it stays inside the workspace. */
function pathProblem(path: string, workspace: string): string | undefined {
  if (path.startsWith('~')) return 'starts with ~, which is not replaced; write a path relative to the workspace'
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return 'is a web address; a file path is needed'
  if (path.includes('\n')) return 'holds a line break'
  const inside = relative(workspace, resolve(workspace, path))
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    return 'lies outside the workspace (the folder of the desired state); only paths inside it are allowed'
  }
  return undefined
}

/** Reports a path that leaves the workspace; gives the resolved path of a good one. */
export function checkPath(check: Check, path: Path, text: string): string | undefined {
  if (text.includes('${')) return undefined
  const problem = pathProblem(text, check.workspace)
  if (problem === undefined) return resolve(check.workspace, text)
  check.problem(path, problem)
  return undefined
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
