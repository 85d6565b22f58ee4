/** Every YAML block of the documents: a desired state, whole or in part, that the loader accepts; or what it says it is. */
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { parse, parseDocument, YAMLMap } from 'yaml'
import { parseDesiredState } from '../../src/desired/load.ts'
import { desiredStateSchema } from '../../src/desired/schema.ts'
import { standardizeRules } from '../../src/values/rules/index.ts'
import { markdownFiles, textOf } from './files.ts'
import { type Block, blocksOf } from './walk/blocks.ts'

const sections = new Set(Object.keys(desiredStateSchema.shape))
const base = textOf('desired-state.yaml')
const blocks = markdownFiles()
  .flatMap((page) => blocksOf(page, textOf(page)))
  .filter(({ language, word }) => language === 'yaml' && word?.startsWith('yaml: no desired state') !== true)

/** The block as a whole file: as it is, or laid over the checked-in one at the place that the comment names. */
function fileOf({ lines, word }: Block): string {
  const text = lines.join('\n')
  const whole = parse(text)
  if (whole === null || Object.hasOwn(whole, 'apiVersion'))
    return text === '' ? base : whole === null ? `${text}\n${base}` : text
  const place = /^yaml: in (.*)$/.exec(word ?? '')?.[1]?.split('.') ?? []
  const laid = place.reduceRight<unknown>((inner, key) => ({ [key]: inner }), whole)
  const document = parseDocument(base)
  lay(document.contents, laid)
  return String(document)
}

function lay(onto: unknown, over: unknown): void {
  if (!(onto instanceof YAMLMap) || typeof over !== 'object' || over === null) return
  for (const [key, value] of Object.entries(over)) {
    const there: unknown = onto.get(key, true)
    if (there instanceof YAMLMap && typeof value === 'object' && value !== null && !Array.isArray(value))
      lay(there, value)
    else onto.set(key, value)
  }
}

describe('YAML blocks', () => {
  it('are found', () => {
    expect(blocks.length).toBeGreaterThan(12)
  })

  it.each(blocks.map((block) => [`${block.page}:${block.line}`, block] as const))('%s is accepted', (_, block) => {
    const known = parse(block.lines.join('\n'))
    if (block.word === undefined && known !== null)
      expect(Object.keys(known).filter((key) => !sections.has(key))).toEqual([])
    const parsed = parseDesiredState(fileOf(block), {
      file: block.page,
      environment: {},
      workspace: tmpdir(),
      rules: standardizeRules,
    })
    expect(parsed.is === 'valid' ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([])
  })
})
