import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { markdownFiles, proseOf, repositoryFiles, root, textOf } from './files.ts'
import { blocksOf } from './walk/blocks.ts'

const pages = markdownFiles()

/** The anchor that a heading gets on the usual hosts of Markdown. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

const linksOf = (page: string): readonly string[] =>
  [...proseOf(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)

function brokenLinks(page: string): readonly string[] {
  return linksOf(page)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : resolve(root, dirname(page), path)
      if (!existsSync(resolve(root, file))) return true
      if (anchor === undefined) return false
      const headings = textOf(file)
        .split('\n')
        .filter((line) => line.startsWith('#'))
      return !headings.some((line) => anchorOf(line.replace(/^#+ /, '')) === anchor)
    })
    .map((target) => `${page}: ${target}`)
}

describe('pages', () => {
  it('are found', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/cli.md']))
  })

  it('link to files and headings that exist', () => {
    expect(pages.flatMap(brokenLinks)).toEqual([])
  })

  it('are all linked from docs/README.md, the decisions as a folder', () => {
    const linked = linksOf('docs/README.md').map((target) => join('docs', target.replace(/#.*/, '')))
    const listed = pages.filter((page) => page.startsWith('docs/') && !page.startsWith('docs/adr/'))
    expect(listed.length).toBeGreaterThan(40)
    expect(
      [...listed.filter((page) => page !== 'docs/README.md'), 'docs/adr'].filter((one) => !linked.includes(one)),
    ).toEqual([])
  })

  it('show a prompt only in blocks of a terminal', () => {
    const prompted = pages.flatMap((page) =>
      blocksOf(page, textOf(page)).flatMap(({ language, line, lines }) =>
        language === 'sh' && lines.some((one) => one.startsWith('$ ')) ? [`${page}:${line}`] : [],
      ),
    )
    expect(prompted).toEqual([])
  })

  it('have tables that are shown as tables: no row stands without a head', () => {
    const lost = pages.flatMap((page) => {
      const lines = textOf(page).split('\n')
      return lines.flatMap((line, index) => {
        const isRow = (one: string | undefined) => one?.trimStart().startsWith('|') === true
        const isFirst = isRow(line) && !isRow(lines[index - 1])
        return isFirst && !/^ *\|[-| :]+\|$/.test(lines[index + 1] ?? '') ? [`${page}:${index + 1}: ${line}`] : []
      })
    })
    expect(lost).toEqual([])
  })

  it('name source files that exist', () => {
    const named = pages.flatMap((page) =>
      [...proseOf(textOf(page)).matchAll(/`((?:src|test|scripts)\/[\w./-]+)`/g)].map(([, path = '']) => ({
        page,
        path,
      })),
    )
    expect(named.length).toBeGreaterThan(50)
    expect(named.filter(({ path }) => !existsSync(resolve(root, path)))).toEqual([])
  })

  it('cite titles of tests that exist', () => {
    const rows = ['docs/INVARIANTS.md', 'docs/security.md'].flatMap((page) =>
      textOf(page)
        .split('\n')
        .filter((line) => line.startsWith('| ')),
    )
    const cited = rows.flatMap((row) => {
      let file = ''
      return [...row.matchAll(/`((?:src|test)\/[^`]+\.test\.ts)`|“([^”]+)”/g)].flatMap(([, path, title]) => {
        file = path ?? file
        return title === undefined ? [] : [{ file, title }]
      })
    })
    expect(cited.length).toBeGreaterThan(20)
    expect(cited.filter(({ file, title }) => !textOf(file).includes(title))).toEqual([])
  })

  it('name a test for every control', () => {
    const [, controls = ''] = textOf('docs/security.md').split('\n## Controls\n')
    const rows = (controls.split('\n## ')[0] ?? '').split('\n').filter((line) => /^\| (?!control)/.test(line))
    expect(rows.length).toBeGreaterThan(25)
    expect(rows.filter((row) => !/`(src|test)\/[^`]+\.test\.ts`/.test(row))).toEqual([])
  })
})

describe('decisions', () => {
  const decisions = pages.filter((page) => page.startsWith('docs/adr/'))

  it('are numbered without a gap, and each says context, decision, consequence and what was measured', () => {
    const numbers = decisions.map((page) => Number(/\/(\d{4})-[a-z0-9-]+\.md$/.exec(page)?.[1]))
    expect([...numbers].sort((a, b) => a - b)).toEqual(decisions.map((_, index) => index + 1))
    for (const page of decisions) {
      const headings = textOf(page)
        .split('\n')
        .filter((line) => line.startsWith('#'))
      expect(headings[0]).toMatch(new RegExp(`^# ${Number(page.slice(9, 13))}\\. `))
      expect(headings.slice(1)).toEqual(['## Context', '## Decision', '## Consequence', '## Measured'])
    }
  })
})

describe('the repository', () => {
  const texts = repositoryFiles().filter((path) => !/\.(png|jpg|ico|woff2|db)$/.test(path))

  it('names no folder of the machine it was written on', () => {
    // Put together, so that this file does not name them either.
    const forbidden = ['/wo' + 'rk/', '/ro' + 'ot/']
    const named = texts.flatMap((path) =>
      forbidden.filter((text) => textOf(path).includes(text)).map((text) => `${path}: ${text}`),
    )
    expect(named).toEqual([])
  })

  it('names the folder of outside test data only where tests look for it', () => {
    const named = texts.filter((path) => !/\.test\.ts$|^test\//.test(path) && /\.\.\/shared\b/.test(textOf(path)))
    expect(named).toEqual([])
  })

  it('has a lock file that binds to no host', () => {
    expect(textOf('package-lock.json')).not.toMatch(/"resolved"|https?:\/\/[^"]*\/-\//)
    expect(textOf('.npmrc')).toContain('omit-lockfile-registry-resolved=true')
  })

  it('names no package registry', () => {
    const registries = [
      'registry.np' + 'mjs',
      'registry.yarn' + 'pkg',
      'npm.pkg.git' + 'hub',
      'artifac' + 'tory',
      'pypi.o' + 'rg',
    ]
    const named = texts.flatMap((path) =>
      registries.filter((host) => textOf(path).includes(host)).map((host) => `${path}: ${host}`),
    )
    expect(named).toEqual([])
  })
})
