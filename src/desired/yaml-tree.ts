/**
 * YAML to plain values with a position for every key and value. It keeps bounds that the YAML library does not: on
 * nesting, on aliases, on the expanded size, and it takes each warning of the library as an error.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLError } from 'yaml'
import type { Finding, Path, Position } from './problem.ts'
import { inReadingOrder } from './problem.ts'
import { characterName, hasForbiddenCharacter, type PositionOf, positionsIn } from './source-text.ts'

/** The deepest nesting that is read. */
export const nestingMax = 64
/** The most `*alias` uses in one file. */
export const aliasesMax = 100
/** The most values that the file may stand for once its aliases are replaced. */
export const valuesMax = 100_000
/** Nesting that the library itself could not survive is refused before it is called. */
const nestingParsedMax = 500

/** Where the values of a file stand. */
export interface Positions {
  /** Of the key that a value belongs to; for list items, and for what is not in the file, as `valueAt`. */
  keyAt(path: Path): Position
  /** Of a value; for what is not in the file, of the key of the nearest thing around it that is. */
  valueAt(path: Path): Position
}

export type YamlTree =
  | {
      readonly is: 'tree'
      readonly value: unknown
      readonly positions: Positions
      readonly findings: readonly Finding[]
    }
  | { readonly is: 'broken'; readonly findings: readonly Finding[] }

/** Reads one YAML document. `findings` of a tree are mistakes that leave the rest readable, such as a key given twice. */
export function readYamlTree(text: string): YamlTree {
  if (nestsBeyond(text, nestingParsedMax)) return broken(tooDeep({ line: 1, column: 1 }, []))
  const document = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    // With `silent` the library would take the first of several documents without a word.
    logLevel: 'error',
  })
  const at = positionsIn(text)
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) return { is: 'broken', findings: syntaxFindings(faults, at) }
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2') {
    return broken({
      at: at(0),
      path: [],
      message: 'asks for another YAML version than 1.2 with %YAML; remove that line',
    })
  }
  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) {
    return broken({ at: at(0), path: [], message: 'is empty; it must declare at least apiVersion and name' })
  }
  const survey = surveyOf(root, at)
  if (survey.fatal.length > 0) return { is: 'broken', findings: survey.fatal }
  return expand(root, survey, at)
}

const broken = (finding: Finding): YamlTree => ({ is: 'broken', findings: [finding] })
const tooDeep = (at: Position, path: Path): Finding => ({
  at,
  path,
  message: `nests deeper than ${nestingMax} levels`,
})

/** A cheap bound from above on nesting that costs little to write: brackets, and lists or keys begun in one line. */
function nestsBeyond(text: string, levels: number): boolean {
  if (new RegExp(`(?:[-?][ \\t]+){${levels}}`).test(text)) return true
  let depth = 0
  for (const character of text) {
    if (character === '[' || character === '{') depth++
    else if ((character === ']' || character === '}') && depth > 0) depth--
    if (depth > levels) return true
  }
  return false
}

/** How many syntax errors are told; what follows a broken line is mostly its echo. */
const syntaxFindingsMax = 20

function syntaxFindings(faults: readonly YAMLError[], at: PositionOf): Finding[] {
  const lines = new Set<number>()
  const findings: Finding[] = []
  for (const fault of [...faults].sort((one, other) => one.pos[0] - other.pos[0])) {
    // Once the document has ended too early, all that follows it is "unexpected".
    if (findings.length > 0 && fault.message.includes(' in YAML stream')) continue
    const position = at(fault.pos[0])
    if (lines.has(position.line) || findings.length === syntaxFindingsMax) continue
    lines.add(position.line)
    findings.push({ at: position, path: [], message: syntaxMessage(fault) })
  }
  return findings
}

/** The library's error in words that say what to do. */
function syntaxMessage(fault: YAMLError): string {
  switch (fault.code) {
    case 'MULTIPLE_DOCS':
      return 'holds several documents; a second one starts here, and only one is allowed'
    case 'TAB_AS_INDENT':
      return 'is indented with a tab; YAML wants spaces'
    case 'BAD_INDENT':
      return fault.message.startsWith('Flow')
        ? `is not complete YAML: a ${fault.message.at(-1)} is missing before this place`
        : 'is indented unlike its neighbours'
    case 'TAG_RESOLVE_FAILED':
    case 'BAD_COLLECTION_TYPE':
    case 'MULTIPLE_TAGS':
      return 'has a tag (!…), which is not allowed; write the plain value'
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'has a second "key: value" on one line; break the line, or quote the text'
    case 'RESOURCE_EXHAUSTION':
      return `nests deeper than ${nestingMax} levels`
    case 'BAD_DIRECTIVE':
      return 'has a directive (%…) that is not allowed'
    case 'BAD_ALIAS':
      return 'has an alias or anchor that is wrong: an alias (*name) must follow its anchor (&name)'
    case 'MULTILINE_IMPLICIT_KEY':
      return 'has a key that runs over several lines; is a colon missing, or a quote not closed?'
    case 'MISSING_CHAR':
      return fault.message.startsWith('Implicit map key')
        ? 'has no value: is a colon missing after this word?'
        : `is not complete YAML: ${lowerFirst(fault.message)}`
    default:
      if (fault.message.endsWith('at node end'))
        return 'does not belong to what stands before it; check the indentation'
      return `is not YAML: ${lowerFirst(fault.message)}`
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/;? please.*$/i, '')

interface Survey {
  readonly fatal: Finding[]
  readonly mild: Finding[]
  /** What each alias stands for. */
  readonly targets: Map<Node, Node>
}

/** Walks the document as written, binds each alias to its anchor, and notes what is wrong with keys and scalars. */
function surveyOf(root: Node, at: PositionOf): Survey {
  const survey: Survey = { fatal: [], mild: [], targets: new Map() }
  const anchors = new Map<string, Node>()
  const open = new Set<Node>()
  let aliases = 0

  const visit = (node: unknown, path: Path, depth: number): void => {
    if (isAlias(node)) {
      aliases++
      const target = anchors.get(node.source)
      const position = at(node.range?.[0] ?? 0)
      if (aliases === aliasesMax + 1) {
        survey.fatal.push({ at: position, path, message: `uses more than ${aliasesMax} aliases (*name)` })
      }
      if (target === undefined) {
        survey.fatal.push({
          at: position,
          path,
          message: `has the alias *${node.source}, but no anchor &${node.source} before it`,
        })
      } else if (open.has(target)) {
        survey.fatal.push({ at: position, path, message: `has the alias *${node.source} inside of what it stands for` })
      } else survey.targets.set(node, target)
      return
    }
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return
    const position = at(node.range?.[0] ?? 0)
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (isScalar(node)) {
      const message = scalarProblem(node.value)
      if (message !== undefined) survey.mild.push({ at: position, path, message })
      return
    }
    if (depth > nestingMax) {
      survey.fatal.push(tooDeep(position, path))
      return
    }
    open.add(node)
    if (isSeq(node)) for (const [index, item] of node.items.entries()) visit(item, [...path, index], depth + 1)
    else visitMap(node.items, path, depth)
    open.delete(node)
  }

  const visitMap = (items: readonly { key: unknown; value: unknown }[], path: Path, depth: number): void => {
    const seen = new Map<string, Position>()
    for (const { key, value } of items) {
      const read = keyOf(key)
      const position = at(offsetOf(key) ?? offsetOf(value) ?? 0)
      if (read.problem !== undefined)
        survey.mild.push({ at: position, path: [...path, read.name], message: read.problem })
      const earlier = seen.get(read.name)
      if (earlier !== undefined) {
        const message = `is given twice; the first is on line ${earlier.line}`
        survey.mild.push({ at: position, path: [...path, read.name], message })
      } else seen.set(read.name, position)
      if (isScalar(key) && key.anchor !== undefined) anchors.set(key.anchor, key)
      visit(value, [...path, read.name], depth + 1)
    }
  }

  visit(root, [], 1)
  survey.fatal.sort((one, other) => inReadingOrder(one.at, other.at))
  return survey
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
}

/** The name that a key stands for, and what is wrong with it. */
function keyOf(key: unknown): { readonly name: string; readonly problem?: string } {
  if (isScalar(key) && typeof key.value === 'string') {
    if (key.value === '<<')
      return { name: '<<', problem: 'is a merge key, which is not allowed; use an alias for a whole value' }
    if (key.value === '__proto__') return { name: '__proto__', problem: 'is no name that can be used' }
    if (hasForbiddenCharacter(key.value)) return { name: '?', problem: 'has a key with an invisible character' }
    return { name: key.value }
  }
  if (isScalar(key) && key.value === null)
    return { name: 'null', problem: 'has an empty key; quote it when "null" is meant' }
  if (isScalar(key)) {
    const name = String(key.value)
    return { name, problem: `has a key that is read as a ${typeof key.value}; quote it: "${name}"` }
  }
  return { name: '?', problem: 'has a key that is no text; quote text that starts with {, [ or *' }
}

function scalarProblem(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'must be a finite number'
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return 'is a number with too many digits to be kept exactly; quote it when it is text'
  }
  if (typeof value === 'string' && hasForbiddenCharacter(value)) {
    return `holds ${characterName([...value].find((character) => hasForbiddenCharacter(character)) ?? '')}`
  }
  return undefined
}

/** Builds the plain value with its aliases replaced, up to the bound on the number of values. */
function expand(root: Node, survey: Survey, at: PositionOf): YamlTree {
  const places = new Map<string, { readonly key?: Position; readonly value: Position }>()
  let values = 0

  const build = (node: unknown, path: Path, keyPosition: Position | undefined): unknown => {
    values++
    if (values > valuesMax) return undefined
    const position = at(offsetOf(node) ?? 0)
    places.set(placeOf(path), keyPosition === undefined ? { value: position } : { key: keyPosition, value: position })
    const target = isAlias(node) ? survey.targets.get(node) : node
    if (isAlias(target)) return build(target, path, keyPosition)
    if (isScalar(target)) return target.value
    if (path.length > nestingMax) {
      survey.fatal.push(tooDeep(position, path))
      return undefined
    }
    if (isSeq(target)) return target.items.map((item, index) => build(item, [...path, index], undefined))
    if (!isMap(target)) return undefined
    const object: Record<string, unknown> = {}
    for (const { key, value } of target.items) {
      const { name } = keyOf(key)
      if (name === '__proto__' || Object.hasOwn(object, name)) continue
      object[name] = build(value, [...path, name], at(offsetOf(key) ?? 0))
    }
    return object
  }

  const value = build(root, [], undefined)
  if (values > valuesMax) {
    return broken({
      at: at(0),
      path: [],
      message: `stands for more than ${valuesMax.toLocaleString('en')} values once its aliases are replaced`,
    })
  }
  if (survey.fatal.length > 0) return { is: 'broken', findings: survey.fatal }
  return { is: 'tree', value, positions: lookUp(places), findings: survey.mild }
}

const placeOf = (path: Path): string => JSON.stringify(path)

function lookUp(places: ReadonlyMap<string, { readonly key?: Position; readonly value: Position }>): Positions {
  const around = (path: Path): Position => {
    for (let length = path.length - 1; length >= 0; length--) {
      const place = places.get(placeOf(path.slice(0, length)))
      if (place !== undefined) return place.key ?? place.value
    }
    return { line: 1, column: 1 }
  }
  return {
    keyAt(path) {
      const place = places.get(placeOf(path))
      return place === undefined ? around(path) : (place.key ?? place.value)
    },
    valueAt(path) {
      return places.get(placeOf(path))?.value ?? around(path)
    },
  }
}
