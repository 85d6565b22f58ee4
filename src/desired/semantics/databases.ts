/** Each database is one file of the workspace, and no file is two databases. */
import { relative, resolve, sep } from 'node:path'
import { type Check, repeats } from './check.ts'
import { checkPath } from './paths.ts'

export function checkDatabases(check: Check): void {
  const files: { name: string; file: string }[] = []
  for (const [name, database] of Object.entries(check.state.databases)) {
    const path = ['databases', name, 'path']
    if (name === 'airtable') {
      check.problem(
        ['databases', name],
        'cannot be the name of a database, since backups mean the Airtable base by it',
        { at: 'key' },
      )
    }
    if (/^(:memory:|file:)/i.test(database.path)) {
      check.problem(path, 'must be the path of a file; :memory: and file: addresses are not supported')
      continue
    }
    const file = checkPath(check, path, database.path)
    if (file === undefined) continue
    const problem = databaseFileProblem(database.path, relative(resolve(check.workspace), file))
    if (problem !== undefined) check.problem(path, problem)
    else files.push({ name, file })
  }
  for (const { item, earlier } of repeats(files, ({ file }) => file)) {
    check.problem(['databases', item.name, 'path'], `is the same file as that of the database ${earlier.name}`)
  }
}

function databaseFileProblem(text: string, inside: string): string | undefined {
  if (inside === '' || /[/\\]$/.test(text)) return 'is a folder; the path of a file is needed'
  if (inside === '.trueup' || inside.startsWith(`.trueup${sep}`))
    return "lies in .trueup, which holds Trueup's own files"
  if (/-(wal|shm|journal)$/.test(inside)) return 'is a side file of SQLite; name the database itself'
  if (/\.(ya?ml|json|csv|py|ts|js)$/i.test(inside)) return 'does not look like an SQLite file'
  return undefined
}
