import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { codeIn, markdownFiles, proseOf, sectionOf, tableRowsBelow, textOf } from './files.ts'

const page = textOf('docs/cli.md')
const headings = page.split('\n').filter((line) => line.startsWith('## `trueup '))
const commonOptions = '## Options of every command'

interface OptionText {
  readonly flags: string
  readonly default: string
}

/** Commands that do something, by their full name: `plan`, `token create`. */
function leaves(command: Command, prefix = ''): readonly { readonly name: string; readonly command: Command }[] {
  return command.commands.flatMap((one) => {
    const name = `${prefix}${one.name()}`
    // `import` does something by itself and has a command below it too.
    const itself = one.commands.length === 0 || one.registeredArguments.length > 0 ? [{ name, command: one }] : []
    return [...itself, ...leaves(one, `${name} `)]
  })
}

function headingOf({ name, command }: { readonly name: string; readonly command: Command }): string {
  const takes = command.registeredArguments.map((one) => {
    const inner = `${one.name()}${one.variadic ? '...' : ''}`
    return one.required ? `<${inner}>` : `[${inner}]`
  })
  return `## \`${['trueup', name, ...takes].join(' ')}\``
}

function optionsOf(command: Command): readonly OptionText[] {
  return command.options.map(({ flags, mandatory, defaultValue }) => ({
    flags,
    default: mandatory ? 'required' : typeof defaultValue === 'string' ? defaultValue : '',
  }))
}

function documentedOptions(heading: string): readonly OptionText[] {
  return tableRowsBelow(page, heading).map(([option = '', value = '']) => ({
    flags: codeIn(option),
    default: value.replaceAll('`', ''),
  }))
}

const byFlags = (one: OptionText, other: OptionText) => one.flags.localeCompare(other.flags)
const commands = leaves(await createProgram())
const shared = documentedOptions(commonOptions).filter(({ flags }) => flags !== '--help')

describe('docs/cli.md', () => {
  it('has a section for every command with its arguments, and for nothing else', () => {
    expect([...headings].sort()).toEqual(commands.map(headingOf).sort())
  })

  it.each(commands.map((one) => [one.name, one] as const))('documents the options of %s', (_, one) => {
    const own = [...documentedOptions(headingOf(one)), ...shared]
    expect(own.sort(byFlags)).toEqual([...optionsOf(one.command)].sort(byFlags))
  })

  it.each(commands.map((one) => [one.name, one] as const))('shows examples and the JSON of %s', (name, one) => {
    const section = sectionOf(page, headingOf(one))
    expect(section).toMatch(new RegExp(`^\\$ trueup ${name}`, 'm'))
    expect(section).toContain('JSON')
  })
})

describe('all pages', () => {
  it('name only commands that exist, but where they say that this version lacks them', async () => {
    const known = new Set((await createProgram()).commands.map((command) => command.name()))
    const unknown = markdownFiles()
      .filter((path) => path !== 'docs/ERRORS.md')
      .flatMap((path) =>
        [...proseOf(textOf(path)).matchAll(/`(?:npx )?trueup ([a-z]+)/g)].flatMap(([, command = '']) =>
          known.has(command) ? [] : [`${path}: trueup ${command}`],
        ),
      )
    expect(unknown).toEqual([])
  })
})
