/** What a real bash completes with the script, and that the others are well formed. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { completionScript, type Words } from './completion.ts'

const word = (name: string) => ({ name, summary: `it's ${name}` })
const words: Words = new Map([
  ['', [word('plan'), word('token'), word('--version')]],
  ['plan', [word('--out'), word('--json')]],
  ['token', [word('create'), word('list')]],
  ['token create', [word('--role')]],
])

function completed(line: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'completion-'))
  const typed = line.split(' ')
  const script = `${completionScript('bash', words)}
COMP_WORDS=(${typed.map((one) => `'${one}'`).join(' ')}); COMP_CWORD=${typed.length - 1}; _trueup; echo "\${COMPREPLY[@]}"`
  writeFileSync(join(folder, 'try.sh'), script)
  const told = execFileSync('bash', [join(folder, 'try.sh')], { encoding: 'utf8' }).trim()
  rmSync(folder, { recursive: true })
  return told === '' ? [] : told.split(' ')
}

describe('completion in bash', () => {
  it('gives commands, their commands and their options', () => {
    expect(completed('trueup ')).toEqual(['plan', 'token', '--version'])
    expect(completed('trueup p')).toEqual(['plan'])
    expect(completed('trueup plan --o')).toEqual(['--out'])
    expect(completed('trueup token cr')).toEqual(['create'])
    expect(completed('trueup token create --')).toEqual(['--role'])
    expect(completed('trueup nonsense p')).toEqual(['plan'])
  })
})

describe('completion in zsh and fish', () => {
  it('names every command and option, with its summary in fish', () => {
    expect(completionScript('zsh', words)).toMatch(/^#compdef trueup\n/)
    const fish = completionScript('fish', words)
    expect(fish).toContain("-n '__fish_use_subcommand' -a plan -d 'it\\'s plan'")
    expect(fish).toContain("-n '__fish_seen_subcommand_from create' -l role")
  })
})
