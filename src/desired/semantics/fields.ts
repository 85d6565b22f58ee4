/** Each field makes sense by itself: its default, choices, quality rules and standardization fit its type. */
import { OperationalError } from '../../errors.ts'
import { linearPattern } from '../../values/linear-pattern.ts'
import { explainIssues } from '../explain.ts'
import { graphqlEnumValue } from '../graphql-names.ts'
import { nearest } from '../nearest.ts'
import type { Path } from '../problem.ts'
import type { FieldSpec } from '../schema.ts'
import { type Check, knownField, type RuleEntry, repeats, type TableFields, valueAt } from './check.ts'

const textTypes: ReadonlySet<string> = new Set(['text', 'longtext', 'email', 'url', 'phone'])
const timeTypes: ReadonlySet<string> = new Set(['date', 'datetime'])
const choiceTypes: ReadonlySet<string> = new Set(['choice', 'choices'])

export function checkField(check: Check, path: Path, field: FieldSpec, siblings: TableFields): void {
  const name = String(path.at(-1))
  if (/^(rowid|oid|_rowid_)$/.test(name)) {
    check.problem(path, 'is a name that SQLite reserves for its row id', { at: 'key' })
  }
  if (name.startsWith('trueup_')) {
    check.warning(path, "is a name like those of Trueup's own columns", { at: 'key' })
  }
  if (name.includes('__')) {
    check.problem(path, 'holds "__", which GraphQL reserves', { at: 'key' })
  }
  checkChoices(check, path, field)
  checkDefault(check, path, field)
  checkQuality(check, path, field, siblings)
  checkStandardize(check, path, field, siblings)
  if (field.onUpdate !== undefined && !timeTypes.has(field.type)) {
    check.problem([...path, 'onUpdate'], `fits only date and datetime; the field is ${field.type}`)
  }
  if (field.precision !== undefined && field.type !== 'number') {
    check.problem([...path, 'precision'], `fits only number; the field is ${field.type}`)
  }
  if (field.unique && (field.type === 'boolean' || field.type === 'choices' || field.type === 'json')) {
    check.problem([...path, 'unique'], `does not fit ${field.type}`)
  }
  if (field.doNotContact === true) checkMark(check, path, field)
  if (field.absent && field.renamedFrom !== undefined) {
    check.problem([...path, 'renamedFrom'], 'cannot stand beside absent: true')
  }
}

/** A mark that is set by default, or that a policy can clear, would not be one. */
function checkMark(check: Check, path: Path, field: FieldSpec): void {
  if (field.default === true)
    check.problem([...path, 'default'], 'would say of everybody that they are not to be contacted')
  if (field.conflicts !== undefined) {
    const message = 'does not fit doNotContact: what is set on one side is set on both, and only a person takes it back'
    check.problem([...path, 'conflicts'], message, { at: 'key' })
  }
}

function checkChoices(check: Check, path: Path, field: FieldSpec): void {
  const here = [...path, 'choices']
  if (!choiceTypes.has(field.type)) {
    if (field.choices !== undefined)
      check.problem(here, `fits only choice and choices; the field is ${field.type}`, { at: 'key' })
    return
  }
  if (field.choices === undefined) {
    // Choices that are wrong in form have been told already.
    if (check.names(...path.map(String)).includes('choices')) return
    check.problem(here, `is required: a field of type ${field.type} lists its choices`, { at: 'key' })
    return
  }
  const numbered = field.choices.map((choice, index) => ({ choice, index, graphql: graphqlEnumValue(choice) }))
  for (const { item, earlier } of repeats(numbered, ({ choice }) => choice)) {
    check.problem([...here, item.index], `repeats the choice "${earlier.choice}"`)
  }
  for (const { choice, index, graphql } of numbered) {
    if (graphql === '')
      check.problem([...here, index], `has the choice "${choice}", which leaves no letter or digit for a GraphQL name`)
  }
  for (const { item, earlier } of repeats(numbered, ({ graphql }) => graphql)) {
    if (item.choice === earlier.choice || item.graphql === '') continue
    check.problem(
      [...here, item.index],
      `has the choices "${earlier.choice}" and "${item.choice}", which are both ${item.graphql} in GraphQL`,
    )
  }
}

function checkDefault(check: Check, path: Path, field: FieldSpec): void {
  const here = [...path, 'default']
  if (field.default === undefined) return
  if (field.default === null) {
    if (field.required) check.problem(here, 'cannot be null, since the field is required')
    return
  }
  if (field.type === 'choice' && typeof field.default === 'string') {
    if (field.choices !== undefined) check.known(here, field.default, field.choices, 'one of the choices')
    return
  }
  const expected = defaultProblem(field.type, field.default)
  if (expected !== undefined) check.problem(here, `must be ${expected}, as the field is ${field.type}`)
}

/** What a default of the type would have to be; undefined when it is that. */
function defaultProblem(type: FieldSpec['type'], value: string | number | boolean): string | undefined {
  switch (type) {
    case 'text':
    case 'longtext':
    case 'phone':
      return typeof value === 'string' ? undefined : 'text (put it in quotes)'
    case 'email':
      return typeof value === 'string' && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? undefined : 'an e-mail address'
    case 'url':
      return typeof value === 'string' && URL.canParse(value) ? undefined : 'a web address'
    case 'choice':
      return 'one of the choices, as text'
    case 'choices':
      return 'left out: rows without a value have no choice'
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'integer':
      return typeof value === 'number' && Number.isSafeInteger(value) ? undefined : 'a whole number'
    case 'number':
      return typeof value === 'number' ? undefined : 'a number'
    case 'date':
      return value === 'now' || (typeof value === 'string' && isDate(value))
        ? undefined
        : '`now` or a date as YYYY-MM-DD'
    case 'datetime':
      return value === 'now' || (typeof value === 'string' && isDatetime(value))
        ? undefined
        : '`now` or a moment such as 2026-01-31T12:00:00Z'
    case 'json':
      return typeof value === 'string' && isJson(value) ? undefined : 'JSON text, in quotes'
  }
}

/** YYYY-MM-DD, of a day that exists. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const ms = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}

/** ISO 8601 with a time and a zone, of a day that exists. */
function isDatetime(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.exec(text)
  return match?.[1] !== undefined && isDate(match[1]) && !Number.isNaN(Date.parse(text))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

const textQualities = [
  ...(['minLength', 'maxLength', 'mentions', 'forbids', 'pattern', 'greets', 'language'] as const),
  ...(['placeholders', 'fillers', 'repeats', 'alike'] as const),
] as const

function checkQuality(check: Check, path: Path, field: FieldSpec, siblings: TableFields): void {
  const quality = field.quality
  if (quality === undefined) return
  const here = [...path, 'quality']
  for (const key of textQualities) {
    if (quality[key] !== undefined && !textTypes.has(field.type))
      check.problem([...here, key], `fits only text; the field is ${field.type}`, { at: 'key' })
  }
  for (const key of ['roleMailboxes', 'freeMailers', 'misspeltDomains'] as const) {
    if (quality[key] !== undefined && field.type !== 'email')
      check.problem([...here, key], `fits only e-mail addresses; the field is ${field.type}`, { at: 'key' })
  }
  for (const key of ['notInFuture', 'notBefore'] as const) {
    if (quality[key] !== undefined && !timeTypes.has(field.type))
      check.problem([...here, key], `fits only date and datetime; the field is ${field.type}`, { at: 'key' })
  }
  if (quality.minLength !== undefined && quality.maxLength !== undefined && quality.minLength > quality.maxLength) {
    check.problem([...here, 'minLength'], 'must not be above maxLength')
  }
  for (const [index, mentioned] of (quality.mentions ?? []).entries()) {
    if (mentioned === path.at(-1)) check.problem([...here, 'mentions', index], 'names the field itself')
    else knownField(check, [...here, 'mentions', index], mentioned, siblings)
  }
  if (quality.greets !== undefined) {
    if (quality.greets === path.at(-1)) check.problem([...here, 'greets'], 'names the field itself')
    else knownField(check, [...here, 'greets'], quality.greets, siblings)
  }
  if (quality.notBefore !== undefined && !isDate(quality.notBefore))
    check.problem([...here, 'notBefore'], 'must be a date as YYYY-MM-DD')
  if (quality.pattern !== undefined) {
    const problem = patternProblem(quality.pattern)
    if (problem !== undefined) check.problem([...here, 'pattern'], problem)
  }
}

function patternProblem(pattern: string): string | undefined {
  const read = linearPattern(pattern)
  return 'reason' in read ? `is no regular expression of RE2: ${read.reason}` : undefined
}

function checkStandardize(check: Check, path: Path, field: FieldSpec, siblings: TableFields): void {
  const used = writtenRules(valueAt(check.raw, [...path, 'standardize']), [...path, 'standardize'])
  for (const { item } of repeats(used, ({ rule }) => rule))
    check.problem(item.path, `applies the rule ${item.rule} twice`)
  for (const { rule, path: here, options, optionsPath } of used) {
    const known = check.rules.get(rule)
    if (known === undefined) {
      const names = [...check.rules.keys()]
      const didYouMean = nearest(rule, names)
      check.problem(here, `names "${rule}", which is no standardization rule`, {
        allowed: names,
        didYouMean,
        at: 'key',
      })
      continue
    }
    // Options that are no mapping have been told already.
    if (typeof options !== 'object' || options === null) continue
    const before = check.found.problems.length
    const parsed = known.optionsSchema.safeParse(options, { reportInput: true })
    if (!parsed.success) {
      check.found.problems.push(
        ...explainIssues(parsed.error.issues, known.optionsSchema, check.positions, optionsPath),
      )
      continue
    }
    if (rule === 'choice') checkAliases(check, field, options, optionsPath)
    for (const sibling of known.siblings(options)) knownField(check, optionsPath, sibling, siblings)
    if (check.found.problems.length > before) continue
    const misfit = misfitOf(known, options, field)
    if (misfit !== undefined) check.problem(optionsPath, misfit)
  }
}

/** What the rule itself has against its options on this field. */
function misfitOf(rule: RuleEntry, options: unknown, field: FieldSpec): string | undefined {
  try {
    rule.prepare(options, { type: field.type, choices: field.choices })
    return undefined
  } catch (error) {
    if (error instanceof OperationalError) return `does not fit the field: ${error.message}`
    throw error
  }
}

/** Aliases lead to choices that the field has. */
function checkAliases(check: Check, field: FieldSpec, options: unknown, path: Path): void {
  const aliases = valueAt(options, ['aliases'])
  if (field.choices === undefined) return
  if (typeof aliases !== 'object' || aliases === null) return
  for (const [alias, choice] of Object.entries(aliases)) {
    if (typeof choice === 'string')
      check.known([...path, 'aliases', alias], choice, field.choices, 'one of the choices')
  }
}

interface WrittenRule {
  readonly rule: string
  readonly path: Path
  readonly options: unknown
  readonly optionsPath: Path
}

/** The rules as they stand in the file, in any of the forms that `standardize` takes, each with its place. */
function writtenRules(written: unknown, path: Path): readonly WrittenRule[] {
  if (typeof written === 'string') return [{ rule: written, path, options: {}, optionsPath: path }]
  if (Array.isArray(written)) return written.flatMap((item, index) => writtenRules(item, [...path, index]))
  if (typeof written !== 'object' || written === null) return []
  return Object.entries(written).map(([rule, options]) => ({
    rule,
    path: [...path, rule],
    options,
    optionsPath: [...path, rule],
  }))
}
