import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { errorTable } from '../../src/errors.ts'
import { codeIn, repositoryFiles, sectionOf, tableRowsBelow, textOf } from './files.ts'

const page = textOf('docs/ERRORS.md')

describe('docs/ERRORS.md', () => {
  it('has the codes of src/errors.ts with retry, meaning and next step, and no others', () => {
    const documented = tableRowsBelow(page, '## The table').map(([code = '', retry, meaning, hint]) => [
      codeIn(code),
      { retry, meaning, hint },
    ])
    expect(Object.fromEntries(documented)).toEqual(errorTable)
    expect(documented).toHaveLength(Object.keys(errorTable).length)
  })

  it('explains every retry that a code has', () => {
    const explained = tableRowsBelow(page, '# Errors').flatMap(([retry = '']) =>
      /^(backoff|after|never|human)$/.test(retry) ? [retry] : [],
    )
    expect(new Set(explained)).toEqual(new Set(Object.values(errorTable).map(({ retry }) => retry)))
  })

  it('has the codes that the command line alone gives, and no others', () => {
    const documented = tableRowsBelow(page, '## Codes of the command line alone').map(([code = '']) => codeIn(code))
    const given = repositoryFiles()
      .filter((path) => path.startsWith('src/cli/'))
      .flatMap((path) => [...textOf(path).matchAll(/(?:new Refusal\(\s*|\bcode: )'([A-Z_]+)'/g)])
      .map(([, code]) => code)
    expect(documented.sort()).toEqual([...new Set(given)].sort())
  })

  it('names the commands of next steps that do not exist, and only those', async () => {
    const commands = new Set((await createProgram()).commands.map((command) => command.name()))
    const named = Object.values(errorTable).flatMap(({ hint }) =>
      [...hint.matchAll(/`trueup ([a-z]+)/g)].map(([, command = '']) => command),
    )
    const missing = new Set(named.filter((command) => !commands.has(command)))
    const admitted = [
      ...sectionOf(page, '## Commands named above that this version lacks').matchAll(/`trueup ([a-z]+)`/g),
    ].map(([, command = '']) => command)
    expect(new Set(admitted.filter((command) => !commands.has(command)))).toEqual(missing)
  })
})
