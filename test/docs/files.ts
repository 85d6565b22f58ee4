import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

/** Files of the checkout that git tracks or would, relative to its top. Links to folders outside are left out. */
export function repositoryFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed.split('\0').filter((path) => path !== '' && existsSync(resolve(root, path)))
}

export function textOf(path: string): string {
  return readFileSync(resolve(root, path), 'utf8')
}

export function markdownFiles(): readonly string[] {
  return repositoryFiles().filter((path) => path.endsWith('.md'))
}

/** A page without its comments and fenced blocks: the prose that makes promises. */
export function proseOf(markdown: string): string {
  return markdown.replaceAll(/<!--[\s\S]*?-->/g, '').replaceAll(/^```[\s\S]*?^```$/gm, '')
}

/** Rows of all tables below a heading, as trimmed cells, without head and rule. Empty where there is no such heading. */
export function tableRowsBelow(markdown: string, heading: string): readonly (readonly string[])[] {
  return rowsOf(sectionOf(markdown, heading))
}

/** The text from a heading line to the next heading of the same or a higher level. */
export function sectionOf(markdown: string, heading: string): string {
  const lines = markdown.split('\n')
  const start = lines.indexOf(heading)
  if (start < 0) return ''
  const level = /^#+/.exec(heading)?.[0].length ?? 1
  const length = lines.slice(start + 1).findIndex((line) => (/^(#+) /.exec(line)?.[1]?.length ?? 7) <= level)
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n')
}

function rowsOf(section: string): readonly (readonly string[])[] {
  const lines = section.split('\n')
  return lines.flatMap((line, index) => {
    const isHead = /^\|[-| :]+\|$/.test(lines[index + 1] ?? '')
    if (!line.startsWith('|') || isHead || /^\|[-| :]+\|$/.test(line)) return []
    return [
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim()),
    ]
  })
}

/** The text between the first pair of backticks. */
export function codeIn(cell: string): string {
  return /`([^`]+)`/.exec(cell)?.[1] ?? ''
}
