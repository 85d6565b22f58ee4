import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { standardizeRules } from '../values/rules/index.ts'
import { parseDesiredState } from './load.ts'

/** Things that look like secrets are put together here, so that no scanner takes the fixtures for a leak. */
const lookalikes: Readonly<Record<string, string>> = {
  'AIRTABLE-TOKEN': ['pat', 'AbCdEfGhIjKl12', '.', '0123456789abcdef'.repeat(4)].join(''),
  'AIRTABLE-KEY': ['key', 'AbCdEfGhIjKl12'].join(''),
  'AWS-KEY': ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
  'MODEL-KEY': ['sk', 'proj', 'abcdefghij0123456789abcdefghij'].join('-'),
  'PRIVATE-KEY': ['-----BEGIN RSA', 'PRIVATE KEY-----'].join(' '),
}

const filled = (text: string): string => text.replace(/<([A-Z]+-[A-Z]+)>/g, (found, name) => lookalikes[name] ?? found)

interface BadFile {
  readonly name: string
  readonly text: string
  readonly prefixLines: number
  readonly problems: readonly string[]
}

function themesOf(fixture: string): readonly { readonly theme: string; readonly files: readonly BadFile[] }[] {
  return fixture
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [head = '', ...files] = section.split(/^## /m)
      const [theme = '', ...prefix] = head.trimEnd().split('\n')
      return { theme, files: files.map((file) => badFileOf(prefix, file)) }
    })
}

function badFileOf(prefix: readonly string[], source: string): BadFile {
  const [name = '', ...lines] = source.trimEnd().split('\n')
  const isProblem = (line: string): boolean => line.startsWith('=> ')
  return {
    name,
    text: filled([...prefix, ...lines.filter((line) => !isProblem(line)), ''].join('\n')),
    prefixLines: prefix.length,
    problems: lines.filter(isProblem).map((line) => line.slice(3)),
  }
}

/** The problems of a file in the form that the fixture has them in. */
function problemsOf({ text, prefixLines }: BadFile): readonly string[] {
  const parsed = parseDesiredState(text, {
    file: 'desired-state.yaml',
    environment: { DATA_DIR: 'data', EMPTY: '', OUTSIDE: '/elsewhere' },
    workspace: '/workspace',
    rules: standardizeRules,
    pluginChannels: { names: ['board'], modules: new Map() },
  })
  if (parsed.is === 'valid') return ['valid']
  return parsed.problems.map(({ line, column, path, message, didYouMean }) => {
    const place = path === '' ? '' : `${path}: `
    const meant = didYouMean === undefined ? '' : ` | ${didYouMean}`
    return `${line - prefixLines}:${column} ${place}${message}${meant}`
  })
}

const themes = themesOf(readFileSync(new URL('./fixtures/bad-files.txt', import.meta.url), 'utf8'))

it('there are at least 150 bad files', () => {
  expect(themes.flatMap(({ files }) => files).length).toBeGreaterThanOrEqual(150)
})

describe.each(themes)('$theme', ({ files }) => {
  it.each(files)('$name', (file) => {
    expect(file.problems).not.toEqual([])
    expect(problemsOf(file)).toEqual(file.problems)
  })
})
